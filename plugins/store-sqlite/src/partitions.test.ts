/** How partitions are chosen, moves between them under traffic and after a crash, and life without one of them. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  isMailError,
  type MailboxId,
  NumberSet,
  personalMailbox,
  sharedMailbox,
  type UserId,
} from '@angarium/sdk';
import { fill, flagSet, mailText, numbered, rowsOf, stage } from '@angarium/testing/contracts';
import fc from 'fast-check';
import { partitions as partitionsCommand, reportPartitions } from './commands/partitions.js';
import { openTestEngine, silentLog, type TestEngine } from './engine.test.support.js';
import { StoreFolderError } from './errors.js';
import { Maintenance } from './maintenance/maintenance.js';
import { plainCodec } from './packs/index.js';
import {
  PartitionPicker,
  type PartitionSelectMode,
  type PartitionState,
  weightedChoice,
} from './partitions.js';

const fred = 'fred' as UserId;
const two = { default: 'packs', slow: 'slow' };
const clean = { wrongRefs: 0, orphans: 0, missing: 0 };

async function assertWhole({ engine }: TestEngine): Promise<void> {
  for (let shard = 0; shard < engine.shards.length; shard++)
    assert.deepEqual(await engine.writer.run('repairBlobs', { shard, isDry: true }), clean);
  for (const { ref } of engine.catalogue.listed({})) {
    const { faults } = await engine.writer.run('reconstruct', { ref, isFull: true, isDry: true });
    assert.deepEqual(faults, []);
  }
}

async function append({ engine }: TestEngine, mailboxes: readonly MailboxId[], subject: string) {
  await using message = await stage(engine, mailText(subject));
  return await engine.append(
    mailboxes.map((mailbox) => ({ mailbox, items: [{ message, flags: flagSet(), internalDateMs: 0 }] })),
  );
}

async function textOf({ engine }: TestEngine, id: MailboxId, uid: number): Promise<string> {
  return (await (await engine.mailbox(id).open(uid)).read(0, 1e6)).toString();
}

/** Rows of all shards. */
function count({ engine }: TestEngine, table: string, where = '1'): number {
  const of = `SELECT count(*) FROM ${table} WHERE ${where}`;
  return engine.shards.reduce((sum, { db }) => sum + (db.prepare(of).pluck().get() as number), 0);
}

test('the modes choose as Cyrus’s do, never what is excluded or lost', () => {
  const free: Record<string, [number, number]> = { a: [10, 20], b: [30, 300], c: [20, 30], d: [99, 99] };
  const state = ({ name }: { name: string }): PartitionState => ({
    name,
    path: '',
    freeBytes: free[name]![0],
    totalBytes: free[name]![1],
    problem: name === 'd' ? 'lost' : undefined,
  });
  const known = Object.keys(free).map((name, id) => ({ id, name, packsDir: '', codec: plainCodec }));
  const picked = (mode: PartitionSelectMode, exclude: string[] = [], random = 0.5) => {
    const picker = new PartitionPicker(known, { mode, exclude }, state, () => random);
    return [1, 2, 3, 4].map(() => picker.pick().name).join('');
  };
  assert.equal(picked('first'), 'aaaa');
  assert.equal(picked('freespace-most'), 'bbbb');
  assert.equal(picked('freespace-percent-most'), 'cccc');
  assert.equal(picked('round-robin'), 'abca');
  assert.equal(picked('random'), 'bbbb');
  assert.equal(picked('random', ['b']), 'cccc');
  assert.equal(picked('freespace-most', ['b']), 'cccc');
  assert.equal(picked('round-robin', ['a', 'b', 'c', 'd']), 'aaaa', 'where there is none: the first');
});

