import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { collect, type Found, filed, record, recordOf, scanAll, sha256 } from './fixtures.test.support.js';
import { encodePackHeader, encodeRecordHeader, packSeed, recordBytes } from './format.js';
import { MemoryFs } from './memory-fs.test.support.js';
import { packPath, splitPackId } from './names.js';
import { scanPack } from './scan.js';
import type { PackRef } from './types.js';
import { PackWriter } from './writer.js';

const DIR = '/data/packs';

interface Pack {
  readonly fs: MemoryFs;
  readonly places: PackRef[];
  readonly guids: string[];
  readonly bytes: Buffer;
  scan(bytes: Buffer): Promise<Found>;
}

/** One sealed pack with messages of these sizes and a journal record at the end. */
async function packOf(sizes: readonly number[]): Promise<Pack> {
  const fs = new MemoryFs();
  const writer = await PackWriter.open({ packsDir: DIR, fs });
  const records = sizes.map((bytes, index) => record(`message ${index}`, bytes));
  const places = await writer.append(records);
  writer.journal([filed(1, records[0]!.guid)]);
  await writer.close();
  const node = fs.files.get(packPath(DIR, places[0]!.pack))!;
  const bytes = Buffer.from(node.data.subarray(0, node.bytes));
  const scan = async (content: Buffer) => {
    node.data = content;
    node.bytes = content.length;
    return await scanAll(fs, DIR, [places[0]!.pack]);
  };
  return { fs, places, guids: records.map((item) => item.guid.toString('hex')), bytes, scan };
}

function endOf(found: Found): { readonly validBytes: number; readonly torn: boolean } {
  const last = found.events.at(-1);
  assert.ok(last?.kind === 'end');
  return last;
}

test('a whole pack: every message and journal entry, in order, and nothing else', async () => {
  const pack = await packOf([10, 0, 5000, 64]);
  const found = await pack.scan(pack.bytes);
  const refs = found.events.flatMap((event) => (event.kind === 'message' ? [event.ref] : []));
  assert.deepEqual(refs, pack.places);
  assert.deepEqual(found.damage, []);
  assert.equal(found.entries.length, 1);
  assert.deepEqual(endOf(found), {
    kind: 'end',
    validBytes: pack.bytes.length,
    rawBytes: pack.bytes.length,
    fileBytes: pack.bytes.length,
    torn: false,
  });
  const tail = await collect(
    scanPack(DIR, pack.places[0]!.pack, { fs: pack.fs, fromOffset: pack.places[2]!.offset }),
  );
  assert.deepEqual(
    tail.map((event) => event.kind),
    ['message', 'message', 'journal', 'end'],
  );
});

test('cut at every byte of the last batch: the records before the cut, never another', async () => {
  const pack = await packOf([40, 300, 123]);
  for (let cut = 64; cut < pack.bytes.length; cut++) {
    const found = await pack.scan(Buffer.from(pack.bytes.subarray(0, cut)));
    const whole = pack.places.filter((place) => place.offset + recordBytes(place.length) <= cut);
    assert.deepEqual([...found.messages.keys()], pack.guids.slice(0, whole.length), `cut ${cut}`);
    const last = whole.at(-1);
    const validBytes = last === undefined ? 64 : last.offset + recordBytes(last.length);
    assert.equal(endOf(found).validBytes, validBytes, `cut ${cut}`);
    assert.equal(endOf(found).torn, cut > validBytes, `cut ${cut}`);
  }
});

test('a tail of zeros, as a power cut leaves it, is torn and not damage', async () => {
  const pack = await packOf([40, 300]);
  const found = await pack.scan(Buffer.concat([pack.bytes, Buffer.alloc(9000)]));
  assert.deepEqual(found.damage, []);
  assert.equal(endOf(found).validBytes, pack.bytes.length);
  assert.equal(endOf(found).torn, true);
});

test('every bit flip in any record is noticed, and costs no other record', async () => {
  const pack = await packOf([20, 77, 33]);
  const journalAt = pack.places[2]!.offset + recordBytes(33);
  for (let bit = 64 * 8; bit < pack.bytes.length * 8; bit++) {
    const bytes = Buffer.from(pack.bytes);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    const found = await pack.scan(bytes);
    assert.ok(found.damage.length > 0 || endOf(found).torn, `bit ${bit} went unnoticed`);
    const hit = pack.places.findIndex((place) => {
      const at = bit >> 3;
      return at >= place.offset && at < place.offset + 64 + place.length;
    });
    const expected = pack.guids.filter((_, index) => index !== hit);
    assert.deepEqual([...found.messages.keys()], expected, `bit ${bit}`);
    assert.equal(found.entries.length, bit >> 3 >= journalAt ? found.entries.length : 1, `bit ${bit}`);
  }
});

