/** Disks that fill up, syncs that fail, files that are damaged. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { isMailError, type MailboxId, NumberSet, personalMailbox, type UserId } from '@angarium/sdk';
import { fill, flagSet, mailText, numbered, rowsOf, stage } from '@angarium/testing/contracts';
import Database from 'better-sqlite3';
import { openTestEngine, type TestEngine } from './engine.test.support.js';
import { nodeFs } from './packs/fs.js';
import type { PackFs } from './packs/index.js';
import type { Change, ThreadSettings } from './thread/protocol.js';
import { CommitQueue } from './thread/queue.js';
import { Writer } from './thread/writer.js';
import type { StoreWriter } from './writer-client.js';

const fred = 'fred' as UserId;

interface Faulty extends TestEngine {
  readonly inner: Writer;
}

/** Writes in this thread, so that the test reaches its connections and its file system. */
async function openFaulty(packFs: PackFs = nodeFs): Promise<Faulty> {
  let inner: Writer | undefined;
  const makeWriter = (
    settings: ThreadSettings,
    onChanges: (changes: readonly Change[]) => void,
  ): StoreWriter => {
    const writer = new Writer({
      settings,
      packFs,
      log: () => undefined,
      tell: (change) => onChanges([change]),
    });
    inner = writer;
    return { run: (name, input) => writer.execute(name, input), close: () => writer.close() };
  };
  const engine = await openTestEngine({ config: { shards: 1 }, makeWriter });
  return { ...engine, inner: inner! };
}

async function tryAppend({ engine }: TestEngine, mailbox: MailboxId, subject: string) {
  await using message = await stage(engine, mailText(subject));
  const [outcome] = await engine.append([
    { mailbox, items: [{ message, flags: flagSet(), internalDateMs: 0 }] },
  ]);
  return outcome!;
}

test('no room for packs: UNAVAILABLE, nothing is half there, and it goes on when there is room', async () => {
  let isFull = false;
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  const packFs: PackFs = {
    ...nodeFs,
    writev: (fd, buffers, position) => (isFull ? Promise.reject(full) : nodeFs.writev(fd, buffers, position)),
  };
  const faulty = await openFaulty(packFs);
  const { engine } = faulty;
  const { id } = await engine.catalogue.create(personalMailbox(fred));
  assert.ok((await tryAppend(faulty, id, 'before')).ok);
  isFull = true;
  const outcome = await tryAppend(faulty, id, 'full');
  assert.ok(!outcome.ok && isMailError(outcome.error));
  assert.deepEqual([outcome.error.code, outcome.error.temporary], ['UNAVAILABLE', true]);
  assert.equal((await engine.mailbox(id).snapshot()).count, 1);
  isFull = false;
  assert.ok((await tryAppend(faulty, id, 'after')).ok);
  assert.deepEqual(
    rowsOf(await engine.mailbox(id).snapshot()).map(({ uid }) => uid),
    [1, 2],
  );
  await faulty.close();
});

test('SQLITE_FULL: what fits is done, what does not is UNAVAILABLE, the shard stays whole', async () => {
  const faulty = await openFaulty();
  const { engine, inner } = faulty;
  const { id } = await engine.catalogue.create(personalMailbox(fred));
  await fill(engine, id, numbered(10));
  const db = inner.shardDatabase(0);
  const pages = Number(db.pragma('page_count', { simple: true }));
  db.pragma(`max_page_count = ${pages + 6}`);
  const outcomes = await Promise.all(
    numbered(60).map((subject) => tryAppend(faulty, id, `${subject} of a crowd`)),
  );
  const failed = outcomes.filter((outcome) => !outcome.ok);
  assert.ok(
    failed.length > 0 && failed.length < outcomes.length,
    `${failed.length} of ${outcomes.length} failed`,
  );
  for (const outcome of failed) {
    assert.ok(!outcome.ok && isMailError(outcome.error) && outcome.error.code === 'UNAVAILABLE');
  }
  db.pragma(`max_page_count = ${2 ** 30}`);
  const box = engine.mailbox(id);
  assert.equal((await box.snapshot()).count, 10 + outcomes.length - failed.length);
  await box.updateFlags(NumberSet.range(1, 100), { mode: 'add', ...flagSet(1) });
  assert.deepEqual(await engine.writer.run('repairBlobs', { shard: 0, isDry: true }), {
    wrongRefs: 0,
    orphans: 0,
    missing: 0,
  });
  const { ref } = engine.list.byId(id)!;
  assert.deepEqual((await engine.writer.run('reconstruct', { ref, isFull: true, isDry: true })).faults, []);
  await faulty.close();
});