test('weighted modes: the chances are those of Cyrus’s manual', () => {
  const percents = { a: 40, b: 60, c: 30, d: 70 };
  const known = Object.keys(percents).map((name, id) => ({ id, name, packsDir: '', codec: plainCodec }));
  const state = ({ name }: { name: string }): PartitionState => ({
    name,
    path: '',
    freeBytes: percents[name as 'a'],
    totalBytes: 100,
    problem: undefined,
  });
  // As many even steps through the chances as makes each weight a whole number of them.
  const shares = (mode: PartitionSelectMode, steps: number, exclude: string[] = []) => {
    let step = 0;
    const picker = new PartitionPicker(known, { mode, exclude }, state, () => (step++ + 0.5) / steps);
    const counts: Record<string, number> = {};
    for (let i = 0; i < steps; i++) {
      const { name } = picker.pick();
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  };
  assert.deepEqual(shares('freespace-percent-weighted', 200), { a: 40, b: 60, c: 30, d: 70 });
  assert.deepEqual(shares('freespace-percent-weighted', 140, ['b']), { a: 40, c: 30, d: 70 });
  assert.deepEqual(shares('freespace-percent-weighted-delta', 164), { a: 21, b: 61, c: 1, d: 81 });
});

test('a weighted choice is always one of those with a chance', () => {
  const weight = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 100, noNaN: true }));
  const random = fc.oneof(
    fc.constant(1 - Number.EPSILON),
    fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  );
  fc.assert(
    fc.property(fc.array(weight, { minLength: 1, maxLength: 10 }), random, (weights, chance) => {
      const chosen = weightedChoice(weights, chance);
      assert.ok(chosen >= 0 && chosen < weights.length);
      assert.ok(weights[chosen]! > 0 || weights.every((each) => each === 0));
    }),
  );
});

test('a new mailbox goes where its creator says, where its parent is, or where the mode says', async () => {
  const opened = await openTestEngine({ config: { partitions: two, partitionSelectMode: 'round-robin' } });
  const { catalogue } = opened.engine;
  const made = async (path: string[], partition?: string) =>
    (await catalogue.create(sharedMailbox(path), partition === undefined ? {} : { partition })).partition;
  assert.deepEqual([await made(['a']), await made(['b']), await made(['c'])], ['default', 'slow', 'default']);
  assert.equal(await made(['a', 'x', 'y']), 'default', 'of the nearest that exists');
  assert.equal(await made(['b', 'x']), 'slow');
  assert.equal(await made(['b', 'y'], 'default'), 'default');
  await opened.close();
});

test('a mailbox moves under traffic: nothing is lost or doubled, all is readable all the time', async () => {
  const opened = await openTestEngine({ config: { partitions: two, shards: 1 } });
  const { engine } = opened;
  const { id } = await engine.catalogue.create(personalMailbox(fred));
  const other = await engine.catalogue.create(personalMailbox(fred, ['other']));
  await fill(engine, id, numbered(900));
  // Bodies that another mailbox shares, ones that are expunged and kept, ones purged while the move runs.
  await engine.mailbox(id).copyTo(NumberSet.range(1, 50), other.id);
  await engine.mailbox(id).expunge(NumberSet.range(100, 199), { onlyDeleted: false });
  let isMoved = false;
  const moving = engine.catalogue
    .rename(personalMailbox(fred), personalMailbox(fred), { partition: 'slow' })
    .finally(() => {
      isMoved = true;
    });
  let arrived = 0;
  let reads = 0;
  const deliver = async () => {
    for (let stop = false; !stop; stop = isMoved) {
      const [outcome] = await append(opened, [id], `arrival ${arrived}`);
      assert.ok(outcome!.ok);
      arrived++;
    }
  };
  const read = async () => {
    for (let uid = 1; !isMoved; uid = (uid % 99) + 1) {
      assert.ok((await textOf(opened, id, uid)).includes(`message ${uid}`));
      reads++;
    }
  };
  const purge = engine.mailbox(id).purge(opened.clock.ms + 1);
  await Promise.all([moving, deliver(), read(), purge]);
  assert.ok(arrived > 0 && reads > 0);
  assert.equal((await engine.catalogue.byId(id))?.partition, 'slow');
  const uids = rowsOf(await engine.mailbox(id).snapshot()).map(({ uid }) => uid);
  assert.equal(new Set(uids).size, 800 + arrived);
  assert.equal(uids.length, 800 + arrived);
  for (let i = 0; i < arrived; i++) assert.ok((await textOf(opened, id, 901 + i)).includes(`arrival ${i}`));
  assert.equal(count(opened, 'moving'), 0);
  await assertWhole(opened);
  const [first, second] = engine.knownPartitions;
  assert.equal(count(opened, 'blob', `part = ${second!.id}`), 800 + arrived);
  // `other` was below the INBOX and moved along.
  assert.equal(count(opened, 'blob', `part = ${first!.id}`), 0);
  await opened.close();
});

