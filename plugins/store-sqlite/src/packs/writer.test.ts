import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { filed, record, recordOf, scanAll, sha256 } from './fixtures.test.support.js';
import { MemoryFs } from './memory-fs.test.support.js';
import { packPath, splitPackId } from './names.js';
import { PackReader } from './reader.js';
import { listPacks } from './seal.js';
import type { PackRef } from './types.js';
import { PackWriter } from './writer.js';

const DIR = '/data/packs';

async function opened(fs: MemoryFs, options: object = {}): Promise<PackWriter> {
  return await PackWriter.open({ packsDir: DIR, fs, ...options });
}

/** Holds every fdatasync back until `release`, which lets all later ones pass. */
function holdSyncs(fs: MemoryFs): { readonly reached: Promise<void>; release(): void } {
  let release = () => {};
  let reach = () => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  const reached = new Promise<void>((resolve) => (reach = resolve));
  fs.hold = async (name) => {
    if (name !== 'fdatasync') return;
    reach();
    await gate;
  };
  return { reached, release };
}

test('records come back by the places that append answers', async () => {
  const fs = new MemoryFs();
  const writer = await opened(fs);
  const bodies = [0, 1, 7, 8, 9, 4096, 70_000].map((bytes) => Buffer.alloc(bytes, 'x'));
  const places = await writer.append(bodies.map((body) => recordOf(body)));
  const split = Buffer.from('three pieces of a body');
  const [pieces] = await writer.append([
    recordOf(split, [split.subarray(0, 3), split.subarray(3, 3), split.subarray(3)]),
  ]);
  const reader = new PackReader({ packsDir: DIR, fs });
  for (const [index, place] of places.entries()) {
    assert.equal(place.offset % 8, 0);
    assert.deepEqual(await reader.read(place, 0, place.length, sha256(bodies[index]!)), bodies[index]);
  }
  assert.ok(pieces !== undefined);
  const whole = await reader.readWhole(pieces);
  assert.equal(whole.body.toString(), split.toString());
  assert.deepEqual(whole.meta, { mailboxHint: 7, internalDateSec: 1_700_000_000 });
  reader.close();
  await writer.close();
  assert.equal(fs.openCount, 0);
});

test('what arrives while a sync runs shares the next one', async () => {
  const fs = new MemoryFs();
  const writer = await opened(fs);
  const syncs = holdSyncs(fs);
  const first = writer.append([record('first')]);
  await syncs.reached;
  const later = Array.from({ length: 100 }, (_, index) => writer.append([record(`later ${index}`)]));
  const before = fs.syncs;
  syncs.release();
  await Promise.all([first, ...later]);
  assert.equal(fs.syncs - before, 2);
  await writer.close();
});

test('a record is acknowledged only when its bytes and the name of its pack are durable', async () => {
  const fs = new MemoryFs();
  const writer = await opened(fs, { rollBytes: 1000, ownPackBytes: 2000 });
  for (let index = 0; index < 30; index++) {
    const [place] = await writer.append([record(`m${index}`, index % 7 === 0 ? 3000 : 300)]);
    assert.ok(place !== undefined);
    const node = fs.durableNames.get(packPath(DIR, place.pack));
    assert.ok(node !== undefined, 'directory entry synced');
    assert.ok(node.durable.length >= place.offset + 64 + place.length, 'bytes synced');
  }
  assert.ok(fs.durableNames.has(`${dirname(packPath(DIR, 2 ** 24 + 1))}/series.json`));
  await writer.close();
});

test('small writes find room: the file is as long as it was, and what is behind the records is no record', async () => {
  const fs = new MemoryFs();
  const writer = await opened(fs, { roomBytes: 64_000 });
  const [first] = await writer.append([record('first', 1500)]);
  const path = packPath(DIR, first!.pack);
  const lengths = new Set<number>();
  let end = 0;
  for (let index = 0; index < 60; index++) {
    const [place] = await writer.append([record(`small ${index}`, 900)]);
    end = place!.offset + 64 + place!.length;
    const { bytes } = fs.files.get(path)!;
    assert.equal(fs.durableNames.get(path)!.durable.length, bytes, 'the room is synced with the records');
    lengths.add(bytes);
  }
  assert.ok(lengths.size < 12, `${lengths.size} lengths`);
  assert.ok(fs.files.get(path)!.bytes <= end + 64_000);
  await writer.append([record('large', 10_000)]);
  await writer.append([record('last')]);
  const { messages, damage } = await scanAll(fs, DIR);
  assert.deepEqual([messages.size, damage], [63, []]);
  await writer.close();
  const [sealed] = await listPacks(DIR, fs);
  assert.ok(sealed!.sealedBytes! < sealed!.bytes, 'the seal is where the records end');
});

