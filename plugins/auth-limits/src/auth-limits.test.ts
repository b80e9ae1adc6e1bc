import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AuthAttempt,
  COMMANDS,
  type CommandContext,
  type Identity,
  type MessageBus,
  STATUS_SOURCES,
} from '@angarium/sdk';
import { createTestKernel, HookProbe, ManualClock, MemoryRecords, memoryStore } from '@angarium/testing';
import fc from 'fast-check';
import { addressKey } from './address-key.js';
import { FailureCounts } from './failure-counts.js';

const probe = new HookProbe();
const config = {
  failuresByAddress: 3,
  failuresByAccount: 2,
  blockFor: 60,
  window: 100,
  maxDelay: 4,
  neverBlock: ['192.0.2.99'],
};

function attemptOf(remoteAddress: string, user: string | undefined = 'fred'): AuthAttempt {
  return { service: 'imap', mechanism: 'PLAIN', remoteAddress, session: 's', isSecured: true, user };
}

async function worker(clock: ManualClock, bus?: MessageBus) {
  const kernel = await createTestKernel({
    plugins: [memoryStore, probe, { name: 'auth-limits', config }],
    clock,
    ...(bus && { bus }),
  });
  const own = probe.hooks;
  return {
    kernel,
    /** Milliseconds that an attempt had to wait; throws when it is refused. */
    async attempt(address: string, user?: string): Promise<number> {
      const startedMs = clock.monotonicMs();
      let isOver = false;
      const attempt = own.hook('auth.attempting').call(attemptOf(address, user));
      const settled = Promise.resolve(attempt).finally(() => {
        isOver = true;
      });
      settled.catch(() => {});
      for (let i = 0; i < 100 && !isOver; i++) {
        await new Promise(setImmediate);
        if (!isOver) await clock.advance(100);
      }
      await settled;
      return clock.monotonicMs() - startedMs;
    },
    fail: async (address: string, user?: string, isWrong = true) =>
      own.hook('auth.failed').call(attemptOf(address, user), 'password wrong', isWrong),
    succeed: async (address: string, user?: string) =>
      own.hook('auth.succeeded').call(attemptOf(address, user), {} as Identity),
    async command(name: string, args: CommandContext['args'] = [], options: CommandContext['options'] = {}) {
      const command = kernel.get(COMMANDS).items.find((item) => item.name === name)!;
      return command.text(await command.run({ args, options } as unknown as CommandContext));
    },
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}

test('an address that fails too often is blocked for a while, the next time for twice as long', async () => {
  const clock = new ManualClock();
  await using it = await worker(clock);
  for (const user of ['a', 'b']) await it.fail('192.0.2.1', user);
  await it.attempt('192.0.2.1', 'c');
  await it.fail('192.0.2.1', 'c');
  await assert.rejects(it.attempt('192.0.2.1', 'd'), { code: 'LIMIT', temporary: true });
  assert.equal(await it.attempt('192.0.2.2', 'd'), 0);
  await clock.advance(60_000);
  assert.equal(await it.attempt('192.0.2.1', 'd'), 0);
  for (const user of ['e', 'f', 'g']) await it.fail('192.0.2.1', user);
  await clock.advance(60_000);
  await assert.rejects(it.attempt('192.0.2.1', 'd'), { code: 'LIMIT' });
  await clock.advance(60_000);
  assert.equal(await it.attempt('192.0.2.1', 'd'), 0);
});

test('failures that are no wrong credentials, long ago, or from where nobody is blocked do not count', async () => {
  const clock = new ManualClock();
  await using it = await worker(clock);
  for (let i = 0; i < 9; i++) {
    await it.fail('192.0.2.1', `u${i}`, false);
    await it.fail('192.0.2.99', 'fred');
    await it.fail('192.0.2.3', `v${i}`);
    await clock.advance(60_000);
  }
  assert.equal(await it.attempt('192.0.2.1', 'x'), 0);
  assert.equal(await it.attempt('192.0.2.99', 'fred'), 0);
  assert.equal(await it.attempt('192.0.2.3', 'x'), 0);
});

test('an account is never locked: strangers wait, ever longer, and who has been there does not', async () => {
  const clock = new ManualClock();
  await using it = await worker(clock);
  await it.succeed('198.51.100.7', 'fred');
  const waits: number[] = [];
  for (let i = 0; i < 6; i++) {
    waits.push(await it.attempt(`203.0.113.${i}`, 'fred'));
    await it.fail(`203.0.113.${i}`, 'fred');
  }
  assert.deepEqual(waits, [0, 0, 1000, 2000, 4000, 4000]);
  assert.equal(await it.attempt('198.51.100.7', 'fred'), 0);
  assert.equal(await it.attempt('203.0.113.1', 'wilma'), 0);
  await clock.advance(100_000);
  assert.equal(await it.attempt('203.0.113.1', 'fred'), 0);
});

/** Ends of a message bus for workers of one process. */
function buses(count: number): MessageBus[] {
  const listeners = Array.from({ length: count }, () => new Map<string, ((payload: unknown) => void)[]>());
  return listeners.map((own) => ({
    publish(topic, payload) {
      for (const other of listeners.filter((all) => all !== own))
        for (const run of other.get(topic) ?? []) run(structuredClone(payload));
    },
    subscribe(topic, listener) {
      own.set(topic, [...(own.get(topic) ?? []), listener]);
      return { [Symbol.dispose]() {} };
    },
  }));
}

test('workers count together', async () => {
  const clock = new ManualClock();
  const [first, second] = buses(2);
  await using one = await worker(clock, first);
  await using other = await worker(clock, second);
  await one.fail('192.0.2.1', 'a');
  await other.fail('192.0.2.1', 'b');
  await one.fail('192.0.2.1', 'c');
  await assert.rejects(one.attempt('192.0.2.1', 'd'), { code: 'LIMIT' });
  await assert.rejects(other.attempt('192.0.2.1', 'd'), { code: 'LIMIT' });
});

test('blocks are listed and cleared', async () => {
  const clock = new ManualClock();
  await using it = await worker(clock);
  assert.equal(await it.command('auth blocks'), 'nobody is blocked');
  for (const user of ['a', 'b', 'c']) await it.fail('2001:db8:1:2:3::4', user);
  assert.match(await it.command('auth blocks'), /^2001:db8:1:2::\/64 {2}until 2024-01-01T00:01:00\.000Z/);
  await assert.rejects(it.command('auth unblock', ['192.0.2.1']), { exitStatus: 1 });
  await assert.rejects(it.command('auth unblock'), { exitStatus: 2 });
  assert.equal(await it.command('auth unblock', ['2001:db8:1:2::77']), 'cleared: 2001:db8:1:2::/64');
  assert.equal(await it.command('auth blocks'), 'nobody is blocked');
  assert.deepEqual(
    await it.kernel
      .get(STATUS_SOURCES)
      .items.find(({ name }) => name === 'auth-limits')
      ?.read(),
    { failures: 3, blocked: 0, delayed: 0 },
  );
});

test('a block that cannot be stored holds all the same', async () => {
  const clock = new ManualClock();
  const space = MemoryRecords.prototype.space;
  MemoryRecords.prototype.space = function (name) {
    return {
      ...space.call(this, name),
      list: async () => [],
      write: () => Promise.reject(new Error('disk full')),
    };
  };
  try {
    await using it = await worker(clock);
    for (const user of ['a', 'b', 'c']) await it.fail('192.0.2.1', user);
    await assert.rejects(it.attempt('192.0.2.1', 'd'), { code: 'LIMIT' });
  } finally {
    MemoryRecords.prototype.space = space;
  }
});

const keys: readonly [address: string, key: string][] = [
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['unix', 'unix'],
  ['::1', '0:0:0:0::/64'],
  ['2001:DB8::1', '2001:db8:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
];
for (const [address, key] of keys) {
  test(`${address} counts as ${key}`, () => assert.equal(addressKey(address), key));
}

test('all addresses of a /64 count as one, and as no other', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 }), (groups) => {
      const text = groups.map((group) => group.toString(16)).join(':');
      const network = groups.slice(0, 4).map((group) => group.toString(16));
      assert.equal(addressKey(text), `${network.join(':')}::/64`);
    }),
  );
});

test('counts are bounded', () => {
  const counts = new FailureCounts(1000, 5, 3);
  for (let i = 0; i < 10; i++) counts.add('a', 0);
  assert.equal(counts.count('a', 1), 5);
  for (const key of ['b', 'c', 'd']) counts.add(key, 0);
  assert.equal(counts.count('a', 1), 0);
  assert.equal(counts.count('d', 999), 1);
  assert.equal(counts.count('d', 1000), 0);
});
