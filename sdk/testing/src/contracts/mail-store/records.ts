/** RECORDS: key and value, compare and set, expiry. */
import assert from 'node:assert/strict';
import { fred, joe } from './fixtures.js';
import type { Check } from './under-test.js';

export function recordTests(check: Check): void {
  const text = (value: Uint8Array | undefined) =>
    value === undefined ? undefined : Buffer.from(value).toString();

  check('records are kept per space and owner, listed in order', async ({ records }) => {
    const space = records.space('test/a');
    for (const key of ['b', 'a', 'ab', 'c']) await space.write(fred, [{ key, value: Buffer.from(key) }]);
    await records.space('test/b').write(fred, [{ key: 'other', value: Buffer.from('x') }]);
    await space.write(undefined, [{ key: 'server', value: Buffer.from('s') }]);
    const keys = async (query = {}) => (await space.list(fred, query)).map(({ key }) => key);
    assert.deepEqual(await keys(), ['a', 'ab', 'b', 'c']);
    assert.deepEqual(await keys({ prefix: 'a' }), ['a', 'ab']);
    assert.deepEqual(await keys({ after: 'ab', limit: 1 }), ['b']);
    assert.deepEqual(await keys({ prefix: 'a', after: 'a' }), ['ab']);
    assert.equal(text(await space.get(fred, 'ab')), 'ab');
    assert.equal(await space.get(joe, 'ab'), undefined);
    assert.equal(text(await space.get(undefined, 'server')), 's');
  });

  check('a write is all or nothing, with expectations', async ({ records }) => {
    const space = records.space('test');
    assert.equal(await space.write(fred, [{ key: 'a', value: Buffer.from('1'), expect: 'absent' }]), true);
    const failed = await space.write(fred, [
      { key: 'b', value: Buffer.from('new') },
      { key: 'a', value: Buffer.from('2'), expect: 'absent' },
    ]);
    assert.equal(failed, false);
    assert.equal(await space.get(fred, 'b'), undefined);
    assert.equal(await space.write(fred, [{ key: 'a', value: undefined, expect: Buffer.from('1') }]), true);
    assert.equal(await space.get(fred, 'a'), undefined);
    const winners = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        space.write(fred, [{ key: 'lock', value: Buffer.from([i]), expect: 'absent' }]),
      ),
    );
    assert.equal(winners.filter(Boolean).length, 1);
  });

  check('expired records count as absent, and prune takes them out', async ({ records, now, advance }) => {
    const space = records.space('test');
    const value = Buffer.from('x');
    await space.write(fred, [{ key: 'a', value, expiresMs: now() + 1000 }]);
    await space.write(undefined, [{ key: 'b', value, expiresMs: now() + 1000 }]);
    await space.write(fred, [{ key: 'c', value, expiresMs: now() + 5000 }]);
    assert.equal((await space.list(fred))[0]?.expiresMs, now() + 1000);
    await advance(999);
    assert.equal(text(await space.get(fred, 'a')), 'x');
    assert.equal(await space.prune(now()), 0);
    await advance(1);
    assert.equal(await space.get(fred, 'a'), undefined);
    assert.deepEqual(
      (await space.list(fred)).map(({ key }) => key),
      ['c'],
    );
    assert.equal(await space.write(fred, [{ key: 'a', value, expect: 'absent' }]), true);
    assert.equal(await space.prune(now()), 1);
  });

  check('prune keeps a number of records, those that live longest', async ({ records, now }) => {
    const space = records.space('test');
    const value = Buffer.from('x');
    const row = (i: number) => ({ key: `k${i}`, value, expiresMs: now() + 1000 + i });
    await space.write(
      undefined,
      Array.from({ length: 2000 }, (_, i) => row(i)),
    );
    await space.write(undefined, [{ key: 'for ever', value }]);
    await space.prune(now(), { keep: 1000 });
    const left = await space.list(undefined, { limit: 5000 });
    assert.ok(left.length <= 1001, `${left.length} are left`);
    assert.ok(left.some(({ key }) => key === 'for ever'));
    assert.ok(left.some(({ key }) => key === 'k1999'));
    assert.ok(!left.some(({ key }) => key === 'k0'));
  });
}
