import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { PackError } from './errors.js';
import {
  bothCodec,
  chances,
  codecs,
  collect,
  filed,
  record,
  scanAll,
  sha256,
} from './fixtures.test.support.js';
import type { PackIncident } from './lane.js';
import { type FsCall, MemoryFs } from './memory-fs.test.support.js';
import { PackReader } from './reader.js';
import { scanPack } from './scan.js';
import { listPacks } from './seal.js';
import type { PackRecord, PackRef } from './types.js';
import { PackWriter } from './writer.js';

const DIR = '/data/packs';
const GONE = () => false;

interface Outcome {
  readonly acknowledged: Map<string, PackRef>;
  readonly refused: PackRecord[];
  readonly errors: unknown[];
}

/** Some appends at once and after each other, large ones and journal among them. */
async function scenario(writer: PackWriter): Promise<Outcome> {
  const outcome: Outcome = { acknowledged: new Map(), refused: [], errors: [] };
  const append = async (item: PackRecord) => {
    try {
      const [place] = await writer.append([item]);
      outcome.acknowledged.set(item.guid.toString('hex'), place!);
      writer.journal([filed(outcome.acknowledged.size, item.guid)]);
    } catch (error) {
      outcome.refused.push(item);
      outcome.errors.push(error);
    }
  };
  for (let round = 0; round < 4; round++) {
    await Promise.all(
      [200, 333, 1500].map((bytes, index) => append(record(`round ${round} item ${index}`, bytes))),
    );
  }
  return outcome;
}

async function assertSafe(fs: MemoryFs, outcome: Outcome, why: string): Promise<void> {
  for (const [seed, state] of [
    fs.crashed(() => 0),
    fs.crashed(() => 0.999),
    fs.crashed(chances(fs.calls)),
  ].entries()) {
    const reader = new PackReader({ packsDir: DIR, codec: bothCodec, fs: state });
    for (const [guid, place] of outcome.acknowledged) {
      const body = await reader.read(place, 0, place.length, Buffer.from(guid, 'hex'));
      assert.equal(sha256(body).toString('hex'), guid, `${why}, crash ${seed}`);
    }
    const found = await scanAll(state, DIR);
    for (const guid of outcome.acknowledged.keys())
      assert.ok(found.messages.has(guid), `${why}, scan ${seed}`);
  }
}

/** An entry may be there twice, in the abandoned pack and in the next: replay by modseq does not mind. */
async function journaledUids(fs: MemoryFs): Promise<Set<number>> {
  const entries = (await scanAll(fs, DIR)).entries;
  return new Set(
    entries.flatMap((entry) => (entry.kind === 'filed' ? entry.messages.map(({ uid }) => uid) : [])),
  );
}

// With room behind the records, as the store makes it.
const options = { packsDir: DIR, rollBytes: 3000, ownPackBytes: 1000, roomBytes: 100_000 };

for (const [kind, codec] of codecs) {
  const errno = codec.writeKey === undefined ? 'EIO' : 'ENOSPC';
  test(`${kind}: ${errno} in any one call: what was acknowledged is safe, the rest is told, the writer goes on`, async () => {
    const probe = new MemoryFs();
    const whole = await PackWriter.open({ ...options, codec, fs: probe });
    const first = probe.calls;
    await scenario(whole);
    const total = probe.calls;
    assert.ok(total - first > 30, `${total - first} calls`);
    for (let failing = 0; failing < total; failing++) {
      const fs = new MemoryFs();
      fs.fault = (call) => (call.index === failing ? { errno } : undefined);
      let writer: PackWriter;
      try {
        writer = await PackWriter.open({ ...options, codec, fs });
      } catch (error) {
        assert.ok(failing < first && error instanceof PackError, String(error));
        writer = await PackWriter.open({ ...options, codec, fs, alive: GONE });
      }
      const outcome = await scenario(writer);
      // One failing call never loses a caller: the batch is written again to a new pack.
      assert.deepEqual(outcome.errors, [], `call ${failing}`);
      await assertSafe(fs, outcome, `call ${failing}`);
      await writer.close();
      assert.equal(
        (await journaledUids(fs)).size,
        outcome.acknowledged.size,
        `journal after call ${failing}`,
      );
      assert.equal(fs.openCount, 0, `descriptors after call ${failing}`);
    }
  });
}

