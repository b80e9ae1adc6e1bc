import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  CHUNK_MESSAGES,
  ChunkError,
  type Columns,
  concatColumns,
  decodeChunk,
  decodeColumns,
  emptyColumns,
  encodeColumns,
  filterColumns,
  lowerBound,
  sliceColumns,
} from './chunk.js';

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const message = fc.record({
  flags: uint32,
  size: uint32,
  date: uint32,
  modSeq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  keywords: fc.array(uint32, { minLength: 4, maxLength: 4 }),
});

const columns: fc.Arbitrary<Columns> = fc.array(message, { maxLength: CHUNK_MESSAGES }).map((messages) => {
  const result = emptyColumns(messages.length);
  for (const [i, { flags, size, date, modSeq, keywords }] of messages.entries()) {
    result.uids[i] = 10 * (i + 1);
    result.flags[i] = flags;
    result.sizes[i] = size;
    result.dates[i] = date;
    result.modseqs[i] = modSeq;
    result.keywords.set(keywords, 4 * i);
  }
  return result;
});

test('a full chunk fits into one SQLite page of 4096 octets', () => {
  // Page header, cell pointer, payload length, row id, record header, modseq.
  assert.ok(encodeColumns(emptyColumns(CHUNK_MESSAGES)).length + 8 + 2 + 2 + 9 + 5 + 8 <= 4096);
});

test('decoding gives back what was encoded, without a copy of aligned octets', () => {
  fc.assert(
    fc.property(columns, fc.integer({ min: 0, max: 7 }), (before, shift) => {
      const bytes = encodeColumns(before);
      const moved = Buffer.concat([Buffer.alloc(shift), bytes]).subarray(shift);
      const after = decodeColumns(moved);
      for (const name of ['uids', 'flags', 'sizes', 'dates', 'modseqs', 'keywords'] as const) {
        assert.deepEqual([...after[name]], [...before[name]]);
      }
      assert.equal(decodeChunk(bytes).maxModSeq, Math.max(0, ...before.modseqs));
      const aligned = Buffer.from(Uint8Array.from(bytes).buffer);
      assert.equal(decodeColumns(aligned).uids.buffer, aligned.buffer);
    }),
  );
});

test('every flipped bit and every cut is noticed', () => {
  fc.assert(
    fc.property(
      columns.filter(({ count }) => count > 0),
      fc.nat(),
      fc.integer({ min: 0, max: 7 }),
      (before, place, bit) => {
        const bytes = Buffer.from(encodeColumns(before));
        const cut = place % bytes.length;
        assert.throws(() => decodeColumns(Buffer.from(bytes.subarray(0, cut))), ChunkError);
        bytes[cut]! ^= 1 << bit;
        assert.throws(() => decodeColumns(bytes), ChunkError);
      },
    ),
  );
});

test('filter, slice and concat keep whole messages in order', () => {
  fc.assert(
    fc.property(columns, fc.nat(), (all, seed) => {
      const at = all.count === 0 ? 0 : seed % all.count;
      const joined = concatColumns(sliceColumns(all, 0, at), sliceColumns(all, at, all.count));
      assert.deepEqual(encodeColumns(joined), encodeColumns(all));
      const even = filterColumns(all, (i) => i % 2 === 0);
      const odd = filterColumns(all, (i) => i % 2 === 1);
      assert.equal(even.count + odd.count, all.count);
      assert.deepEqual(
        [...even.uids],
        [...all.uids].filter((_, i) => i % 2 === 0),
      );
      assert.equal(
        filterColumns(all, () => true),
        all,
      );
      const uid = all.uids[at];
      if (uid !== undefined)
        assert.deepEqual([lowerBound(all.uids, uid), lowerBound(all.uids, uid - 1)], [at, at]);
    }),
  );
});
