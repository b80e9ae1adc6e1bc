import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PackError } from './errors.js';
import { collect, readMany, recordOf, sha256 } from './fixtures.test.support.js';
import { MemoryFs } from './memory-fs.test.support.js';
import { packPath } from './names.js';
import { PackReader, type ReadRequest } from './reader.js';
import { GAP_BYTES, SPAN_BYTES, SPAN_REQUESTS, spansOf } from './spans.js';
import type { PackRef } from './types.js';
import { PackWriter } from './writer.js';

const DIR = '/data/packs';

function numbered(bytes: number, from: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: bytes }, (_, at) => (at * 7 + (at >> 8) + from * 31) & 255));
}

/** Bodies in packs, and the reads that a reader of them makes of bodies (those of pack headers are not counted). */
async function stored(bodies: readonly Buffer[], options: object = {}) {
  const fs = new MemoryFs();
  const writer = await PackWriter.open({ packsDir: DIR, fs, ...options });
  const places: PackRef[] = [];
  for (const body of bodies) places.push(...(await writer.append([recordOf(body)])));
  await writer.close();
  const reads: { at: number; bytes: number }[] = [];
  const read = fs.read.bind(fs);
  fs.read = (fd, buffer, at) => {
    if (at > 0) reads.push({ at, bytes: buffer.length });
    return read(fd, buffer, at);
  };
  const requests: ReadRequest[] = places.map((ref, index) => ({ ref, guid: sha256(bodies[index]!) }));
  const node = fs.files.get(packPath(DIR, places[0]!.pack))!;
  return { fs, places, requests, reads, node, reader: new PackReader({ packsDir: DIR, fs }) };
}

test('neighbours are one read, in the order asked', async () => {
  const bodies = Array.from({ length: 10 }, (_, index) => numbered(1000 + index, index));
  const { requests, reads, reader } = await stored(bodies);
  assert.deepEqual(await collect(readMany(reader, requests)), bodies);
  assert.equal(reads.length, 1);
  reads.length = 0;
  assert.deepEqual(await collect(readMany(reader, requests.toReversed())), bodies.toReversed());
  assert.equal(reads.length, 10, 'backwards nothing is merged');
});

test('a small gap is read over, a large one is not', async () => {
  const bodies = [100, GAP_BYTES - 1000, 200, GAP_BYTES + 1000, 300].map(numbered);
  const { requests, reads, reader } = await stored(bodies);
  const odd = [requests[0]!, requests[2]!, requests[4]!];
  assert.deepEqual(await collect(readMany(reader, odd)), [bodies[0], bodies[2], bodies[4]]);
  assert.equal(reads.length, 2);
});

test('damage in the middle of a read harms one request', async () => {
  const bodies = Array.from({ length: 5 }, (_, index) => numbered(500, index));
  const { requests, places, node, reader } = await stored(bodies);
  node.data[places[2]!.offset + 64 + 9]! ^= 1;
  node.data[places[3]!.offset + 5]! ^= 1;
  const got = await collect(readMany(reader, requests));
  for (const index of [0, 1, 4]) assert.deepEqual(got[index], bodies[index]);
  for (const index of [2, 3]) {
    const item = got[index];
    assert.ok(item instanceof PackError && item.code === 'corrupt', String(index));
  }
});

test('a wrong GUID, a wrong length and a pack that ends too early are errors of their request alone', async () => {
  const bodies = Array.from({ length: 4 }, (_, index) => numbered(500, index));
  const { requests, places, node, reader } = await stored(bodies);
  requests[1] = { ...requests[1]!, guid: sha256(bodies[0]!) };
  requests[2] = { ref: { ...places[2]!, length: 499 } };
  node.bytes = places[3]!.offset + 100;
  const got = await collect(readMany(reader, requests));
  assert.deepEqual(got[0], bodies[0]);
  const codes = got.slice(1).map((item) => (item instanceof PackError ? item.code : 'read'));
  assert.deepEqual(codes, ['corrupt', 'corrupt', 'short']);
});

test('a large read that fails is tried record by record', async () => {
  const bodies = Array.from({ length: 4 }, (_, index) => numbered(500, index));
  const { fs, requests, places, reader } = await stored(bodies);
  const read = fs.read.bind(fs);
  const bad = places[1]!.offset + 64;
  fs.read = (fd, buffer, at) =>
    at <= bad && bad < at + buffer.length
      ? Promise.reject(Object.assign(new Error('bad sector'), { code: 'EIO' }))
      : read(fd, buffer, at);
  const got = await collect(readMany(reader, requests));
  for (const index of [0, 2, 3]) assert.deepEqual(got[index], bodies[index]);
  assert.ok(got[1] instanceof PackError && got[1].code === 'io');
});

