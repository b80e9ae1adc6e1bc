/** What two do at once, and what one operation does to itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AppendItem,
  isMailError,
  type MailboxName,
  NumberSet,
  personalMailbox,
  type UserId,
} from '@angarium/sdk';
import { fill, flagSet, mailText, numbered, rowsOf, stage } from '@angarium/testing/contracts';
import Database from 'better-sqlite3';
import { openTestEngine, silentLog } from './engine.test.support.js';
import { Maintenance } from './maintenance/maintenance.js';
import { ListCache } from './reading/list-cache.js';

const fred = 'fred' as UserId;

function below(name: string): MailboxName {
  return personalMailbox(fred, [name]);
}

test('keywords of one append are not given away while they wait to be written', async () => {
  const { engine, close } = await openTestEngine();
  const { id } = await engine.catalogue.create(personalMailbox(fred));
  await fill(engine, id, ['old']);
  const box = engine.mailbox(id);
  const stale = numbered(127).map((name) => name.replace(/\W/g, '-'));
  await box.updateFlags(NumberSet.of(1), { mode: 'replace', system: 0, keywords: stale });
  await box.updateFlags(NumberSet.of(1), { mode: 'replace', system: 0, keywords: [] });
  await using message = await stage(engine, mailText('both'));
  const item = (keyword: string): AppendItem => ({
    message,
    flags: { system: 0, keywords: [keyword] },
    internalDateMs: 0,
  });
  await engine.append([{ mailbox: id, items: [item('first'), item('second')] }]);
  const rows = rowsOf(await box.snapshot());
  assert.deepEqual(
    rows.map(({ keywords }) => keywords),
    [[], ['first'], ['second']],
  );
  await close();
});

test('a mailbox brought back while others are given up keeps its mail', async () => {
  const { engine, clock, close } = await openTestEngine();
  for (const name of ['a', 'b']) {
    const { id } = await engine.catalogue.create(below(name));
    await fill(engine, id, ['one']);
    await engine.catalogue.delete(below(name));
  }
  // The last one whose turn comes.
  const last = (await engine.catalogue.deleted({ owner: fred })).at(-1)!.entry;
  clock.ms += 1000;
  const maintenance = new Maintenance(engine, clock, silentLog);
  const forgetting = maintenance.forgetMailboxes(clock.now());
  const back = await engine.catalogue.undelete(last.id, last.name);
  await forgetting;
  assert.equal((await engine.mailbox(back.id).snapshot()).count, 1);
  assert.equal((await engine.catalogue.deleted({ owner: fred })).length, 0);
  await close();
});

test('a late deletion does not take a mailbox that was brought back', async () => {
  const { engine, close } = await openTestEngine();
  const { id } = await engine.catalogue.create(below('a'));
  await fill(engine, id, ['one']);
  await engine.catalogue.delete(below('a'));
  const late = engine.list.toListed(engine.list.row(id)!).ref;
  await engine.catalogue.undelete(id, below('a'));
  await engine.writer.run('dropMailbox', { ref: late, isGone: true });
  assert.equal((await engine.mailbox(id).snapshot()).count, 1);
  await close();
});

test('DELETE takes the mailbox that was looked at, not one that came to its name', async () => {
  const { engine, close } = await openTestEngine();
  const foo = await engine.catalogue.create(below('foo'));
  const other = await engine.catalogue.create(below('other'));
  const moves = [
    engine.catalogue.rename(below('foo'), below('bar')),
    engine.catalogue.rename(below('other'), below('foo')),
  ];
  await assert.rejects(
    engine.catalogue.delete(below('foo')),
    (error) => isMailError(error) && error.code === 'NONEXISTENT',
  );
  await Promise.all(moves);
  assert.equal((await engine.catalogue.find(below('foo')))?.id, other.id);
  assert.equal((await engine.catalogue.find(below('bar')))?.id, foo.id);
  await close();
});

test('names that nobody has take bounded memory', async () => {
  const { engine, close } = await openTestEngine();
  const { paths, partitions } = engine.folder;
  const cache = new ListCache(paths.listPath, partitions, 100);
  for (let i = 0; i < 1000; i++) cache.find(`\u001f~nobody${i}`);
  assert.ok(cache.size <= 101, `${cache.size} in memory`);
  cache.close();
  await close();
});

test('MOVE leaves a damaged message where it is, and tells which ones went', async () => {
  const { engine, dir, close } = await openTestEngine({ config: { shards: 1 } });
  const from = await engine.catalogue.create(below('from'));
  const to = await engine.catalogue.create(below('to'));
  await fill(engine, from.id, numbered(3), flagSet());
  const db = new Database(`${dir}/meta/00.db`);
  db.exec('DELETE FROM cold WHERE id % 4294967296 = 2');
  db.close();
  const box = engine.mailbox(from.id);
  const { source, target } = await box.moveTo(NumberSet.range(1, 3), to.id);
  assert.deepEqual(
    [source, target],
    [
      [1, 3],
      [1, 2],
    ],
  );
  assert.deepEqual(
    rowsOf(await box.snapshot()).map(({ uid }) => uid),
    [2],
  );
  await close();
});