test('a move that was cut off gives back what it held; the mailbox moves at the next try', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'angarium-store-'));
  const config = { partitions: two, shards: 1 };
  const opened = await openTestEngine({ dir, config });
  const { id } = await opened.engine.catalogue.create(personalMailbox(fred));
  await fill(opened.engine, id, numbered(600));
  // As a process leaves it that dies between two batches: 300 messages hold a body in both partitions.
  const { db } = opened.engine.shards[0]!;
  const writable = (await import('better-sqlite3')).default(db.name);
  const slow = opened.engine.knownPartitions[1]!.id;
  writable.exec(`INSERT INTO blob SELECT ${slow}, guid, 1, pack, off, len FROM blob LIMIT 0;
    INSERT INTO blob SELECT ${slow}, cold.guid, 1, 1, 64, 1 FROM cold WHERE id & 4294967295 <= 300;
    INSERT INTO moving SELECT id, ${slow}, 0, 300, '999999999-1-0-0' FROM mbx`);
  writable.close();
  assert.equal(count(opened, 'blob'), 900);
  await assertWhole(opened);
  // One of them goes for good meanwhile: with both its references.
  await opened.engine.mailbox(id).expunge(NumberSet.of(7), { onlyDeleted: false });
  await opened.engine.mailbox(id).purge(opened.clock.ms + 1);
  assert.equal(count(opened, 'blob'), 898);
  await new Maintenance(opened.engine, opened.clock, silentLog).recover();
  assert.deepEqual([count(opened, 'blob'), count(opened, 'moving')], [599, 0]);
  await assertWhole(opened);
  const inbox = personalMailbox(fred);
  await opened.engine.catalogue.rename(inbox, inbox, { partition: 'slow' });
  assert.ok((await textOf(opened, id, 600)).includes('message 600'));
  await assertWhole(opened);
  await opened.close();
  rmSync(dir, { recursive: true });
});

test('a crash after the switch and before the list knows: the list follows the shard', async () => {
  const opened = await openTestEngine({ config: { partitions: two } });
  const { engine } = opened;
  const { id } = await engine.catalogue.create(personalMailbox(fred));
  await fill(engine, id, numbered(3));
  const { ref } = engine.list.byId(id)!;
  await engine.writer.run('relocate', { ref, partition: engine.knownPartitions[1]!.id });
  assert.equal((await engine.catalogue.byId(id))?.partition, 'default');
  await new Maintenance(engine, opened.clock, silentLog).recover();
  assert.equal((await engine.catalogue.byId(id))?.partition, 'slow');
  assert.ok((await append(opened, [id], 'after'))[0]!.ok);
  await assertWhole(opened);
  await opened.close();
});

test('COPY of more messages than rounds to another partition', async () => {
  const opened = await openTestEngine({ config: { partitions: two } });
  const { engine } = opened;
  const { id } = await engine.catalogue.create(personalMailbox(fred));
  const slow = await engine.catalogue.create(sharedMailbox(['news']), { partition: 'slow' });
  await fill(engine, id, numbered(1200));
  const copied = await engine.mailbox(id).copyTo(NumberSet.range(1, 1200), slow.id);
  assert.equal(copied.target.length, 1200);
  assert.ok((await textOf(opened, slow.id, 1200)).includes('message 1200'));
  await assertWhole(opened);
  await opened.close();
});

