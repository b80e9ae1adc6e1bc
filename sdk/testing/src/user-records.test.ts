import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMadeFor, RECORDS, type UserId, type UserRecord, UserRecords } from '@angarium/sdk';
import { createTestKernel } from './kernel.js';
import { memoryStore } from './memory-store/index.js';

interface Counted extends UserRecord {
  readonly count: number;
}

const fred = 'fred' as UserId;

async function setUp() {
  const kernel = await createTestKernel({ plugins: [memoryStore] });
  const records = new UserRecords<Counted>(kernel.get(RECORDS), 'test', 'counts');
  return { records, [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose]() };
}

test('changes at the same time all count', async () => {
  await using it = await setUp();
  const results = await Promise.all(
    Array.from({ length: 20 }, () =>
      it.records.update(fred, (record) => {
        const count = (record?.count ?? 0) + 1;
        return { record: { count }, result: count };
      }),
    ),
  );
  assert.deepEqual(
    results.sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, index) => index + 1),
  );
  assert.equal((await it.records.find(fred))?.count, 20);
});

test('a change may leave all as it is, take it away, or fail', async () => {
  await using it = await setUp();
  await it.records.update(fred, () => ({ record: { count: 1 }, result: 0 }));
  assert.equal(await it.records.update(fred, () => ({ result: 'seen' })), 'seen');
  assert.equal((await it.records.find(fred))?.count, 1);
  await assert.rejects(
    it.records.update(fred, () => {
      throw new Error('no');
    }),
    /no/,
  );
  await it.records.update(fred, () => ({ record: null, result: 0 }));
  await it.records.update(fred, () => ({ record: null, result: 0 }));
  assert.equal(await it.records.find(fred), undefined);
});

test('owners come by pages; what is removed is gone', async () => {
  await using it = await setUp();
  for (const user of ['c', 'a', 'b'] as UserId[]) {
    const record = user === 'b' ? { count: 1, incarnation: 'uuid' } : { count: 1 };
    await it.records.update(user, () => ({ record, result: 0 }));
  }
  assert.deepEqual(await it.records.owners({ limit: 2 }), [
    { user: 'a', incarnation: undefined },
    { user: 'b', incarnation: 'uuid' },
  ]);
  assert.deepEqual(await it.records.owners({ after: 'b' as UserId, limit: 2 }), [
    { user: 'c', incarnation: undefined },
  ]);
  await it.records.remove('c' as UserId);
  await it.records.remove('c' as UserId);
  assert.deepEqual(await it.records.owners({ after: 'b' as UserId, limit: 2 }), []);
});

test('whose a record is', () => {
  assert.ok(isMadeFor({}, {}));
  assert.ok(isMadeFor({ incarnation: 'a' }, { incarnation: 'a' }));
  assert.ok(isMadeFor({ incarnation: 'a' }, {}), 'made when the source could not tell');
  assert.ok(!isMadeFor({ incarnation: 'b' }, { incarnation: 'a' }));
  assert.ok(!isMadeFor({}, { incarnation: 'a' }));
});
