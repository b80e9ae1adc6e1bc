import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MessageHub } from './message-hub.js';
import { settled } from './test-support/fixtures.js';

describe('message hub', () => {
  it('delivers to all others, in order, later, as copies', async () => {
    const errors: unknown[] = [];
    const hub = new MessageHub((error) => errors.push(error));
    const [a, b, c] = [hub.join(), hub.join(), hub.join()];
    const seen: unknown[] = [];
    a!.subscribe('t', () => seen.push('own'));
    b!.subscribe('t', () => {
      throw new Error('listener');
    });
    b!.subscribe('t', (payload) => seen.push(['b', payload]));
    const gone = c!.subscribe('t', (payload) => seen.push(['c', payload]));
    const payload = { n: 1 };
    a!.publish('t', payload);
    payload.n = 2;
    a!.publish('t', payload);
    a!.publish('other', 1);
    assert.deepEqual(seen, []);
    await settled();
    gone[Symbol.dispose]();
    a!.publish('t', undefined);
    await settled();
    await settled();
    assert.deepEqual(seen, [
      ['b', { n: 1 }],
      ['c', { n: 1 }],
      ['b', { n: 2 }],
      ['c', { n: 2 }],
      ['b', null],
    ]);
    assert.equal(errors.length, 3);
  });
});