test('without one partition the others are served, and it is named everywhere', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'angarium-store-'));
  const config = { partitions: two };
  const slowDir = join(dir, 'slow');
  let opened = await openTestEngine({ dir, config });
  const { id } = await opened.engine.catalogue.create(personalMailbox(fred));
  const news = await opened.engine.catalogue.create(sharedMailbox(['news']), { partition: 'slow' });
  assert.ok((await append(opened, [id, news.id], 'before')).every(({ ok }) => ok));
  await opened.close();
  renameSync(slowDir, `${slowDir}-away`);
  // What an unmounted disk leaves.
  mkdirSync(slowDir);
  opened = await openTestEngine({ dir, config });
  const outcomes = await append(opened, [id, news.id], 'without');
  assert.deepEqual(
    outcomes.map(({ ok }) => ok),
    [true, false],
  );
  const [, lost] = outcomes;
  assert.ok(lost !== undefined && !lost.ok && isMailError(lost.error));
  assert.deepEqual([lost.error.code, lost.error.temporary], ['UNAVAILABLE', true]);
  assert.match(lost.error.message, /partition of this mailbox is not available/);
  const [, repeated] = await append(opened, [id, news.id], 'before');
  assert.ok(repeated?.ok === false, 'what is there already is not taken either, since it is not there');
  await assert.rejects(textOf(opened, news.id, 1), { code: 'UNAVAILABLE' });
  assert.ok((await textOf(opened, id, 2)).includes('without'));
  await assert.rejects(
    opened.engine.catalogue.rename(personalMailbox(fred), personalMailbox(fred), { partition: 'slow' }),
    { code: 'UNAVAILABLE' },
  );
  const reports = await reportPartitions(opened.engine);
  assert.deepEqual(
    reports.map(({ name, mailboxes, isDefault }) => [name, mailboxes, isDefault]),
    [
      ['default', 1, true],
      ['slow', 1, false],
    ],
  );
  assert.equal(reports[0]!.problem, undefined);
  assert.ok(reports[0]!.freeBytes > 0 && reports[0]!.usedBytes > 0);
  assert.match(reports[1]!.problem ?? '', /partition "slow" is not there/);
  const command = partitionsCommand(() => opened.engine);
  assert.equal(command.name, 'partitions');
  const maintenance = new Maintenance(opened.engine, opened.clock, silentLog);
  await maintenance.run();
  await opened.close();
  // The disk is back.
  rmSync(slowDir, { recursive: true });
  opened = await openTestEngine({ dir, config });
  renameSync(`${slowDir}-away`, slowDir);
  assert.ok((await textOf(opened, news.id, 1)).includes('before'));
  assert.ok((await append(opened, [news.id], 'again'))[0]!.ok, 'without a new start');
  await assertWhole(opened);
  await opened.close();
  rmSync(dir, { recursive: true });
});

test('a folder of another partition is not taken, one of an earlier version is', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'angarium-store-'));
  const mark = join(dir, 'packs', 'PARTITION');
  let opened = await openTestEngine({ dir });
  const { id } = await opened.engine.catalogue.create(personalMailbox(fred));
  await fill(opened.engine, id, ['one']);
  await opened.close();
  writeFileSync(mark, 'angarium-partition other\n');
  await assert.rejects(openTestEngine({ dir }), (error: unknown) => {
    assert.ok(error instanceof StoreFolderError);
    assert.match(error.message, /says "angarium-partition other"/);
    return true;
  });
  rmSync(mark);
  opened = await openTestEngine({ dir });
  assert.equal(readFileSync(mark, 'utf8'), 'angarium-partition default\n');
  assert.ok((await textOf(opened, id, 1)).includes('one'));
  await opened.close();
  rmSync(join(dir, 'packs'), { recursive: true });
  await assert.rejects(openTestEngine({ dir }), /holds mail, but .*packs does not: mount its disk/);
  rmSync(dir, { recursive: true });
});

test('one message to 500 mailboxes, and its copies, are one body; room is given back with the last', async () => {
  const opened = await openTestEngine({ config: { shards: 1 } });
  const { engine } = opened;
  const ids: MailboxId[] = [];
  for (let i = 0; i < 500; i++) ids.push((await engine.catalogue.create(sharedMailbox([`box ${i}`]))).id);
  const subject = 'x'.repeat(20_000);
  assert.ok((await append(opened, ids, subject)).every(({ ok }) => ok));
  await engine.mailbox(ids[0]!).copyTo(NumberSet.of(1), ids[1]!);
  await engine.writer.run('flush', {});
  const [report] = await reportPartitions(engine);
  // The rest is the journal: what was filed where, and room for what is to come.
  assert.ok(report!.usedBytes < 20_000 * 20 + 256 * 1024, `${report!.usedBytes} octets in packs`);
  assert.deepEqual([count(opened, 'blob'), count(opened, 'cold')], [1, 501]);
  assert.equal(engine.shards[0]!.db.prepare('SELECT refs FROM blob').pluck().get(), 501);
  await assertWhole(opened);
  for (const id of ids) {
    await engine.mailbox(id).expunge(NumberSet.range(1, 2), { onlyDeleted: false });
    if (id === ids[499]) assert.equal(count(opened, 'blob'), 1, 'the last one keeps it');
    await engine.mailbox(id).purge(opened.clock.ms + 1);
  }
  assert.equal(count(opened, 'blob'), 0);
  await assertWhole(opened);
  await opened.close();
});
