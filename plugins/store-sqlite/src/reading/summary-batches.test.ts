import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { NumberSet, type SummaryBatch } from '@angarium/sdk';
import fc from 'fast-check';
import { silentLog } from '../engine.test.support.js';
import { rowOf } from '../model/ids.js';
import { openWriter, prepareDatabase } from '../sql/open.js';
import { SHARD_SCHEMA } from '../sql/schema.js';
import { ShardReader } from './shard-reader.js';
import { summaryBatches } from './summary-batches.js';

let folder: string;
let path: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'angarium-batches-'));
  path = join(folder, 'shard.db');
  prepareDatabase(path, SHARD_SCHEMA);
});

after(() => rmSync(folder, { recursive: true, force: true }));

/** Mailboxes 6 and 8 are neighbours that no answer may come from. */
function fillCold(records: ReadonlyMap<number, Buffer>): void {
  const db = openWriter(path);
  const put = db.prepare('INSERT INTO cold (id, guid, b) VALUES (?, ?, ?)');
  db.transaction(() => {
    db.exec('DELETE FROM cold');
    for (const number of [6, 8]) {
      for (const uid of [1, 2, 0xffff_ffff])
        put.run(rowOf(number, uid), Buffer.alloc(32), Buffer.from('other'));
    }
    for (const [uid, bytes] of records) put.run(rowOf(7, uid), Buffer.alloc(32), bytes);
  })();
  db.close();
}

function readAll(uids: NumberSet): SummaryBatch[] {
  const reader = new ShardReader(path, silentLog);
  try {
    return [...summaryBatches(reader, 7, uids)];
  } finally {
    reader.close();
  }
}

function flat(batches: readonly SummaryBatch[]): [uid: number, bytes: string][] {
  return batches.flatMap(({ uids, records }) => {
    assert.equal(uids.length, records.length);
    return [...uids].map((uid, i): [number, string] => [uid, records[i]!.toString('hex')]);
  });
}

/** Any octets, NUL and broken UTF-8 among them; now and then more than a page packs. */
const record = fc.oneof(
  { weight: 20, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.integer({ min: 32_766, max: 32_771 }).map((n) => new Uint8Array(n).fill(n)) },
);
const uid = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0xffff_ffe0, max: 0xffff_ffff }));

test('what is asked for and is there comes, ascending, octet for octet', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(uid, record), { maxLength: 40 }),
      fc.array(fc.tuple(uid, fc.integer({ min: 0, max: 12 })), { maxLength: 8 }),
      (rows, ranges) => {
        const records = new Map(rows.map(([at, bytes]) => [at, Buffer.from(bytes)]));
        fillCold(records);
        const asked = NumberSet.fromRanges(
          ranges.map(([from, more]): [number, number] => [from, Math.min(from + more, 0xffff_ffff)]),
        );
        const expected = [...records]
          .filter(([at]) => asked.has(at))
          .sort(([a], [b]) => a - b)
          .map(([at, bytes]) => [at, bytes.toString('hex')]);
        assert.deepEqual(flat(readAll(asked)), expected);
      },
    ),
    { numRuns: 60 },
  );
});

test('batches of at most 256, whatever lies between what is asked for', () => {
  fillCold(new Map(Array.from({ length: 2000 }, (_, i) => [i + 1, Buffer.from(`record ${i + 1}`)])));
  const sizes = (uids: NumberSet) => readAll(uids).map((batch) => batch.uids.length);
  assert.deepEqual(sizes(NumberSet.fromRanges([[1, 600]])), [256, 256, 88]);
  const odd = NumberSet.fromAscending(Array.from({ length: 1000 }, (_, i) => 2 * i + 1));
  assert.deepEqual(sizes(odd), [256, 256, 256, 232]);
  const lonely = NumberSet.fromAscending(Array.from({ length: 200 }, (_, i) => 10 * i + 1));
  assert.deepEqual(sizes(lonely), [200]);
  assert.deepEqual(
    flat(readAll(odd)).map(([at]) => at),
    [...odd],
  );
});

test('large records end a batch early', () => {
  fillCold(new Map(Array.from({ length: 20 }, (_, i) => [i + 1, Buffer.alloc(1024 * 1024, i)])));
  const batches = readAll(NumberSet.fromRanges([[1, 20]]));
  assert.deepEqual(
    batches.map((batch) => batch.uids.length),
    [4, 4, 4, 4, 4],
  );
  assert.deepEqual(flat(batches).length, 20);
});

test('a record that is purged while its batch is read is left out', () => {
  fillCold(
    new Map([
      [1, Buffer.from('one')],
      [2, Buffer.alloc(40_000)],
      [3, Buffer.from('three')],
    ]),
  );
  const reader = new ShardReader(path, silentLog);
  const { coldBytes } = reader;
  reader.coldBytes = (number, at) => {
    const db = openWriter(path);
    db.prepare('DELETE FROM cold WHERE id = ?').run(rowOf(number, at));
    db.close();
    return coldBytes.call(reader, number, at);
  };
  const batches = [...summaryBatches(reader, 7, NumberSet.fromRanges([[1, 9]]))];
  reader.close();
  assert.deepEqual(
    flat(batches).map(([at, bytes]) => [at, Buffer.from(bytes, 'hex').toString()]),
    [
      [1, 'one'],
      [3, 'three'],
    ],
  );
});
