/** Compression and encryption at rest through the whole store: settings that change, keys that rotate or are missing. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type CommandContext,
  isMailError,
  type MailboxId,
  NumberSet,
  personalMailbox,
  sharedMailbox,
  type UserId,
} from '@angarium/sdk';
import { fill, flagSet, mailText, numbered, rowsOf, stage } from '@angarium/testing/contracts';
import { partitions, reportPartitions, rewritePartition } from './commands/partitions.js';
import type { PartitionConfig } from './config.js';
import { openTestEngine, silentLog, type TestEngine } from './engine.test.support.js';
import { StoreFolderError } from './errors.js';
import { Maintenance } from './maintenance/maintenance.js';
import { rebuild } from './maintenance/rebuild.js';

const fred = 'fred' as UserId;
const clean = { wrongRefs: 0, orphans: 0, missing: 0 };

function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'angarium-store-'));
  for (const [name, digit] of [
    ['old.key', 'a1'],
    ['new.key', 'b2'],
  ] as const)
    writeFileSync(join(dir, name), `${digit.repeat(32)}\n`);
  return dir;
}

function open(dir: string, partition: Omit<PartitionConfig, 'path'>, more = {}): Promise<TestEngine> {
  return openTestEngine({
    dir,
    config: { partitions: { default: { path: 'packs', ...partition } }, ...more },
  });
}

async function textOf({ engine }: TestEngine, id: MailboxId, uid: number): Promise<string> {
  return (await (await engine.mailbox(id).open(uid)).read(0, 1e6)).toString();
}

async function assertWhole({ engine }: TestEngine): Promise<void> {
  for (let shard = 0; shard < engine.shards.length; shard++)
    assert.deepEqual(await engine.writer.run('repairBlobs', { shard, isDry: true }), clean);
  for (const { ref } of engine.catalogue.listed({})) {
    const { faults } = await engine.writer.run('reconstruct', { ref, isFull: true, isDry: true });
    assert.deepEqual(faults, []);
  }
}

function packBytes(dir: string): Buffer {
  const names = readdirSync(join(dir, 'packs'), { recursive: true, encoding: 'utf8' });
  return Buffer.concat(
    names.filter((name) => name.endsWith('.pack')).map((name) => readFileSync(join(dir, 'packs', name))),
  );
}

test('settings change and keys rotate: all that was written is read, single instance goes on', async () => {
  const dir = tempDir();
  process.env['ANGARIUM_TEST_KEY'] = Buffer.alloc(32, 7).toString('base64');
  const settings: Omit<PartitionConfig, 'path'>[] = [
    {},
    { compression: 'zstd' },
    { keys: ['old.key'] },
    { compression: 'zstd', keys: ['new.key', 'old.key'] },
    { keys: ['env:ANGARIUM_TEST_KEY', 'new.key', 'old.key'] },
    { encrypt: false, keys: ['env:ANGARIUM_TEST_KEY', 'new.key', 'old.key'] },
  ];
  let id: MailboxId | undefined;
  const same = `the same again ${'and again '.repeat(30)}`;
  for (const [i, setting] of settings.entries()) {
    const opened = await open(dir, setting);
    id ??= (await opened.engine.catalogue.create(personalMailbox(fred))).id;
    await fill(opened.engine, id, [`written with setting ${i} ${'x'.repeat(300)}`, same]);
    for (let j = 0; j <= i; j++)
      assert.ok((await textOf(opened, id, 2 * j + 1)).includes(`with setting ${j} `), `${j} read with ${i}`);
    await assertWhole(opened);
    const blobs = opened.engine.shards.map(({ db }) => db.prepare('SELECT count(*) FROM blob').pluck().get());
    assert.equal(
      blobs.reduce((sum: number, count) => sum + Number(count), 0),
      i + 2,
      'the same message is there once, however it was stored',
    );
    await opened.close();
  }
  delete process.env['ANGARIUM_TEST_KEY'];
  rmSync(dir, { recursive: true });
});

test('encrypted packs hold nothing readable; without the key mail waits, and comes back with it', async () => {
  const dir = tempDir();
  const maintenance = { every: '1h', liveBelow: 0.9, grace: '10m' };
  const key = { keys: ['old.key'] };
  let opened = await open(dir, key, { maintenance, packSize: '16KB' });
  const { id } = await opened.engine.catalogue.create(personalMailbox(fred, ['Secrets']));
  await fill(opened.engine, id, numbered(60));
  await opened.engine.mailbox(id).expunge(NumberSet.range(1, 40), { onlyDeleted: false });
  await opened.engine.mailbox(id).purge(opened.clock.ms + 1);
  await opened.close();
  const before = packBytes(dir);
  for (const hidden of ['message 50', 'Secrets', 'Subject']) assert.equal(before.indexOf(hidden), -1, hidden);
  opened = await open(dir, { keys: ['new.key'] }, { maintenance });
  await assert.rejects(textOf(opened, id, 50), (error: unknown) => {
    assert.ok(isMailError(error));
    assert.deepEqual([error.code, error.temporary], ['UNAVAILABLE', true]);
    assert.match(error.message, /key of this message is not available/);
    return true;
  });
  const runner = new Maintenance(opened.engine, opened.clock, silentLog);
  await runner.run();
  opened.clock.ms += 3_600_000;
  await runner.run();
  await fill(opened.engine, id, ['a new one']);
  assert.ok((await textOf(opened, id, 61)).includes('a new one'));
  await opened.close();
  for (let at = 0; at < before.length; at += 4096)
    assert.ok(packBytes(dir).includes(before.subarray(at, at + 4096)), 'maintenance took nothing');
  opened = await open(dir, { keys: ['new.key', 'old.key'] }, { maintenance });
  const again = new Maintenance(opened.engine, opened.clock, silentLog);
  assert.ok((await again.run()).packsRewritten > 0, 'with both keys it goes on');
  for (let uid = 41; uid <= 60; uid++) assert.ok((await textOf(opened, id, uid)).includes(`message ${uid}`));
  await assertWhole(opened);
  await opened.close();
  rmSync(dir, { recursive: true });
});

test('a key that is named and cannot be used keeps the store from opening, with a sentence', async () => {
  const dir = tempDir();
  writeFileSync(join(dir, 'bad.key'), 'secret');
  const refusals: [string, RegExp][] = [
    ['gone.key', /partition "default": the key .*gone\.key cannot be read \(ENOENT\)/],
    ['bad.key', /bad\.key is not 32 octets as 64 hexadecimal digits or as base64/],
    ['env:ANGARIUM_NO_SUCH_KEY', /the key env:ANGARIUM_NO_SUCH_KEY is not set/],
  ];
  for (const [key, expected] of refusals) {
    await assert.rejects(open(dir, { keys: [key] }), (error: unknown) => {
      assert.ok(error instanceof StoreFolderError);
      assert.match(error.message, expected);
      return true;
    });
  }
  rmSync(dir, { recursive: true });
});

test('sparse packs of compressed mail are found and rewritten; room is given back', async () => {
  const dir = tempDir();
  const maintenance = { every: '1h', liveBelow: 0.5, grace: '10m' };
  const opened = await open(dir, { compression: 'zstd' }, { maintenance, packSize: '16KB' });
  const { engine, clock } = opened;
  const { id } = await engine.catalogue.create(personalMailbox(fred));
  const long = Array.from({ length: 200 }, (_, i) => `message ${i + 1} ${'very compressible '.repeat(60)}`);
  for (let i = 0; i < 200; i += 20) await fill(engine, id, long.slice(i, i + 20));
  const size = async () => (await reportPartitions(engine))[0]!.usedBytes;
  const full = await size();
  const raw = rowsOf(await engine.mailbox(id).snapshot()).length * mailText(long[0]!).length;
  assert.ok(full < raw / 2, `${full} of ${raw}`);
  await engine.mailbox(id).expunge(NumberSet.range(1, 150), { onlyDeleted: false });
  await engine.mailbox(id).purge(clock.ms + 1);
  const runner = new Maintenance(engine, clock, silentLog);
  await runner.run();
  clock.ms += 3_600_000;
  await runner.run();
  assert.ok((await size()) < full * 0.7, `${await size()} of ${full}`);
  assert.ok((await textOf(opened, id, 200)).includes('message 200 '));
  await assertWhole(opened);
  await opened.close();
  rmSync(dir, { recursive: true });
});

test('a mailbox moves between plain and encrypted partitions; a lost database comes back from encrypted packs', async () => {
  const dir = tempDir();
  const partitions = {
    default: 'packs',
    secret: { path: 'secret', compression: 'zstd' as const, keys: ['old.key'] },
  };
  let opened = await openTestEngine({ dir, config: { partitions, shards: 1 } });
  const inbox = personalMailbox(fred);
  const { id } = await opened.engine.catalogue.create(inbox);
  const news = await opened.engine.catalogue.create(sharedMailbox(['news']), { partition: 'secret' });
  await fill(opened.engine, id, numbered(30));
  await opened.engine.catalogue.rename(inbox, inbox, { partition: 'secret' });
  await opened.engine.mailbox(id).copyTo(NumberSet.of(3), news.id);
  await using message = await stage(opened.engine, mailText('z'.repeat(3_000_000)));
  const items = [{ message, flags: flagSet(), internalDateMs: 0 }];
  assert.ok((await opened.engine.append([{ mailbox: news.id, items }]))[0]!.ok);
  await assertWhole(opened);
  await opened.close();
  rmSync(join(dir, 'meta'), { recursive: true });
  opened = await openTestEngine({ dir, config: { partitions, shards: 1 } });
  await rebuild(opened.engine, opened.clock, {
    isDry: false,
    note: () => undefined,
    signal: new AbortController().signal,
  });
  const back = await opened.engine.catalogue.find(inbox);
  assert.equal(rowsOf(await opened.engine.mailbox(back!.id).snapshot()).length, 30);
  assert.ok((await textOf(opened, back!.id, 30)).includes('message 30'));
  const again = (await opened.engine.catalogue.find(sharedMailbox(['news'])))!;
  assert.ok((await textOf(opened, again.id, 1)).includes('message 3'));
  assert.equal(
    (await (await opened.engine.mailbox(again.id).open(2)).read(2_000_000, 2_000_010)).toString(),
    'z'.repeat(10),
  );
  await assertWhole(opened);
  await opened.close();
  rmSync(dir, { recursive: true });
});

test('a folder of the first format takes no coded mail before the operator confirms; then it has the second', async () => {
  const dir = tempDir();
  const format = join(dir, 'meta/FORMAT');
  await (await open(dir, {})).close();
  assert.equal(readFileSync(format, 'utf8'), 'angarium-store 2 shards 2\n');
  writeFileSync(format, 'angarium-store 1 shards 2\n');
  await (await open(dir, {})).close();
  assert.match(readFileSync(format, 'utf8'), /store 1 /, 'nothing is upgraded by itself');
  for (const coded of [{ compression: 'zstd' }, { keys: ['old.key'] }] as const)
    await assert.rejects(open(dir, coded), (error: Error) => {
      assert.ok(error instanceof StoreFolderError);
      return /set store-sqlite\.format to 2/.test(error.message);
    });
  await (await open(dir, { compression: 'zstd' }, { format: 2 })).close();
  assert.equal(readFileSync(format, 'utf8'), 'angarium-store 2 shards 2\n');
  await (await open(dir, {}, { format: 1 })).close();
  assert.match(readFileSync(format, 'utf8'), /store 2 /, 'there is no way back');
  rmSync(dir, { recursive: true });
});

test('partitions rewrite: everything has the settings of today, and the old key may go', async () => {
  const dir = tempDir();
  const words = 'very compressible '.repeat(60);
  let opened = await open(dir, { keys: ['old.key'] });
  const { id } = await opened.engine.catalogue.create(personalMailbox(fred));
  await fill(
    opened.engine,
    id,
    Array.from({ length: 50 }, (_, i) => `message ${i + 1} ${words}`),
  );
  await opened.close();

  opened = await open(dir, { compression: 'zstd', keys: ['new.key', 'old.key'] });
  const { engine } = opened;
  const run = async (name: string) => {
    const total = { of: 0, done: 0 };
    const context = {
      args: [name],
      options: {},
      signal: new AbortController().signal,
      progress: (_: string, of: number) => ({
        advance: (count: number) => void (total.done += count),
        done: () => void (total.of = of),
      }),
    } as unknown as CommandContext;
    const command = rewritePartition(() => engine);
    return { text: command.text(await command.run(context)), total };
  };
  await assert.rejects(run('absent'), /no partition absent/);
  const { text, total } = await run('default');
  assert.match(text, /^1 packs rewritten/);
  assert.deepEqual(total, { of: 1, done: 1 });
  await assertWhole(opened);
  await opened.close();

  opened = await open(dir, { compression: 'zstd', keys: ['new.key'] });
  await opened.engine.writer.run('sealDead', {});
  for (const uid of [1, 50]) assert.ok((await textOf(opened, id, uid)).includes(`message ${uid} `));
  const [report] = await reportPartitions(opened.engine);
  assert.ok(report!.rawBytes > 0 && report!.sealedBytes < report!.rawBytes);
  const printed = partitions(() => opened.engine).text(await reportPartitions(opened.engine));
  assert.match(printed, /^ {2}compressed: .* take .* \(\d+ %\)$/m);
  await opened.close();
  rmSync(dir, { recursive: true });
});