test('two failing calls anywhere: errors reach exactly the callers whose record is not safe', async () => {
  const probe = new MemoryFs();
  await scenario(await PackWriter.open({ ...options, fs: probe }));
  const random = chances(42);
  let refusals = 0;
  let abandoned = 0;
  for (let run = 0; run < 150; run++) {
    const from = 30 + Math.floor(random() * (probe.calls - 30));
    const until = from + 2 + Math.floor(random() * 12);
    const fs = new MemoryFs();
    const incidents: PackIncident[] = [];
    const writer = await PackWriter.open({
      ...options,
      fs,
      onIncident: (incident) => incidents.push(incident),
    });
    fs.fault = ({ index, name }) =>
      index >= from && index < until && /write|sync|open/.test(name) ? { errno: 'EIO' } : undefined;
    const outcome = await scenario(writer);
    fs.fault = undefined;
    await assertSafe(fs, outcome, `run ${run}`);
    for (const error of outcome.errors) assert.ok(error instanceof PackError && error.code === 'io');
    refusals += outcome.refused.length;
    abandoned += incidents.length;
    if (outcome.refused.length > 0) {
      await writer.append(outcome.refused); // the same writer takes them now
    }
    await writer.close();
    assert.equal(
      (await journaledUids(fs)).size,
      outcome.acknowledged.size,
      'parked journal was written in the end',
    );
  }
  assert.ok(refusals > 0 && abandoned > 0, 'the faults were hard enough to be felt');
});

test('a file is never synced or written again after a failed sync', async () => {
  const fs = new MemoryFs();
  const failed = new Set<string>();
  const writer = await PackWriter.open({ ...options, fs });
  let syncs = 0;
  fs.fault = ({ name, path }: FsCall) => {
    if (name !== 'fdatasync' && name !== 'writev') return undefined;
    if (path.endsWith('.pack')) assert.ok(!failed.has(path), `${name} on an abandoned pack`);
    if (name !== 'fdatasync' || ++syncs % 3 !== 0) return undefined;
    failed.add(path);
    return { errno: 'EIO' };
  };
  const outcome = await scenario(writer);
  assert.ok(failed.size > 2);
  assert.deepEqual(outcome.errors, []);
  fs.fault = undefined;
  await assertSafe(fs, outcome, 'failing syncs');
  await writer.close();
});

test('short writes and short reads of any size are gone on with', async () => {
  for (const short of [1, 7, 64, 65, 1000]) {
    const fs = new MemoryFs();
    const writer = await PackWriter.open({ ...options, fs });
    fs.fault = ({ name }) => (name === 'writev' || name === 'read' ? { short } : undefined);
    const outcome = await scenario(writer);
    assert.deepEqual(outcome.errors, []);
    await writer.close();
    const found = await scanAll(fs, DIR);
    assert.equal(found.messages.size, outcome.acknowledged.size);
    assert.deepEqual(found.damage, []);
    fs.fault = undefined;
    await assertSafe(fs, outcome, `short ${short}`);
  }
});

test('a write that makes no progress is an error, not an endless loop', async () => {
  const fs = new MemoryFs();
  const writer = await PackWriter.open({ ...options, fs });
  fs.fault = ({ name }) => (name === 'writev' ? { short: 0 } : undefined);
  await assert.rejects(writer.append([record('x')]), { code: 'io' });
  fs.fault = undefined;
  await writer.append([record('x')]);
  await writer.close();
});

for (const [kind, codec] of codecs) {
  test(`${kind}: a full disk: no-space to every caller, nothing acknowledged is lost, no litter, and on it goes`, async () => {
    const fs = new MemoryFs();
    const writer = await PackWriter.open({ ...options, codec, fs });
    const before = await scenario(writer);
    fs.fault = ({ name }) => (name === 'writev' ? { errno: 'ENOSPC' } : undefined);
    const packs = (await listPacks(DIR, fs)).length;
    for (let round = 0; round < 3; round++) {
      const full = await scenario(writer);
      assert.equal(full.acknowledged.size, 0);
      for (const error of full.errors) assert.ok(error instanceof PackError && error.code === 'no-space');
      writer.journal([filed(100 + round, sha256(Buffer.from('x')))]);
      await assert.rejects(writer.flush(), { code: 'no-space' });
    }
    assert.equal((await listPacks(DIR, fs)).length, packs, 'empty packs were removed');
    fs.fault = undefined;
    const after = await scenario(writer);
    assert.deepEqual(after.errors, []);
    await assertSafe(fs, before, 'before');
    await assertSafe(fs, after, 'after');
    await writer.close();
    const uids = await journaledUids(fs);
    for (const uid of [100, 101, 102]) assert.ok(uids.has(uid), 'journal of the full time');
  });
}

