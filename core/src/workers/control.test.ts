import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { MemoryLog } from '../test-support/fixtures.js';
import { temporaryDir } from '../test-support/listening.js';
import { dial, eventually } from '../test-support/sockets.js';
import { askServer, type ControlHandler, type ControlReply, ControlServer } from './control.js';
import { joinServer } from './control-bus.js';
import { lockDataFolder } from './data-lock.js';
import type { BusLine } from './ipc.js';

const handler: ControlHandler = async (request): Promise<ControlReply> => {
  if (request.op === 'hello') return { ok: true, value: { pid: process.pid, version: '1' } };
  if (request.op === 'reload') throw new Error('not today');
  return { ok: true, value: request.op };
};

async function open(
  test: TestContext,
  dir: string,
  handle: ControlHandler = handler,
): Promise<ControlServer> {
  const control = await ControlServer.open(join(dir, 'control.sock'), handle);
  test.after(() => control.close());
  return control;
}

describe('control socket', () => {
  it('answers requests, one line each', async (test) => {
    const dir = temporaryDir(test);
    const path = join(dir, 'control.sock');
    assert.equal(await askServer(path, { op: 'status' }, 1000), undefined);
    const control = await open(test, dir);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(await askServer(path, { op: 'status' }, 1000), { ok: true, value: 'status' });
    assert.deepEqual(await askServer(path, { op: 'reload' }, 1000), { ok: false, error: 'not today' });
    await control.close();
    assert.equal(existsSync(path), false);
    assert.equal(await askServer(path, { op: 'status' }, 1000), undefined);
  });

  it('bears with nonsense', async (test) => {
    const dir = temporaryDir(test);
    await open(test, dir);
    const client = await dial(join(dir, 'control.sock'));
    client.write('{nonsense\n\n{"op":"status"}\n');
    await client.until('"value":"status"');
    assert.match(client.received, /^\{"ok":false/);
    const endless = await dial(join(dir, 'control.sock'));
    endless.write('x'.repeat(2_000_000));
    await endless.closed();
  });

  it('takes the place of a socket that a killed server left', async (test) => {
    const dir = temporaryDir(test);
    const path = join(dir, 'control.sock');
    const code = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`;
    assert.equal(spawnSync(process.execPath, ['-e', code]).signal, 'SIGKILL');
    assert.ok(existsSync(path));
    assert.equal(await askServer(path, { op: 'hello' }, 1000), undefined);
    await open(test, dir);
    assert.deepEqual(await askServer(path, { op: 'status' }, 1000), { ok: true, value: 'status' });
  });

  it('says when the path is too long', async (test) => {
    const dir = temporaryDir(test);
    await assert.rejects(
      ControlServer.open(join(dir, 'x'.repeat(120)), handler),
      /longer than the 107 bytes/,
    );
  });

  it('gives up on a server that does not answer', async (test) => {
    const dir = temporaryDir(test);
    await open(test, dir, () => new Promise(() => {}));
    await assert.rejects(askServer(join(dir, 'control.sock'), { op: 'status' }, 20), /did not answer/);
  });
});

describe('the lock of a data folder', () => {
  it('is held by one, and ends with its process', (test) => {
    const path = join(temporaryDir(test), 'server.lock');
    const module = JSON.stringify(new URL('./data-lock.js', import.meta.url).href);
    const tryLock = (then: string): string =>
      spawnSync(process.execPath, [
        '--input-type=module',
        '-e',
        `import { lockDataFolder } from ${module};
         const lock = lockDataFolder(${JSON.stringify(path)});
         process.stdout.write(lock === undefined ? 'refused' : 'held', () => { ${then} });`,
      ]).stdout.toString();
    const lock = lockDataFolder(path);
    assert.ok(lock !== undefined);
    assert.equal(lockDataFolder(path), undefined);
    assert.equal(tryLock(''), 'refused');
    lock[Symbol.dispose]();
    assert.equal(tryLock("process.kill(process.pid, 'SIGKILL')"), 'held');
    const again = lockDataFolder(path);
    assert.ok(again !== undefined);
    again[Symbol.dispose]();
    assert.throws(() => lockDataFolder(join(path, 'no', 'folder')));
  });
});

describe('the bus of a command', () => {
  it('publishes through the server and hears what others say', async (test) => {
    const dir = temporaryDir(test);
    const published: BusLine[] = [];
    const control = await open(test, dir, async (request, peer) => {
      if (request.op === 'join') peer.isMember = true;
      if (request.op === 'publish') {
        published.push(...request.lines);
        control.publish(request.lines, peer);
      }
      return { ok: true };
    });
    const path = join(dir, 'control.sock');
    const first = await joinServer(path, new MemoryLog());
    const second = await joinServer(path, new MemoryLog());
    const heard: unknown[] = [];
    first.subscribe('words', (word) => heard.push(word));
    second.publish('words', { a: 1 });
    second.publish('words', null);
    await eventually(() => heard.length === 2);
    first.publish('other', 'to others only');
    await first[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
    assert.deepEqual(heard, [{ a: 1 }, null]);
    assert.deepEqual(published, [
      ['words', '{"a":1}'],
      ['words', 'null'],
      ['other', '"to others only"'],
    ]);
  });

  it('reaches nobody, and harms nobody, without a server', async (test) => {
    const bus = await joinServer(join(temporaryDir(test), 'control.sock'), new MemoryLog());
    bus.publish('words', 1);
    await bus[Symbol.asyncDispose]();
  });
});
