import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageHub } from '@angarium/core';
import { type UserId, VerificationCache } from '@angarium/sdk';
import { ManualClock } from './clock.js';

const fred = 'fred' as UserId;
const key = Buffer.alloc(32, 7);

function cacheOf(clock: ManualClock, maxUsers: number, folderKey: Buffer = key): VerificationCache {
  return new VerificationCache({ topic: 'test/verified', key: folderKey, clock, maxUsers, ttlMs: 1000 });
}

test('a right password is remembered, for its user, its record and a while', async () => {
  const clock = new ManualClock();
  const cache = cacheOf(clock, 10);
  const mac = cache.macOf(7, 'secret');
  assert.equal(cache.has(fred, mac), false);
  cache.remember(fred, mac);
  assert.equal(cache.has(fred, cache.macOf(7, 'secret')), true);
  assert.equal(cache.has('wilma' as UserId, mac), false);
  assert.equal(cache.has(fred, cache.macOf(8, 'secret')), false);
  assert.equal(cache.has(fred, cache.macOf(7, 'Secret')), false);
  await clock.advance(1000);
  assert.equal(cache.has(fred, mac), false);
  assert.equal(cache.size, 0);
});

test('what one process has verified, the others know; a changed record ends that too', async () => {
  const hub = new MessageHub();
  const make = () => {
    const cache = cacheOf(new ManualClock(), 10);
    cache.share(hub.join());
    return cache;
  };
  const [here, there] = [make(), make()];
  here.remember(fred, here.macOf(3, 'secret'));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(there.has(fred, there.macOf(3, 'secret')), true);
  assert.equal(there.has(fred, there.macOf(4, 'secret')), false);
});

test('data folders have no digest in common', () => {
  const make = (folderKey: Buffer) => cacheOf(new ManualClock(), 10, folderKey).macOf(1, 'secret');
  assert.notDeepEqual(make(key), make(Buffer.alloc(32, 8)));
});

test('the least recently used goes when it is full', () => {
  const cache = cacheOf(new ManualClock(), 2);
  const mac = cache.macOf(1, 'x');
  for (const user of ['a', 'b']) cache.remember(user as UserId, mac);
  assert.ok(cache.has('a' as UserId, mac));
  cache.remember('c' as UserId, mac);
  assert.equal(cache.size, 2);
  assert.ok(!cache.has('b' as UserId, mac));
  assert.ok(cache.has('a' as UserId, mac) && cache.has('c' as UserId, mac));
});

test('none are remembered where the manifest says so', () => {
  const cache = cacheOf(new ManualClock(), 0);
  cache.remember(fred, cache.macOf(1, 'x'));
  assert.equal(cache.size, 0);
});