test('a WAL that cannot be synced: the pages go into the database instead', async () => {
  const { dir, close } = await openTestEngine();
  const path = `${dir}/meta/00.db`;
  const db = new Database(path, { timeout: 0 });
  db.exec('CREATE TABLE t (n INTEGER)');
  let syncs = 0;
  const queue = new CommitQueue(db, (_fd, done) => {
    syncs++;
    done(Object.assign(new Error('i/o error'), { code: 'EIO' }));
  });
  await queue.run(() => db.prepare('INSERT INTO t VALUES (1)').run());
  assert.equal(syncs, 1);
  const frames = db.pragma('wal_checkpoint') as { log: number }[];
  assert.equal(frames[0]?.log, 0, 'nothing is left in the WAL');
  // A reader in the way keeps the WAL: then the change is not promised.
  const reader = new Database(path, { readonly: true });
  await queue.run(() => db.prepare('INSERT INTO t VALUES (2)').run());
  const rows = reader.prepare('SELECT n FROM t').iterate();
  rows.next();
  await assert.rejects(
    queue.run(() => db.prepare('INSERT INTO t VALUES (3)').run()),
    /i\/o error/,
  );
  rows.return?.();
  reader.close();
  queue.close();
  await close();
});

test('behind a sync that failed nothing is promised until the WAL is in the database', async () => {
  const { dir, close } = await openTestEngine();
  const path = `${dir}/meta/00.db`;
  const db = new Database(path, { timeout: 0 });
  db.exec('CREATE TABLE t (n INTEGER)');
  db.exec('INSERT INTO t VALUES (0)');
  let syncs = 0;
  const queue = new CommitQueue(db, (_fd, done) => {
    done(syncs++ === 0 ? Object.assign(new Error('i/o error'), { code: 'EIO' }) : null);
  });
  const insert = () => queue.run(() => db.prepare('INSERT INTO t VALUES (1)').run());
  const reader = new Database(path, { readonly: true });
  const rows = reader.prepare('SELECT n FROM t').iterate();
  rows.next();
  await assert.rejects(insert(), /i\/o error/);
  await assert.rejects(
    insert(),
    /i\/o error/,
    'the next sync would succeed, but the frames before are not safe',
  );
  rows.return?.();
  await insert();
  assert.equal(syncs, 1);
  await insert();
  assert.equal(syncs, 2, 'all is well again');
  reader.close();
  queue.close();
  await close();
});

test('jobs of one commit: a failing one leaves no trace, the others are done', async () => {
  const { dir, close } = await openTestEngine();
  const db = new Database(`${dir}/meta/00.db`);
  db.exec('CREATE TABLE t (n INTEGER)');
  const queue = new CommitQueue(db);
  const insert = db.prepare('INSERT INTO t VALUES (?)');
  const results = await Promise.allSettled(
    [1, 2, 3].map((n) =>
      queue.run(() => {
        insert.run(n);
        if (n === 2) throw new Error('two is refused');
        return n;
      }),
    ),
  );
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(db.prepare('SELECT n FROM t').pluck().all(), [1, 3]);
  assert.equal(queue.commits, 1);
  queue.close();
  await close();
});

test('a lock of another process is waited for without blocking', async () => {
  const { dir, close } = await openTestEngine();
  const other = new Database(`${dir}/meta/00.db`);
  other.exec('CREATE TABLE t (n INTEGER)');
  const db = new Database(`${dir}/meta/00.db`, { timeout: 0 });
  const queue = new CommitQueue(db);
  other.exec('BEGIN IMMEDIATE');
  const written = queue.run(() => db.prepare('INSERT INTO t VALUES (1)').run());
  while (queue.busyRetries < 3) await new Promise((resolve) => setTimeout(resolve, 1));
  other.exec('COMMIT');
  await written;
  assert.equal(other.prepare('SELECT count(*) FROM t').pluck().get(), 1);
  other.close();
  queue.close();
  await close();
});