test('where the disk has no room for zeros the records are kept all the same', async () => {
  const fs = new MemoryFs();
  const writer = await opened(fs, { roomBytes: 64_000 });
  const [first] = await writer.append([record('first')]);
  let writes = 0;
  // The second write of an append is that of the room.
  fs.fault = ({ name }) => (name === 'writev' && ++writes === 2 ? { errno: 'ENOSPC' } : undefined);
  const places: PackRef[] = [];
  for (let index = 0; index < 10; index++) {
    writes = 0;
    places.push(...(await writer.append([record(`m${index}`, 300)])));
  }
  assert.ok(places.every(({ pack }) => pack === first!.pack));
  fs.fault = undefined;
  await writer.close();
});

test('packs roll at their size, a large body gets one of its own, all end sealed', async () => {
  const fs = new MemoryFs();
  const writer = await opened(fs, { rollBytes: 2000, ownPackBytes: 1000 });
  const large = await writer.append([record('large', 5000), record('small', 10), record('larger', 6000)]);
  assert.equal(new Set(large.map((place) => place.pack)).size, 3);
  for (let index = 0; index < 20; index++) await writer.append([record(`m${index}`, 400)]);
  await writer.close();
  const packs = await listPacks(DIR, fs);
  assert.ok(packs.length > 6);
  for (const pack of packs) {
    assert.equal(pack.sealedBytes, pack.bytes);
    const found = await scanAll(fs, DIR, [pack.id]);
    assert.ok(pack.bytes <= 2000 || found.messages.size === 1);
  }
});

test('the queue is bounded: append waits for room, and one larger than all of it still passes', async () => {
  const fs = new MemoryFs();
  const writer = await opened(fs, { queueBytes: 5000 });
  const syncs = holdSyncs(fs);
  const state = { settled: 0 };
  const appends = Array.from({ length: 10 }, (_, index) =>
    writer.append([record(`m${index}`, index === 5 ? 20_000 : 2000)]).then(() => state.settled++),
  );
  await syncs.reached;
  await new Promise((resolve) => setImmediate(resolve));
  const written = [...fs.files].filter(([name]) => name.endsWith('.pack'))[0]![1].bytes;
  assert.ok(written < 5000, `${written} bytes taken on`);
  assert.equal(state.settled, 0);
  syncs.release();
  await Promise.all(appends);
  assert.equal((await scanAll(fs, DIR)).messages.size, 10);
  await writer.close();
});

test('journal entries cost no sync, and are durable after the next append', async () => {
  const fs = new MemoryFs();
  const writer = await opened(fs);
  const mail = record('mail');
  await writer.append([mail]);
  const before = fs.syncs;
  writer.journal([filed(1, mail.guid)]);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(fs.syncs, before);
  assert.equal((await scanAll(fs, DIR)).entries.length, 1, 'written all the same');
  await writer.append([record('next')]);
  assert.equal(fs.syncs, before + 1);
  assert.equal(
    (
      await scanAll(
        fs.crashed(() => 0),
        DIR,
      )
    ).entries.length,
    1,
  );
  writer.journal([filed(2, mail.guid)]);
  await writer.flush();
  assert.equal(
    (
      await scanAll(
        fs.crashed(() => 0),
        DIR,
      )
    ).entries.length,
    2,
  );
  await writer.close();
});

test('much journal without an append syncs by itself', async () => {
  const fs = new MemoryFs();
  const writer = await opened(fs);
  const before = fs.syncs;
  const guid = Buffer.alloc(32, 3);
  const messages = Array.from({ length: 40_000 }, (_, index) => ({
    ...{ uid: index, guid, flags: 0, keywords: [], internalDateSec: 0, zoneMinutes: 0 },
  }));
  writer.journal([{ kind: 'filed', mailbox: 'm', name: 'n', modseq: 1, messages }]);
  await new Promise((resolve) => setTimeout(resolve, 0));
  await writer.append([record('x')]);
  assert.ok(fs.syncs >= before + 1);
  assert.equal(
    (
      await scanAll(
        fs.crashed(() => 0),
        DIR,
      )
    ).entries.length,
    10,
  );
  await writer.close();
});

test('a pack is never opened again for writing, a number never used again', async () => {
  const fs = new MemoryFs();
  const seen = new Set<number>();
  for (let round = 0; round < 4; round++) {
    const writer = await opened(fs);
    const [place] = await writer.append([record(`m${round}`)]);
    assert.ok(place !== undefined && !seen.has(place.pack));
    assert.equal(splitPackId(place.pack).series, 1, 'the series was given back');
    seen.add(place.pack);
    await writer.close();
    if (round === 2) await fs.unlink(packPath(DIR, place.pack));
  }
});

test('after close everything fails with `closed`; an append that waits is told too', async () => {
  const fs = new MemoryFs();
  const writer = await opened(fs);
  await writer.append([record('a')]);
  await writer.close();
  await writer.close();
  await assert.rejects(writer.append([record('b')]), { code: 'closed' });
  assert.throws(() => writer.journal([filed(1, sha256(Buffer.alloc(0)))]), { code: 'closed' });
  await assert.rejects(writer.append([{ ...record('c'), guid: Buffer.alloc(20) }]), RangeError);
});
