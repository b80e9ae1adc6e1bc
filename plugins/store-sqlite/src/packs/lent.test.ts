import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Arrivals } from './arrivals.js';
import { PackError } from './errors.js';
import { recordOf } from './fixtures.test.support.js';
import { BufferPool } from './lent.js';
import { MemoryFs } from './memory-fs.test.support.js';
import { packPath } from './names.js';
import { PackReader, type ReadRequest } from './reader.js';
import { SPAN_BYTES } from './spans.js';
import type { PackRef } from './types.js';
import { PackWriter } from './writer.js';

const DIR = '/data/packs';

test('memory is lent again when every piece of it has been released, not before', () => {
  const pool = new BufferPool(4096, 2);
  const lent = pool.take(2000)!;
  assert.equal(lent.memory.length, 4096);
  lent.lend().lend().settle();
  lent.release();
  assert.notEqual(pool.take(2000), lent);
  lent.release();
  assert.equal(pool.take(2000), lent);
  lent.settle();
  assert.equal(pool.take(4096), lent, 'no piece of it was given out');
});

test('what fits badly has memory of its own, and no more is kept than was said', () => {
  const pool = new BufferPool(4096, 2);
  assert.equal(pool.take(4097), undefined);
  assert.equal(pool.take(255), undefined);
  assert.equal(pool.take(256)!.memory.length, 1024);
  const several = Array.from({ length: 3 }, () => pool.take(4000)!);
  for (const one of several) one.settle();
  const again = Array.from({ length: 3 }, () => pool.take(4000)!);
  assert.deepEqual(
    again.map((one) => several.includes(one)),
    [true, true, false],
  );
});

/** Bodies of different content and size, every other of them in a pack of its own series. */
async function stored(count: number) {
  const fs = new MemoryFs();
  const bodies = Array.from({ length: count }, (_, n) => Buffer.alloc(40_000 + n * 17, n + 1));
  const places: PackRef[] = [];
  const writers = [
    await PackWriter.open({ packsDir: DIR, fs }),
    await PackWriter.open({ packsDir: DIR, fs }),
  ];
  for (const [n, body] of bodies.entries()) places.push(...(await writers[n % 2]!.append([recordOf(body)])));
  for (const writer of writers) await writer.close();
  return { fs, bodies, places };
}

/** As the store does: one answer after the other, each with what is to be released. */
async function* answers(reader: PackReader, requests: readonly ReadRequest[]) {
  const arrivals = new Arrivals();
  let number = 0;
  for await (const group of reader.readGroups(requests)) {
    arrivals.add(group);
    for (let next = arrivals.take(number); next !== undefined; next = arrivals.take(number)) {
      number++;
      yield next;
    }
  }
}

test('pieces keep their octets until they are released, whoever reads meanwhile', async () => {
  const { fs, bodies, places } = await stored(120);
  const reader = new PackReader({ packsDir: DIR, fs });
  const requests = places.map((ref) => ({ ref }));
  const memories = new Set<ArrayBufferLike>();
  for (let round = 0; round < 4; round++) {
    const held: { item: Buffer; number: number; release(): void }[] = [];
    const look = (most: number) => {
      while (held.length > most) {
        const { item, number, release } = held.shift()!;
        assert.ok(item.equals(bodies[number]!), `body ${number} in round ${round}`);
        release();
      }
    };
    let number = 0;
    for await (const { item, lease } of answers(reader, requests)) {
      assert.ok(Buffer.isBuffer(item));
      if (lease !== undefined) memories.add(item.buffer);
      held.push({ item, number: number++, release: () => lease?.release() });
      look(30);
    }
    look(0);
    assert.equal(number, bodies.length);
  }
  assert.ok(
    memories.size > 0 && memories.size <= 16,
    `${memories.size} buffers for ${4 * bodies.length} bodies`,
  );
});

test('neighbours in packs by turns are read together', async () => {
  const { fs, bodies, places } = await stored(20);
  assert.equal(new Set(places.map(({ pack }) => pack)).size, 2);
  const reader = new PackReader({ packsDir: DIR, fs });
  let reads = 0;
  const read = fs.read.bind(fs);
  fs.read = (fd, buffer, at) => {
    if (at > 0) reads++;
    return read(fd, buffer, at);
  };
  let number = 0;
  for await (const { item, lease } of answers(
    reader,
    places.map((ref) => ({ ref })),
  )) {
    assert.ok(Buffer.isBuffer(item) && item.equals(bodies[number++]!));
    lease?.release();
  }
  const bytes = bodies.reduce((sum, body) => sum + body.length, 0);
  assert.ok(reads <= 2 + (2 * bytes) / SPAN_BYTES, `${reads} reads`);
});

test('a flipped octet is never given out, and its neighbours are', async () => {
  const { fs, bodies, places } = await stored(10);
  const bad = places[4]!;
  fs.files.get(packPath(DIR, bad.pack))!.data[bad.offset + 64 + 20_000]! ^= 4;
  const reader = new PackReader({ packsDir: DIR, fs });
  for (let round = 0; round < 2; round++) {
    let number = 0;
    for await (const { item, lease } of answers(
      reader,
      places.map((ref) => ({ ref })),
    )) {
      if (number === 4) assert.ok(item instanceof PackError && item.code === 'corrupt');
      else assert.ok(Buffer.isBuffer(item) && item.equals(bodies[number]!));
      number++;
      lease?.release();
    }
  }
});