test('after damage of any kind the scan goes on at the next valid record', async () => {
  const pack = await packOf([100, 9000, 50, 700, 64, 1]);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.integer({ min: 1, max: 3000 }),
      fc.constantFrom(0, 0xff, 0xa9, undefined),
      async (start, length, fill) => {
        const from = 64 + (start % (pack.bytes.length - 64));
        const to = Math.min(from + length, pack.bytes.length);
        const bytes = Buffer.from(pack.bytes);
        if (fill === undefined) pack.bytes.copy(bytes, from, 64, 64 + to - from);
        else bytes.fill(fill, from, to);
        const found = await pack.scan(bytes);
        pack.places.forEach((place, index) => {
          const end = place.offset + 64 + place.length;
          const same = bytes.subarray(place.offset, end).equals(pack.bytes.subarray(place.offset, end));
          assert.equal(found.messages.has(pack.guids[index]!), same, `record ${index}, [${from}, ${to})`);
        });
        for (const refs of found.messages.values()) assert.equal(refs.length, 1);
      },
    ),
    { numRuns: 300 },
  );
});

test('the image of a record in a mailed body is not taken for a record', async () => {
  const fs = new MemoryFs();
  const writer = await PackWriter.open({ packsDir: DIR, fs });
  const [first] = await writer.append([record('first')]);
  assert.ok(first !== undefined);
  const node = fs.files.get(packPath(DIR, first.pack))!;
  // What the sender can make: a copy of a whole pack of his own, aligned, at the very offset where it will lie.
  const evil = Buffer.from('evil');
  const offset = node.bytes + 64;
  const forged = Buffer.alloc(80);
  const fields = { type: 1, codec: 0, length: 4, seq: 99, bodyCrc: 0, mailboxHint: 0, internalDateSec: 0 };
  encodeRecordHeader(
    forged,
    0,
    { ...fields, guid: sha256(evil) },
    packSeed(first.pack, Buffer.alloc(16)),
    offset,
  );
  evil.copy(forged, 64);
  const copied = Buffer.from(node.data.subarray(first.offset, first.offset + recordBytes(first.length)));
  const mailed = recordOf(Buffer.concat([forged, encodePackHeader(first.pack, Buffer.alloc(16)), copied]));
  const [place] = await writer.append([mailed, record('last')]);
  await writer.close();
  node.data.fill(0, place!.offset, place!.offset + 64); // its header is damaged, the scan looks through its body
  const found = await scanAll(fs, DIR);
  assert.deepEqual(
    [...found.messages.keys()],
    [record('first').guid.toString('hex'), record('last').guid.toString('hex')],
  );
  assert.equal(found.damage.length, 1);
});

test('a damaged pack header: the series tells the salt; without it the pack is refused', async () => {
  const pack = await packOf([10, 20]);
  const bytes = Buffer.from(pack.bytes);
  bytes.fill(0, 0, 64);
  const found = await pack.scan(bytes);
  assert.equal(found.messages.size, 2);
  assert.deepEqual(
    found.damage.map((event) => event.kind === 'damage' && [event.from, event.to]),
    [[0, 64]],
  );
  const { series } = splitPackId(pack.places[0]!.pack);
  await pack.fs.unlink(`${DIR}/${String(series).padStart(4, '0')}/series.json`);
  await assert.rejects(collect(scanPack(DIR, pack.places[0]!.pack, { fs: pack.fs })), { code: 'corrupt' });
});

test('a body that its check sum fits but its GUID does not is found by verifyGuid', async () => {
  const fs = new MemoryFs();
  const writer = await PackWriter.open({ packsDir: DIR, fs });
  const [place] = await writer.append([{ ...record('a'), guid: sha256(Buffer.from('other')) }]);
  await writer.close();
  const kinds = async (verifyGuid: boolean) =>
    (await collect(scanPack(DIR, place!.pack, { fs, verifyGuid }))).map((event) => event.kind);
  assert.deepEqual(await kinds(false), ['message', 'end']);
  assert.deepEqual(await kinds(true), ['damage', 'end']);
});

test('bodies larger than the window, and what lies around them', async () => {
  const pack = await packOf([3, 4_190_000]);
  const big = record('big', 9_000_001);
  const fs = new MemoryFs();
  const writer = await PackWriter.open({ packsDir: DIR, fs, ownPackBytes: 2 ** 30 });
  const places = await writer.append([record('a', 5), big, record('b', 4_000_000), record('c', 11)]);
  await writer.close();
  const found = await scanAll(fs, DIR);
  assert.deepEqual([...found.messages.values()].flat(), places);
  assert.equal((await pack.scan(pack.bytes)).messages.size, 2);
});

test('a pack that is not there is `missing`', async () => {
  const fs = new MemoryFs();
  await assert.rejects(collect(scanPack(DIR, 2 ** 24 + 1, { fs })), { code: 'missing' });
});
