/** Compression and encryption of bodies: what was written comes back, in any range, or nothing does. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { BLOCK_BYTES, type PackCodec, packKey, plainCodec } from './codec.js';
import {
  bothCodec,
  codecs,
  collect,
  type Found,
  filed,
  readMany,
  recordOf,
  scanAll,
  sha256,
} from './fixtures.test.support.js';
import { PACK_HEADER_BYTES, RECORD_HEADER_BYTES } from './format.js';
import { MemoryFs } from './memory-fs.test.support.js';
import { packPath } from './names.js';
import { PackReader } from './reader.js';
import { scanPack } from './scan.js';
import { listPacks } from './seal.js';
import type { PackRecord, PackRef } from './types.js';
import { PackWriter } from './writer.js';

const DIR = '/data/packs';
const text = (bytes: number) => Buffer.alloc(bytes, 'Received: from here by there with SMTP;\r\n');
const sizes = [0, 1, 100, 5000, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES + 17];

async function written(fs: MemoryFs, codec: PackCodec, bodies: readonly Buffer[]): Promise<PackRef[]> {
  const writer = await PackWriter.open({ packsDir: DIR, fs, codec });
  const places = await writer.append(bodies.map((body) => recordOf(body)));
  writer.journal([filed(7, sha256(bodies[0]!))]);
  await writer.close();
  return places;
}

function bytesOf(fs: MemoryFs, pack: number): Buffer {
  const node = fs.files.get(packPath(DIR, pack))!;
  return node.data.subarray(0, node.bytes);
}

function allBytes(fs: MemoryFs): Buffer {
  return Buffer.concat(
    [...fs.files]
      .filter(([path]) => path.endsWith('.pack'))
      .map(([, { data, bytes }]) => data.subarray(0, bytes)),
  );
}

for (const [kind, codec] of codecs) {
  test(`${kind}: every body comes back, whole and in any range, by every way of reading`, async () => {
    const fs = new MemoryFs();
    const bodies = [...sizes.map(text), randomBytes(3000), randomBytes(BLOCK_BYTES + 5)];
    const places = await written(fs, codec, bodies);
    const reader = new PackReader({ packsDir: DIR, fs, codec });
    for (const [i, body] of bodies.entries()) {
      const ref = places[i]!;
      assert.equal(ref.length, body.length, 'the place tells the length as it came');
      assert.ok((await reader.readWhole(ref, sha256(body))).body.equals(body));
    }
    const requests = places.map((ref, i) => ({ ref, guid: sha256(bodies[i]!) }));
    const many = await collect(readMany(reader, requests));
    for (const [i, body] of bodies.entries()) assert.ok((many[i] as Buffer).equals(body), `body ${i}`);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bodies.length - 1),
        fc.nat(4 * BLOCK_BYTES),
        fc.nat(4 * BLOCK_BYTES),
        async (i, from, to) => {
          const expected = bodies[i]!.subarray(from, Math.max(from, to));
          assert.ok((await reader.read(places[i]!, from, to)).equals(expected));
          const [one] = await collect(readMany(reader, [{ ref: places[i]!, from, to }]));
          assert.ok((one as Buffer).equals(expected));
        },
      ),
    );
    const found = await scanAll(fs, DIR);
    assert.deepEqual(found.damage, []);
    assert.equal(found.entries.length, 1);
    for (const [i, body] of bodies.entries()) {
      const [at] = found.messages.get(sha256(body).toString('hex'))!;
      assert.deepEqual(at, places[i]);
    }
  });

  test(`${kind}: a bit that flips anywhere is noticed, and no other octets are given out`, async () => {
    const fs = new MemoryFs();
    const body = text(700);
    const [ref] = await written(fs, codec, [body]);
    const bytes = bytesOf(fs, ref!.pack);
    const codes = new Set<string>();
    for (let bit = 8 * PACK_HEADER_BYTES; bit < 8 * bytes.length; bit += 7) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      const reader = new PackReader({ packsDir: DIR, fs, codec });
      const read = await reader.read(ref!, 0, body.length, sha256(body)).catch((error) => {
        codes.add(error.code);
        return undefined;
      });
      assert.ok(read === undefined || read.equals(body), `bit ${bit}`);
      const found: Found = await scanAll(fs, DIR);
      const whole = found.messages.has(sha256(body).toString('hex'));
      assert.equal(whole, read !== undefined, `scan and read agree about bit ${bit}`);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
    // A header that cannot be believed does not say how short its body may be.
    assert.ok(codes.has('corrupt') && [...codes].every((code) => code === 'corrupt' || code === 'short'));
  });
}

test('compression is used where it saves, and the seal knows what the records were', async () => {
  const fs = new MemoryFs();
  const codec = codecs[1]![1];
  const [easy, hard] = [text(100_000), randomBytes(100_000)];
  await written(fs, codec, [easy, hard]);
  const [pack] = await listPacks(DIR, fs);
  assert.ok(pack!.sealedBytes! < 110_000, `${pack!.sealedBytes}`);
  assert.ok(pack!.rawBytes! > 200_000 && pack!.rawBytes! < 201_000, `${pack!.rawBytes}`);
  const end = (await collect(scanPack(DIR, pack!.id, { fs }))).at(-1);
  assert.ok(end?.kind === 'end' && end.rawBytes === pack!.rawBytes, 'a scan says the same');
  assert.ok(allBytes(fs).includes(hard), 'what cannot be made smaller lies there as it came');
});

test('nothing of a body or the journal can be read in an encrypted pack, and no two packs or records are alike', async () => {
  const fs = new MemoryFs();
  const body = Buffer.from('a secret that nobody may read '.repeat(4));
  const [one, two] = await written(fs, codecs[2]![1], [body, body]);
  await written(fs, codecs[2]![1], [body]);
  const all = allBytes(fs);
  for (const hidden of ['secret', 'INBOX']) assert.equal(all.indexOf(hidden), -1, hidden);
  const bytes = bytesOf(fs, one!.pack);
  const stored = ({ offset }: PackRef) => bytes.subarray(offset + RECORD_HEADER_BYTES, offset + 160);
  assert.ok(!stored(one!).equals(stored(two!)));
  assert.equal(all.indexOf(stored(one!)), all.lastIndexOf(stored(one!)));
});

test('without the key: locked, everything stays; keys are rotated; a setting that changes hurts nothing', async () => {
  const fs = new MemoryFs();
  const [old, fresh] = [packKey(Buffer.alloc(32, 1)), packKey(Buffer.alloc(32, 2))];
  const bodies = [text(400), text(BLOCK_BYTES + 9), text(401), text(402)];
  const settings: PackCodec[] = [
    { isCompressed: false, writeKey: old.id, keys: [old] },
    { isCompressed: true, writeKey: fresh.id, keys: [fresh, old] },
    { isCompressed: true, writeKey: undefined, keys: [fresh, old] },
    plainCodec,
  ];
  const places: PackRef[] = [];
  for (const [i, codec] of settings.entries()) places.push(...(await written(fs, codec, [bodies[i]!])));
  const wrong = new PackReader({ packsDir: DIR, fs, codec: bothCodec });
  await assert.rejects(wrong.read(places[0]!), {
    code: 'locked',
    message: /with key [0-9a-f]{8}, which is not/,
  });
  await assert.rejects(wrong.readWhole(places[1]!), { code: 'locked' });
  assert.ok((await wrong.read(places[2]!)).equals(bodies[2]!));
  const events = await collect(scanPack(DIR, places[0]!.pack, { fs, verifyGuid: true }));
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['message', 'locked', 'end'],
    'a scan needs no key to know that all is whole',
  );
  const right = new PackReader({ packsDir: DIR, fs, codec: settings[1]! });
  for (const [i, place] of places.entries()) assert.ok((await right.read(place)).equals(bodies[i]!));
  assert.throws(() => packKey(Buffer.alloc(31)), RangeError);
});

test('large spooled bodies are coded block by block, between others', async () => {
  for (const [kind, codec] of codecs) {
    const fs = new MemoryFs();
    await fs.makeDir('/spool');
    const content = text(5 * BLOCK_BYTES + 3);
    const fd = await fs.open('/spool/a', 'create');
    await fs.writev(fd, [content], 0);
    await fs.close(fd);
    const spooled: PackRecord = {
      guid: sha256(content),
      body: { path: '/spool/a', length: content.length, crc32: crc32(content) },
      meta: { mailboxHint: 1, internalDateSec: 2 },
    };
    const writer = await PackWriter.open({ packsDir: DIR, fs, codec, ownPackBytes: 1e9 });
    const others = [text(90), text(91)];
    const places = await writer.append([recordOf(others[0]!), spooled, recordOf(others[1]!)]);
    await writer.close();
    const reader = new PackReader({ packsDir: DIR, fs, codec });
    const expected = [others[0]!, content, others[1]!];
    for (const [i, place] of places.entries())
      assert.ok((await reader.readWhole(place)).body.equals(expected[i]!), `${kind} ${i}`);
    const from = 4 * BLOCK_BYTES - 10;
    assert.ok((await reader.read(places[1]!, from, from + 20)).equals(content.subarray(from, from + 20)));
    assert.deepEqual((await scanAll(fs, DIR)).damage, []);
  }
});

test('a range of a large body reads the blocks it touches, not the body', async () => {
  const fs = new MemoryFs();
  const [ref] = await written(fs, bothCodec, [randomBytes(40 * BLOCK_BYTES)]);
  let read = 0;
  const counting = new Proxy(fs, {
    get: (target, name) =>
      name === 'read'
        ? async (fd: number, buffer: Buffer, position: number) => {
            const count = await target.read(fd, buffer, position);
            read += count;
            return count;
          }
        : (Reflect.get(target, name).bind?.(target) ?? Reflect.get(target, name)),
  });
  const reader = new PackReader({ packsDir: DIR, fs: counting, codec: bothCodec });
  for (let i = 0; i < 40; i++) await reader.read(ref!, i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES);
  assert.ok(read < 2 * ref!.length + 40 * 1000, `${read} of ${ref!.length}`);
});
