import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodePackHeader,
  decodeRecordHeader,
  encodePackHeader,
  encodeRecordHeader,
  packSeed,
  RECORD_HEADER_BYTES,
  recordBytes,
} from './format.js';
import { packId, packPath, splitPackId, tryParsePackName, tryParseSeries } from './names.js';

const u32 = fc.nat({ max: 0xffff_ffff });
const bytesOf = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes));
const header = fc.record({
  type: fc.constantFrom(1, 3),
  codec: fc.nat({ max: 255 }),
  length: u32,
  seq: fc.maxSafeNat(),
  bodyCrc: u32,
  guid: bytesOf(32),
  mailboxHint: u32,
  internalDateSec: u32,
});
const offset = fc.nat({ max: 2 ** 28 }).map((value) => value * 8);

test('a record header comes back from its own place', () => {
  fc.assert(
    fc.property(header, u32, offset, fc.nat({ max: 40 }), (fields, seed, at, lead) => {
      const target = Buffer.alloc(lead + RECORD_HEADER_BYTES);
      encodeRecordHeader(target, lead, fields, seed, at);
      assert.deepEqual({ ...decodeRecordHeader(target, lead, seed, at) }, { ...fields });
    }),
  );
});

test('a record header is not valid at another offset, in another pack, or with any bit changed', () => {
  fc.assert(
    fc.property(header, u32, offset, offset, fc.nat({ max: 511 }), (fields, seed, at, other, bit) => {
      const target = Buffer.alloc(RECORD_HEADER_BYTES);
      encodeRecordHeader(target, 0, fields, seed, at);
      if (other !== at) assert.equal(decodeRecordHeader(target, 0, seed, other), undefined);
      assert.equal(decodeRecordHeader(target, 0, (seed + 1) >>> 0, at), undefined);
      target[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(decodeRecordHeader(target, 0, seed, at), undefined);
    }),
  );
});

test('a pack header gives its salt, only for its own id and unchanged', () => {
  fc.assert(
    fc.property(bytesOf(16), fc.integer({ min: 1, max: 2 ** 40 }), fc.nat({ max: 511 }), (salt, id, bit) => {
      const encoded = encodePackHeader(id, salt);
      assert.deepEqual(decodePackHeader(encoded, id), salt);
      assert.throws(() => decodePackHeader(encoded, id + 1), { code: 'corrupt' });
      assert.throws(() => decodePackHeader(encoded.subarray(0, 63), id), { code: 'short' });
      encoded[bit >> 3]! ^= 1 << (bit & 7);
      assert.throws(() => decodePackHeader(encoded, id), { code: 'corrupt' });
    }),
  );
  assert.notEqual(packSeed(1, Buffer.alloc(16)), packSeed(2, Buffer.alloc(16)));
});

test('records are 8-aligned', () => {
  fc.assert(
    fc.property(u32, (length) => {
      const bytes = recordBytes(length);
      assert.ok(bytes % 8 === 0 && bytes >= length + 64 && bytes < length + 72);
    }),
  );
});

test('pack ids and paths go back and forth', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 29 - 1 }), fc.integer({ min: 1, max: 2 ** 24 - 1 }), (series, number) => {
      const id = packId(series, number);
      assert.ok(Number.isSafeInteger(id));
      assert.deepEqual(splitPackId(id), { series, number });
      const [dir, name] = packPath('/x', id).slice(3).split('/');
      assert.equal(tryParseSeries(dir ?? ''), series);
      assert.equal(tryParsePackName(name ?? ''), number);
    }),
  );
  assert.throws(() => packId(1, 0), RangeError);
  assert.throws(() => packId(1, 2 ** 24), RangeError);
});
