/** What happens in the background, and after a loss. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Flag, NumberSet, personalMailbox, sharedMailbox, type UserId } from '@angarium/sdk';
import { fill, flagSet, mailText, numbered, rowsOf } from '@angarium/testing/contracts';
import { openTestEngine, silentLog, type TestEngine } from '../engine.test.support.js';
import { PackWriter } from '../packs/index.js';
import { Maintenance } from './maintenance.js';
import { rebuild } from './rebuild.js';

const fred = 'fred' as UserId;
const joe = 'joe' as UserId;
const DAY_MS = 86_400_000;

function packFiles(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.pack'))
    .sort();
}

function maintenanceOf({ engine, clock }: TestEngine): Maintenance {
  return new Maintenance(engine, clock, silentLog);
}

test('what was expunged is purged when the delay is over, not before', async () => {
  const opened = await openTestEngine({ config: { expungeDelay: '2d' } });
  const { engine, clock } = opened;
  const { id } = await engine.catalogue.create(personalMailbox(fred));
  await fill(engine, id, numbered(3));
  await engine.mailbox(id).expunge(NumberSet.of(2), { onlyDeleted: false });
  const maintenance = maintenanceOf(opened);
  clock.ms += DAY_MS;
  assert.equal((await maintenance.run()).messages, 0);
  clock.ms += DAY_MS + 1;
  const report = await maintenance.run();
  assert.deepEqual([report.messages, report.bytes], [1, mailText('message 2').length]);
  assert.deepEqual(await engine.mailbox(id).expunged(), []);
  await opened.close();
});

test('a deleted mailbox goes for good when its delay is over', async () => {
  const opened = await openTestEngine({ config: { deleteDelay: '1d', shards: 1 } });
  const { engine, clock } = opened;
  const { id } = await engine.catalogue.create(personalMailbox(fred, ['a']));
  await fill(engine, id, numbered(250));
  await engine.mailbox(id).expunge(NumberSet.range(1, 20), { onlyDeleted: false });
  await engine.catalogue.delete(personalMailbox(fred, ['a']));
  const maintenance = maintenanceOf(opened);
  assert.equal((await maintenance.run()).mailboxes, 0);
  clock.ms += DAY_MS + 1;
  assert.equal((await maintenance.run()).mailboxes, 1);
  const { db } = engine.shards[0]!;
  for (const table of ['hot', 'cold', 'blob', 'expunged', 'vanished']) {
    assert.equal(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get(), 0, table);
  }
  await opened.close();
});

test('sparse packs are rewritten; an empty one goes after the grace, messages stay readable', async () => {
  const maintenance = { every: '1h', liveBelow: 0.6, grace: '10m' };
  const opened = await openTestEngine({ config: { packSize: '64KB', maintenance, shards: 2 } });
  const { engine, clock, dir } = opened;
  const { id } = await engine.catalogue.create(personalMailbox(fred));
  const news = await engine.catalogue.create(sharedMailbox(['news']));
  for (let i = 0; i < 8; i++) {
    const subjects = Array.from({ length: 30 }, (_, n) => `message ${i} ${n} ${'x'.repeat(500)}`);
    await fill(engine, id, subjects);
  }
  await engine.mailbox(id).copyTo(NumberSet.of(8), news.id);
  const before = packFiles(join(dir, 'packs'));
  assert.ok(before.length > 2);
  const gone = NumberSet.fromRanges(
    Array.from({ length: 60 }, (_, i): [number, number] => [4 * i + 1, 4 * i + 3]),
  );
  await engine.mailbox(id).expunge(gone, { onlyDeleted: false });
  await engine.mailbox(id).purge(clock.now() + 1);
  const runner = maintenanceOf(opened);
  const message = await engine.mailbox(id).open(8);
  const first = await runner.run();
  assert.ok(first.packsRewritten > 0);
  await runner.run();
  assert.deepEqual(
    packFiles(join(dir, 'packs')).filter((name) => before.includes(name)),
    before,
    'still there',
  );
  clock.ms += 10 * 60_000;
  assert.ok((await runner.run()).packsRemoved > 0);
  assert.ok(packFiles(join(dir, 'packs')).filter((name) => before.includes(name)).length < before.length);
  const subject = `message 0 7 ${'x'.repeat(500)}`;
  assert.ok(
    (await message.read(0, 1e6)).equals(mailText(subject)),
    'a reader that looked before finds the new place',
  );
  assert.ok((await (await engine.mailbox(news.id).open(1)).read(0, 1e6)).equals(mailText(subject)));
  for (const { ref } of engine.catalogue.listed({})) {
    const { faults, messages } = await engine.writer.run('reconstruct', { ref, isFull: true, isDry: true });
    assert.deepEqual(faults, []);
    assert.equal(messages, ref.id === id ? 60 : 1);
  }
  await opened.close();
});

test('a crash between the list and the shard is settled by the list', async () => {
  const opened = await openTestEngine();
  const { engine, clock } = opened;
  const { catalogue, writer } = engine;
  const one = await catalogue.create(personalMailbox(fred, ['a']), { quotaRoot: 'root' });
  const two = await catalogue.create(personalMailbox(fred, ['b']), { quotaRoot: 'root' });
  for (const { id } of [one, two]) await fill(engine, id, ['one']);
  // Only the first half of a deletion and of a change, as after a kill in between.
  await writer.run('listDelete', {
    id: one.id,
    key: engine.list.byId(one.id)!.key,
    isImmediate: false,
    nowMs: clock.now(),
  });
  await writer.run('listChange', { id: two.id, patch: { quotaRoot: 'other' } });
  assert.equal((await engine.usage('root')).messages, 2);
  assert.equal(await maintenanceOf(opened).reconcile(), 2);
  assert.equal((await engine.usage('root')).messages, 0);
  assert.equal((await engine.usage('other')).messages, 1);
  assert.equal(await maintenanceOf(opened).reconcile(), 0);
  await opened.close();
});

test('a mailbox moves to another partition with its bodies', async () => {
  const partitions = { default: 'packs', archive: 'archive/packs' };
  const opened = await openTestEngine({ config: { partitions, shards: 1 } });
  const { engine, dir } = opened;
  const { catalogue } = engine;
  const made = await catalogue.create(personalMailbox(fred, ['old']));
  const stays = await catalogue.create(personalMailbox(fred, ['new']));
  await fill(engine, made.id, numbered(20));
  await engine.mailbox(made.id).copyTo(NumberSet.of(1), stays.id);
  const [renamed] = await catalogue.rename(made.name, made.name, { partition: 'archive' });
  assert.equal(renamed?.entry.partition, 'archive');
  assert.ok(packFiles(join(dir, 'archive/packs')).length > 0);
  for (const [id, uid] of [
    [made.id, 20],
    [stays.id, 1],
  ] as const) {
    assert.ok((await (await engine.mailbox(id).open(uid)).read(0, 1e6)).equals(mailText(`message ${uid}`)));
  }
  const back = await engine.mailbox(made.id).copyTo(NumberSet.of(5), stays.id);
  assert.ok(
    (await (await engine.mailbox(stays.id).open(back.target[0]!)).read(0, 1e6)).equals(mailText('message 5')),
  );
  assert.deepEqual(await engine.writer.run('repairBlobs', { shard: 0, isDry: true }), {
    wrongRefs: 0,
    orphans: 0,
    missing: 0,
  });
  await opened.close();
});

test('after the loss of a shard and of the list, packs bring everything back that they know', async () => {
  const first = await openTestEngine({ config: { shards: 1 } });
  const { catalogue } = first.engine;
  const inbox = await catalogue.create(personalMailbox(fred), { acl: { fred: 'lrs' }, quotaRoot: 'root' });
  const gone = await catalogue.create(personalMailbox(joe));
  await fill(first.engine, inbox.id, numbered(120), flagSet(0, 'k'));
  await fill(first.engine, gone.id, ['secret']);
  const box = first.engine.mailbox(inbox.id);
  await box.updateFlags(NumberSet.of(3), { mode: 'replace', ...flagSet(Flag.flagged, 'other') });
  await box.expunge(NumberSet.range(10, 19), { onlyDeleted: false });
  await catalogue.rename(personalMailbox(fred), personalMailbox('alfred' as UserId));
  await catalogue.delete(personalMailbox(joe), { immediate: true });
  await first.engine.writer.run('flush', {});
  const { packsDir } = first.engine.knownPartitions[0]!;
  await first.engine.close();
  // A message whose journal entry a power cut took.
  const stray = mailText('stray');
  const packs = await PackWriter.open({ packsDir });
  const guid = createHash('sha256').update(stray).digest();
  await packs.append([
    { guid, body: { chunks: [stray] }, meta: { mailboxHint: 0, internalDateSec: 86_400 } },
  ]);
  await packs.close();
  for (const name of readdirSync(join(first.dir, 'meta'))) {
    if (/\.db/.test(name)) rmSync(join(first.dir, 'meta', name));
  }

  const again = await openTestEngine({ dir: first.dir, clock: first.clock });
  const options = { note: () => undefined, signal: new AbortController().signal };
  const dry = await rebuild(again.engine, again.clock, { ...options, isDry: true });
  assert.deepEqual([dry.mailboxes, dry.messages, dry.renewed, dry.strays], [1, 110, 0, 1]);
  assert.deepEqual(await again.engine.catalogue.list({}), [], 'a dry run changes nothing');
  await rebuild(again.engine, again.clock, { ...options, isDry: false });
  const back = await again.engine.catalogue.find(personalMailbox('alfred' as UserId));
  assert.deepEqual([back?.id, back?.uidValidity, back?.acl], [inbox.id, inbox.uidValidity, { fred: 'lrs' }]);
  const rows = rowsOf(await again.engine.mailbox(inbox.id).snapshot());
  assert.equal(rows.length, 110);
  assert.deepEqual([rows[2]?.flags, rows[2]?.keywords, rows[9]?.uid], [Flag.flagged, ['other'], 20]);
  assert.ok(
    (await (await again.engine.mailbox(inbox.id).open(120)).read(0, 1e6)).equals(mailText('message 120')),
  );
  assert.deepEqual(await fill(again.engine, inbox.id, ['next']), [121]);
  assert.equal((await again.engine.usage('root')).messages, 111);
  const [recovered] = await again.engine.catalogue.list({ shared: true });
  assert.ok((await (await again.engine.mailbox(recovered!.id).open(1)).read(0, 1e6)).equals(stray));
  const repeated = await rebuild(again.engine, again.clock, { ...options, isDry: false });
  assert.deepEqual([repeated.mailboxes, repeated.strays], [0, 0]);
  await again.close();
  rmSync(first.dir, { recursive: true });
});

test('a journal with gaps gives a new UIDVALIDITY', async () => {
  const first = await openTestEngine({ config: { shards: 1 } });
  const inbox = await first.engine.catalogue.create(personalMailbox(fred));
  await fill(first.engine, inbox.id, ['one']);
  // Annotations are not journalled.
  await first.engine
    .mailbox(inbox.id)
    .setAnnotations(NumberSet.of(1), fred, new Map([['/comment', Buffer.from('x')]]));
  await fill(first.engine, inbox.id, ['two']);
  await first.engine.writer.run('flush', {});
  await first.engine.close();
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(first.dir, `meta/00.db${suffix}`), { force: true });
  const again = await openTestEngine({ dir: first.dir, clock: first.clock });
  const report = await rebuild(again.engine, again.clock, {
    isDry: false,
    note: () => undefined,
    signal: new AbortController().signal,
  });
  assert.deepEqual([report.mailboxes, report.renewed], [1, 1]);
  const back = await again.engine.catalogue.find(personalMailbox(fred));
  assert.equal(back?.id, inbox.id);
  assert.ok(back.uidValidity > inbox.uidValidity);
  assert.equal((await again.engine.mailbox(inbox.id).snapshot()).count, 2);
  assert.ok(existsSync(join(first.dir, 'meta/00.db')));
  await again.close();
  rmSync(first.dir, { recursive: true });
});