test('a pack that is gone is `missing` for each; a closed reader says so', async () => {
  const { fs, requests, places, reader } = await stored([numbered(50, 1), numbered(50, 2)]);
  await fs.unlink(packPath(DIR, places[0]!.pack));
  for (const item of await collect(readMany(reader, requests)))
    assert.ok(item instanceof PackError && item.code === 'missing');
  reader.close();
  for (const item of await collect(readMany(reader, requests)))
    assert.ok(item instanceof PackError && item.code === 'closed');
});

test('a pack replaced while its file was open is opened again', async () => {
  const bodies = [numbered(100, 1), numbered(100, 2)];
  const { fs, requests, places, node, reader } = await stored(bodies);
  await collect(readMany(reader, requests));
  fs.files.set(packPath(DIR, places[0]!.pack), { ...node, data: Buffer.from(node.data) });
  node.data = Buffer.alloc(node.bytes);
  assert.deepEqual(await collect(readMany(reader, requests)), bodies);
});

test('whatever is asked for in whatever order, the answers are those of single reads', async () => {
  const bodies = Array.from({ length: 40 }, (_, index) => numbered((index * 7919) % 90_000, index));
  const { fs, places, node, reader } = await stored(bodies, { rollBytes: 600_000 });
  node.data[places[3]!.offset + 64 + 9]! ^= 1;
  const request = fc.record({
    index: fc.nat({ max: bodies.length - 1 }),
    range: fc.option(fc.tuple(fc.nat({ max: 95_000 }), fc.nat({ max: 95_000 }))),
  });
  const lists = fc.tuple(fc.array(request, { maxLength: 60 }), fc.boolean(), fc.boolean());
  await fc.assert(
    fc.asyncProperty(lists, async ([list, isSorted, isShort]) => {
      if (isSorted) list.sort((a, b) => a.index - b.index);
      fs.fault = ({ name }) => (isShort && name === 'read' ? { short: 5000 } : undefined);
      const requests = list.map(({ index, range }) => ({
        ref: places[index]!,
        ...(range === null ? {} : { from: range[0], to: range[1] }),
      }));
      const got = await collect(readMany(reader, requests));
      assert.equal(got.length, requests.length);
      for (const [at, { ref, from, to }] of requests.entries()) {
        const item = got[at]!;
        const single = await reader.read(ref, from, to).catch((error: PackError) => error);
        if (single instanceof PackError) assert.equal((item as PackError).code, single.code);
        else assert.ok(single.equals(item as Buffer));
      }
    }),
    { numRuns: 60 },
  );
});

test('spans hold every request once, in order, within bounds', () => {
  const ref = fc
    .record({ pack: fc.nat({ max: 1 }), offset: fc.nat({ max: 100_000 }), length: fc.nat({ max: 400_000 }) })
    .map(({ pack, offset, length }) => ({ pack, offset: 64 + offset * 8, length }));
  const request = fc.record({ ref, from: fc.nat({ max: 200_000 }) });
  fc.assert(
    fc.property(fc.array(request, { maxLength: 200 }), fc.boolean(), (requests, isSorted) => {
      if (isSorted) requests.sort((a, b) => a.ref.offset - b.ref.offset);
      const spans = [...spansOf(requests)];
      const numbers = spans.flatMap((span) => span.numbers);
      assert.deepEqual(
        numbers.toSorted((a, b) => a - b),
        requests.map((_, number) => number),
      );
      assert.deepEqual(
        spans.flatMap((span) => span.requests),
        numbers.map((number) => requests[number]),
      );
      const firsts = spans.map((span) => span.numbers[0]!);
      assert.deepEqual(
        firsts,
        firsts.toSorted((a, b) => a - b),
      );
      for (const { offset, bytes, requests: joined } of spans) {
        if (joined.length === 1) continue;
        assert.ok(joined.length <= SPAN_REQUESTS && bytes <= SPAN_BYTES);
        for (const { ref: place } of joined) {
          assert.equal(place.pack, joined[0]!.ref.pack);
          assert.ok(place.offset >= offset && place.offset + 64 + place.length <= offset + bytes);
        }
      }
    }),
  );
});
