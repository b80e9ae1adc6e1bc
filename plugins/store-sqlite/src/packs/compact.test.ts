import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compactPack, type LiveRecord, unlinkPack } from './compact.js';
import { collect, filed, record, scanAll } from './fixtures.test.support.js';
import type { JournalEntry } from './journal.js';
import { MemoryFs } from './memory-fs.test.support.js';
import { packPath } from './names.js';
import { PackReader } from './reader.js';
import type { PackRecord, PackRef } from './types.js';
import { PackWriter } from './writer.js';

const DIR = '/data/packs';

/** One sealed pack with these records and a journal entry each, and a writer and reader beside it. */
async function setUp(count: number) {
  const fs = new MemoryFs();
  const first = await PackWriter.open({ packsDir: DIR, fs });
  const records = Array.from({ length: count }, (_, index) => record(`m${index}`, 100 + index));
  const places = await first.append(records);
  first.journal(records.map((item, index) => filed(index, item.guid)));
  await first.close();
  const writer = await PackWriter.open({ packsDir: DIR, fs });
  const reader = new PackReader({ packsDir: DIR, fs });
  return { fs, records, places, pack: places[0]!.pack, writer, reader };
}

async function* live(records: readonly PackRecord[], places: readonly PackRef[], order: readonly number[]) {
  for (const index of order) {
    const { offset, length } = places[index]!;
    const one: LiveRecord = { guid: records[index]!.guid, offset, length };
    yield one;
  }
}

test('live records lie in the order asked for, with their meta, apart from new mail; the rest is gone', async () => {
  const { fs, records, places, pack, writer, reader } = await setUp(1200);
  const order = [...records.keys()].filter((index) => index % 2 === 0).reverse();
  const [fresh] = await writer.append([record('new mail')]);
  const batches = await collect(
    compactPack({ packsDir: DIR, pack, live: live(records, places, order), writer, reader, fs }),
  );
  assert.ok(batches.length > 1);
  const moved = batches.flat();
  assert.deepEqual(
    moved.map((item) => item.from.offset),
    order.map((index) => places[index]!.offset),
  );
  let last = 0;
  for (const [at, item] of moved.entries()) {
    assert.ok('to' in item);
    assert.ok(item.to.pack !== pack && item.to.pack !== fresh!.pack);
    assert.ok(item.to.offset > last);
    last = item.to.offset;
    assert.deepEqual((await reader.readWhole(item.to, item.guid)).meta, records[order[at]!]!.meta);
  }
  await unlinkPack(DIR, pack, fs);
  await unlinkPack(DIR, pack, fs);
  reader.forget(pack);
  await assert.rejects(reader.read(places[0]!), { code: 'missing' });
  const found = await scanAll(
    fs.crashed(() => 0),
    DIR,
  );
  assert.equal(found.messages.size, order.length + 1);
  assert.equal(found.entries.length, 1200, 'the journal went along');
  await writer.close();
});

test('what a batch yields is durable already, and the old pack is whole until it is unlinked', async () => {
  const { fs, records, places, pack, writer, reader } = await setUp(600);
  const all = [...records.keys()];
  for await (const batch of compactPack({
    packsDir: DIR,
    pack,
    live: live(records, places, all),
    writer,
    reader,
    fs,
  })) {
    const after = new PackReader({ packsDir: DIR, fs: fs.crashed(() => 0) });
    for (const item of batch) {
      assert.ok('to' in item);
      await after.readWhole(item.to, item.guid);
      await after.readWhole(item.from, item.guid);
    }
    break; // stopping early harms nothing
  }
  await writer.close();
});

test('the caller chooses which journal entries stay', async () => {
  const { fs, records, places, pack, writer, reader } = await setUp(10);
  const keepJournal = (entry: JournalEntry) => (entry.modseq >= 7 ? entry : undefined);
  const options = { packsDir: DIR, pack, live: live(records, places, [1]), writer, reader, keepJournal, fs };
  await collect(compactPack(options));
  await unlinkPack(DIR, pack, fs);
  await writer.close();
  const found = await scanAll(fs, DIR);
  assert.deepEqual(
    found.entries.map((entry) => entry.modseq),
    [7, 8, 9],
  );
  assert.equal(found.messages.size, 1);
});

test('a damaged record is told and does not stop the others', async () => {
  const { fs, records, places, pack, writer, reader } = await setUp(20);
  fs.files.get(packPath(DIR, pack))!.data[places[5]!.offset + 70]! ^= 4;
  const all = [...records.keys()];
  const moved = (
    await collect(compactPack({ packsDir: DIR, pack, live: live(records, places, all), writer, reader, fs }))
  ).flat();
  moved.forEach((item, index) => {
    if (index === 5) assert.ok('error' in item && item.error.code === 'corrupt');
    else assert.ok('to' in item);
  });
  await writer.close();
});

test('a pack that is still being written is `busy`, for compaction and for unlink', async () => {
  const { fs, writer, reader } = await setUp(1);
  const [place] = await writer.append([record('x')]);
  const options = { packsDir: DIR, pack: place!.pack, live: live([], [], []), writer, reader, fs };
  await assert.rejects(collect(compactPack(options)), { code: 'busy' });
  await assert.rejects(unlinkPack(DIR, place!.pack, fs), { code: 'busy' });
  await writer.close();
});

test('a full disk ends compaction with `no-space`; the old pack stays', async () => {
  const { fs, records, places, pack, writer, reader } = await setUp(5);
  fs.fault = ({ name }) => (name === 'writev' ? { errno: 'ENOSPC' } : undefined);
  const options = { packsDir: DIR, pack, live: live(records, places, [0, 1]), writer, reader, fs };
  await assert.rejects(collect(compactPack(options)), { code: 'no-space' });
  fs.fault = undefined;
  await reader.readWhole(places[0]!);
  await writer.close();
});
