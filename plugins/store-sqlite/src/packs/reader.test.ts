import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PackError } from './errors.js';
import { collect, readMany, record, recordOf, sha256 } from './fixtures.test.support.js';
import { MemoryFs } from './memory-fs.test.support.js';
import { packPath } from './names.js';
import { PackReader, type ReadRequest } from './reader.js';
import type { PackRef } from './types.js';
import { PackWriter } from './writer.js';

const DIR = '/data/packs';

async function stored(bodies: readonly Buffer[], options: object = {}) {
  const fs = new MemoryFs();
  const writer = await PackWriter.open({ packsDir: DIR, fs, ...options });
  const places: PackRef[] = [];
  for (const body of bodies) places.push(...(await writer.append([recordOf(body)])));
  await writer.close();
  return { fs, places, node: fs.files.get(packPath(DIR, places[0]!.pack))! };
}

function numbered(bytes: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: bytes }, (_, index) => (index * 7 + (index >> 8)) & 255));
}

test('any range of a body is that range of the body', async () => {
  const body = numbered(100_000);
  const { fs, places } = await stored([Buffer.from('before'), body, Buffer.from('after')]);
  const reader = new PackReader({ packsDir: DIR, fs });
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 110_000 }), fc.nat({ max: 110_000 }), async (from, to) => {
      const got = await reader.read(places[1]!, from, to);
      assert.ok(got.equals(body.subarray(from, Math.max(from, to))));
    }),
  );
});

test('a wrong place is never answered: offset, length, GUID, pack, journal records', async () => {
  const bodies = [numbered(100), numbered(200)];
  const { fs, places } = await stored(bodies);
  const reader = new PackReader({ packsDir: DIR, fs });
  const [a, b] = [places[0]!, places[1]!];
  await assert.rejects(reader.read({ ...a, offset: a.offset + 8 }), { code: 'corrupt' });
  await assert.rejects(reader.read({ ...a, length: 99 }, 0, 10), { code: 'corrupt' });
  await assert.rejects(reader.read(a, 0, 10, sha256(bodies[1]!)), { code: 'corrupt' });
  await assert.rejects(reader.readWhole(b, sha256(bodies[0]!)), { code: 'corrupt' });
  await assert.rejects(reader.read({ ...b, length: 5000 }), { code: 'short' });
  await assert.rejects(reader.read({ ...b, offset: 80_000 }), { code: 'short' });
  await assert.rejects(reader.read({ ...a, pack: a.pack + 1 }), { code: 'missing' });
  assert.ok((await reader.read(a, 0, 100, sha256(bodies[0]!))).equals(bodies[0]!), 'and goes on');
});

test('a body is compared with its check sum once, by itself and among others', async () => {
  const bodies = [numbered(1000), numbered(2000), numbered(3000)];
  const { fs, places, node } = await stored(bodies);
  const reader = new PackReader({ packsDir: DIR, fs });
  const whole = (ref: PackRef) => collect(readMany(reader, [{ ref: places[0]! }, { ref }]));
  assert.ok((await reader.read(places[1]!)).equals(bodies[1]!));
  const rot = ({ offset }: PackRef) => {
    node.data[offset + 64 + 500]! ^= 1;
  };
  rot(places[1]!);
  rot(places[2]!);
  // Known to be good when it was read; another process would find out, and so does whoever wants it checked.
  assert.equal((await reader.read(places[1]!)).length, 2000);
  assert.equal(((await whole(places[1]!))[1] as Buffer).length, 2000);
  await assert.rejects(reader.readWhole(places[1]!), { code: 'corrupt' });
  await assert.rejects(new PackReader({ packsDir: DIR, fs }).read(places[1]!), { code: 'corrupt' });
  assert.equal(((await whole(places[2]!))[1] as PackError).code, 'corrupt');
});

test('bit rot in the body is found when the body is read whole, or verified to be read in pieces', async () => {
  const body = numbered(600_000);
  const { fs, places, node } = await stored([body]);
  const reader = new PackReader({ packsDir: DIR, fs });
  node.data[places[0]!.offset + 64 + 5]! ^= 1;
  await assert.rejects(reader.read(places[0]!), { code: 'corrupt' });
  await assert.rejects(reader.readWhole(places[0]!), { code: 'corrupt' });
  await assert.rejects(reader.verify(places[0]!), { code: 'corrupt' });
  assert.ok(
    (await reader.read(places[0]!, 100, 200)).equals(body.subarray(100, 200)),
    'parts elsewhere still serve',
  );
});

test('readMany yields in order, with an error in the place of the request that failed', async () => {
  const bodies = Array.from({ length: 100 }, (_, index) => numbered(index * 50));
  const { fs, places } = await stored(bodies, { rollBytes: 20_000 });
  const reader = new PackReader({ packsDir: DIR, fs, maxOpen: 2 });
  const requests: ReadRequest[] = places.map((ref, index) => ({ ref, guid: sha256(bodies[index]!) }));
  requests[50] = { ref: { ...places[50]!, pack: 2 ** 24 * 9 + 1 } };
  requests[51] = { ref: places[51]!, from: 10, to: 20 };
  const got = await collect(readMany(reader, requests));
  assert.equal(got.length, 100);
  got.forEach((item, index) => {
    if (index === 50) assert.ok(item instanceof PackError && item.code === 'missing');
    else if (index === 51) assert.deepEqual(item, bodies[51]!.subarray(10, 20));
    else assert.deepEqual(item, bodies[index]);
  });
});

