import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MemoryLog, settled } from '../test-support/fixtures.js';
import type { BusLine } from './ipc.js';
import { RelayBus } from './messages.js';

describe('relay bus', () => {
  it('sends what a turn publishes together, in order', async () => {
    const sent: (readonly BusLine[])[] = [];
    const bus = new RelayBus((lines) => sent.push(lines), new MemoryLog());
    bus.publish('a', 1);
    await Promise.resolve();
    bus.publish('b', undefined);
    assert.deepEqual(sent, []);
    await settled();
    bus.publish('c', [2]);
    bus.flush();
    await settled();
    assert.deepEqual(sent, [
      [
        ['a', '1'],
        ['b', 'null'],
      ],
      [['c', '[2]']],
    ]);
  });

  it('lets what follows wait for company, and loses none of it', async () => {
    const sent: (readonly BusLine[])[] = [];
    const bus = new RelayBus((lines) => sent.push(lines), new MemoryLog());
    for (let n = 0; n < 50; n++) {
      bus.publish('n', n);
      await settled();
    }
    while (sent.flat().length < 50) await new Promise((resolve) => setTimeout(resolve, 1));
    assert.deepEqual(
      sent.flat(),
      Array.from({ length: 50 }, (_, n) => ['n', String(n)]),
    );
    assert.ok(sent.length < 50, `${sent.length} messages`);
  });

  it('does not let a crowd wait', () => {
    const sent: (readonly BusLine[])[] = [];
    const bus = new RelayBus((lines) => sent.push(lines), new MemoryLog());
    for (let n = 0; n < 1200; n++) bus.publish('n', n);
    assert.equal(sent.flat().length, 1000);
  });

  it('gives each listener a copy, and survives those that fail', () => {
    const log = new MemoryLog();
    const bus = new RelayBus(() => {}, log);
    const heard: unknown[] = [];
    const spoil = (payload: unknown): void => {
      (payload as { list: number[] }).list.push(9);
      throw new Error('spoilt');
    };
    bus.subscribe('topic', spoil);
    const subscription = bus.subscribe('topic', (payload) => heard.push(payload));
    bus.receive([
      ['topic', '{"list":[1]}'],
      ['nobody', '2'],
    ]);
    assert.deepEqual(heard, [{ list: [1] }]);
    assert.equal(log.lines[0]?.text, 'message listener failed');
    subscription[Symbol.dispose]();
    bus.receive([['topic', '{"list":[1]}']]);
    assert.equal(heard.length, 1);
  });
});