test('a damaged chunk is CORRUPTION, and reconstruct brings its messages back', async () => {
  const { engine, dir, close } = await openTestEngine({ config: { shards: 1 } });
  const { id } = await engine.catalogue.create(personalMailbox(fred));
  await fill(engine, id, numbered(150), flagSet(4));
  const db = new Database(`${dir}/meta/00.db`);
  const first = db.prepare('SELECT min(id) FROM hot').pluck().get() as number;
  const bytes = db.prepare('SELECT b FROM hot WHERE id = ?').pluck().get(first) as Buffer;
  bytes[100]! ^= 1;
  db.prepare('UPDATE hot SET b = ? WHERE id = ?').run(bytes, first);
  db.close();
  await assert.rejects(
    engine.mailbox(id).snapshot(),
    (error) => isMailError(error) && error.code === 'CORRUPTION',
  );
  const { ref } = engine.list.byId(id)!;
  const dry = await engine.writer.run('reconstruct', { ref, isFull: false, isDry: true });
  assert.match(dry.faults[0] ?? '', /index from UID 1: the chunk's check sum is wrong/);
  await assert.rejects(engine.mailbox(id).snapshot(), 'a dry run changes nothing');
  await engine.writer.run('reconstruct', { ref, isFull: false, isDry: false });
  const rows = rowsOf(await engine.mailbox(id).snapshot());
  assert.deepEqual(
    rows.map(({ uid }) => uid),
    Array.from({ length: 150 }, (_, i) => i + 1),
  );
  assert.deepEqual([rows[0]?.flags, rows[149]?.flags], [0, 4], 'flags of the damaged chunk are lost');
  assert.deepEqual((await engine.writer.run('reconstruct', { ref, isFull: true, isDry: true })).faults, []);
  await close();
});

test('a damaged body is CORRUPTION for its reader, and full reconstruct tells', async () => {
  const { engine, close } = await openTestEngine({ config: { shards: 1 } });
  const { id } = await engine.catalogue.create(personalMailbox(fred));
  await fill(engine, id, ['one']);
  const { ref } = engine.list.byId(id)!;
  const place = engine.shards[0]!.body(1, 1, ref.partition)!;
  const path = `${engine.knownPartitions[0]!.packsDir}/0001/000001.pack`;
  const pack = (await import('node:fs')).readFileSync(path);
  pack[place.ref.offset + 64 + 5]! ^= 1;
  writeFileSync(path, pack);
  const message = await engine.mailbox(id).open(1);
  await assert.rejects(message.read(0, 1e6), (error) => isMailError(error) && error.code === 'CORRUPTION');
  const { faults } = await engine.writer.run('reconstruct', { ref, isFull: true, isDry: true });
  assert.match(faults[0] ?? '', /message 1 cannot be read/);
  await close();
});

test('of a body that comes in pieces no piece is given out when any of it is damaged', async () => {
  const { engine, close } = await openTestEngine({ config: { shards: 1 } });
  const { id } = await engine.catalogue.create(personalMailbox(fred));
  await fill(engine, id, ['x'.repeat(2_000_000)]);
  const { ref } = engine.list.byId(id)!;
  const { ref: place } = engine.shards[0]!.body(1, 1, ref.partition)!;
  assert.ok(place.length > 2_000_000);
  const path = `${engine.knownPartitions[0]!.packsDir}/0001/000001.pack`;
  const pack = readFileSync(path);
  pack[place.offset + 64 + 1_900_000]! ^= 1;
  writeFileSync(path, pack);
  const isCorruption = (error: unknown) => isMailError(error) && error.code === 'CORRUPTION';
  const pieces = engine.mailbox(id).contents([{ uid: 1, from: 0, to: Number.POSITIVE_INFINITY }]);
  let given = 0;
  await assert.rejects(async () => {
    for await (const piece of pieces) given += piece.bytes.length;
  }, isCorruption);
  assert.equal(given, 0);
  const message = await engine.mailbox(id).open(1);
  await assert.rejects(message.read(0, 1000), isCorruption);
  await close();
});