test('readMany reads ahead by count and by bytes, and a consumer may stop early', async () => {
  const bodies = Array.from({ length: 40 }, (_, index) => Buffer.alloc(3_000_000, index));
  const { fs, places } = await stored(bodies, { rollBytes: 2 ** 30 });
  const reader = new PackReader({ packsDir: DIR, fs });
  let taken = 0;
  function* requests(): Generator<ReadRequest> {
    for (const ref of places) {
      taken++;
      yield { ref };
    }
  }
  for await (const item of readMany(reader, requests())) {
    assert.ok(item instanceof Buffer);
    break;
  }
  assert.ok(taken <= 4, `${taken} of 3 MB were asked for at once`);
  taken = 0;
  const small = places.map((ref) => ({ ref, from: 0, to: 10 }));
  let asked = 0;
  const counted = (function* () {
    for (const request of small) {
      asked++;
      yield request;
    }
  })();
  // A disk that is slower than the consumer.
  const read = fs.read.bind(fs);
  fs.read = async (fd, buffer, at) => {
    await new Promise((resolve) => setImmediate(resolve));
    return await read(fd, buffer, at);
  };
  let got = 0;
  for await (const item of readMany(reader, counted)) {
    assert.ok(item instanceof Buffer);
    if (++got === 1) assert.equal(asked, 3, '2 in flight, and one that might have joined the last of them');
    if (got === 12) break;
  }
  assert.ok(asked > 12 + 4 && asked <= 12 + 8, `${asked} asked for by who had to wait`);
});

test('who never waits has two reads ahead', async () => {
  const bodies = Array.from({ length: 20 }, (_, index) => Buffer.alloc(300_000, index));
  const { fs, places } = await stored(bodies, { rollBytes: 2 ** 30 });
  const reader = new PackReader({ packsDir: DIR, fs });
  let asked = 0;
  const counted = (function* () {
    for (const ref of places) {
      asked++;
      yield { ref, from: 0, to: 10 };
    }
  })();
  let got = 0;
  for await (const item of readMany(reader, counted)) {
    assert.ok(item instanceof Buffer);
    got++;
    await new Promise((resolve) => setImmediate(resolve));
    // The first had to be waited for, which allows one more; then they are there when they are wanted.
    assert.ok(asked <= got + 3, `${asked} asked for, ${got} taken`);
  }
  assert.equal(got, 20);
});

test('a body that is read in parts is compared with its check sum as a whole, and that once', async () => {
  const body = numbered(2_000_000);
  const { fs, places } = await stored([body], { rollBytes: 2 ** 30 });
  const ref = places[0]!;
  const path = packPath(DIR, ref.pack);
  const node = fs.files.get(path)!;
  node.data[ref.offset + 64 + 1_500_000]! ^= 1;
  await assert.rejects(new PackReader({ packsDir: DIR, fs }).verify(ref, sha256(body)), { code: 'corrupt' });
  node.data[ref.offset + 64 + 1_500_000]! ^= 1;
  const reader = new PackReader({ packsDir: DIR, fs });
  await assert.rejects(reader.verify(ref, sha256(Buffer.from('another'))), { code: 'corrupt' });
  await reader.verify(ref, sha256(body));
  let reads = 0;
  const read = fs.read.bind(fs);
  fs.read = (fd, buffer, at) => {
    reads++;
    return read(fd, buffer, at);
  };
  await reader.verify(ref, sha256(body));
  assert.equal(reads, 0);
});

test('open files are bounded, and one in use is closed only after its read', async () => {
  const bodies = Array.from({ length: 30 }, (_, index) => numbered(1000 + index));
  const { fs, places } = await stored(bodies, { rollBytes: 1100 });
  assert.equal(new Set(places.map((place) => place.pack)).size, 30);
  const reader = new PackReader({ packsDir: DIR, fs, maxOpen: 3 });
  const all = await Promise.all(places.map((place) => reader.read(place)));
  for (const [index, body] of all.entries()) assert.ok(body.equals(bodies[index]!));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(fs.openCount, 3);
  reader.close();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(fs.openCount, 0);
  await assert.rejects(reader.read(places[0]!), { code: 'closed' });
});

test('a file kept open of a pack that was replaced is opened again before anything is called corrupt', async () => {
  const { fs, places } = await stored([numbered(100)]);
  const reader = new PackReader({ packsDir: DIR, fs });
  await reader.read(places[0]!);
  const path = packPath(DIR, places[0]!.pack);
  const node = fs.files.get(path)!;
  fs.files.set(path, { ...node, data: Buffer.from(node.data) });
  node.data = Buffer.alloc(node.bytes);
  assert.ok((await reader.read(places[0]!)).equals(numbered(100)));
});

test('a pack removed while open is still read; after forget it is missing', async () => {
  const { fs, places } = await stored([numbered(100)]);
  const reader = new PackReader({ packsDir: DIR, fs });
  await reader.read(places[0]!);
  await fs.unlink(packPath(DIR, places[0]!.pack));
  await reader.read(places[0]!);
  reader.forget(places[0]!.pack);
  await assert.rejects(reader.read(places[0]!), { code: 'missing' });
});

test('a failing disk is `io`, and the next read may succeed', async () => {
  const { fs, places } = await stored([record('x').guid]);
  const reader = new PackReader({ packsDir: DIR, fs });
  for (const name of ['open', 'read'] as const) {
    fs.fault = (call) => (call.name === name ? { errno: 'EIO' } : undefined);
    await assert.rejects(reader.read(places[0]!), { code: 'io' });
    fs.fault = undefined;
    await reader.read(places[0]!);
    reader.forget(places[0]!.pack);
  }
});