test('journal that cannot be written is kept up to a bound, then its loss is told', async () => {
  const fs = new MemoryFs();
  const incidents: PackIncident[] = [];
  const writer = await PackWriter.open({
    packsDir: DIR,
    fs,
    onIncident: (incident) => incidents.push(incident),
  });
  fs.fault = ({ name }) => (name === 'writev' ? { errno: 'EIO' } : undefined);
  const attributes = 'x'.repeat(600_000);
  for (let index = 0; index < 20; index++) {
    writer.journal([
      { kind: 'mailbox', mailbox: `${index}`, name: 'n', modseq: 1, uidValidity: 1, attributes },
    ]);
    await writer.flush().catch(() => undefined);
  }
  assert.ok(incidents.some((incident) => incident.kind === 'journal-lost'));
  fs.fault = undefined;
  await writer.close();
  const { entries } = await scanAll(fs, DIR);
  assert.ok(entries.length >= 10 && entries.length < 20);
  assert.equal(entries.at(-1)?.mailbox, '19');
});

for (const [kind, codec] of codecs) {
  test(`${kind}: a spool file that is gone, short or changed fails its own record alone`, async () => {
    const fs = new MemoryFs();
    await fs.makeDir('/spool');
    const writer = await PackWriter.open({ packsDir: DIR, codec, fs, ownPackBytes: 10_000_000 });
    const content = Buffer.alloc(2_500_000, 'spooled ');
    const fd = await fs.open('/spool/a', 'create');
    await fs.writev(fd, [content], 0);
    await fs.close(fd);
    const spooled = (path: string, length: number, sum: number): PackRecord => ({
      guid: sha256(content),
      body: { path, length, crc32: sum },
      meta: { mailboxHint: 1, internalDateSec: 2 },
    });
    const results = await Promise.allSettled([
      writer.append([record('a')]),
      writer.append([spooled('/spool/gone', content.length, crc32(content))]),
      writer.append([record('b')]),
      writer.append([spooled('/spool/a', content.length + 1, crc32(content))]),
      writer.append([spooled('/spool/a', content.length, crc32(content) ^ 1)]),
      writer.append([spooled('/spool/a', content.length, crc32(content))]),
      writer.append([record('c')]),
    ]);
    const codes = results.map((result) => (result.status === 'fulfilled' ? 'ok' : result.reason.code));
    assert.deepEqual(codes, ['ok', 'spool', 'ok', 'spool', 'spool', 'ok', 'ok']);
    const stored = results[5]!;
    assert.ok(stored.status === 'fulfilled');
    const reader = new PackReader({ packsDir: DIR, codec: bothCodec, fs });
    const body = await reader.read(stored.value[0]!);
    assert.ok(body.equals(content));
    await writer.close();
  });
}

for (const [kind, codec] of codecs) {
  test(`${kind}: crashes at random moments: every acknowledged record is found, no other content ever`, async () => {
    const random = chances(7);
    for (let run = 0; run < 60; run++) {
      let fs = new MemoryFs();
      const known = new Set<string>();
      const acknowledged = new Set<string>();
      for (let life = 0; life < 4; life++) {
        const writer = await PackWriter.open({ ...options, codec, fs, alive: GONE });
        const stopAt = fs.calls + Math.floor(random() * 120);
        let crashed: MemoryFs | undefined;
        let dead = false;
        const live = fs;
        live.fault = ({ index }) => {
          if (index >= stopAt) crashed ??= live.crashed(random);
          dead = crashed !== undefined;
          return dead ? { errno: 'EIO' } : undefined;
        };
        const append = async (name: string, bytes: number) => {
          const item = record(name, bytes);
          known.add(item.guid.toString('hex'));
          await writer.append([item]).then(
            () => dead || acknowledged.add(item.guid.toString('hex')),
            () => undefined,
          );
          if (!dead) writer.journal([filed(1, item.guid)]);
        };
        for (let round = 0; round < 5; round++) {
          const names = [0, 1, 2].map((index) => `${run}.${life}.${round}.${index}`);
          await Promise.all(names.map((name) => append(name, Math.floor(random() * 1400))));
        }
        fs = crashed ?? live.crashed(random);
      }
      const last = await PackWriter.open({ ...options, codec, fs, alive: GONE });
      await last.close();
      const found = await scanAll(fs, DIR);
      for (const guid of acknowledged) assert.ok(found.messages.has(guid), `run ${run} lost ${guid}`);
      for (const guid of found.messages.keys()) assert.ok(known.has(guid), `run ${run} invented ${guid}`);
      for (const pack of await listPacks(DIR, fs)) {
        assert.notEqual(pack.sealedBytes, undefined);
        if ((pack.sealedBytes ?? 0) === 0) continue;
        const events = await collect(scanPack(DIR, pack.id, { fs }));
        const end = events.at(-1);
        assert.ok(end?.kind === 'end' && end.validBytes >= pack.sealedBytes!);
      }
    }
  });
}
