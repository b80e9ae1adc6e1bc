/** What the contract does not say: sharing, hooks, notices between processes, data folders of others. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  COMMANDS,
  type CommandContext,
  definePlugin,
  disposable,
  HOOKS,
  type HookBus,
  inject,
  injectable,
  isMailError,
  MAIL_STORE,
  type MailboxChanged,
  MailError,
  type MessageBus,
  NumberSet,
  part,
  personalMailbox,
  RECORDS,
  type UserId,
} from '@angarium/sdk';
import { createTestKernel } from '@angarium/testing';
import { fill, flagSet, mailText, numbered, stage } from '@angarium/testing/contracts';
import Database from 'better-sqlite3';
import { openTestEngine } from './engine.test.support.js';

const fred = 'fred' as UserId;
const seen = { mode: 'add', system: 1, keywords: [] } as const;

test('a change costs one chunk: the others stay the same objects, for viewers too', async () => {
  const { engine, close } = await openTestEngine();
  const { id } = await engine.catalogue.create(personalMailbox(fred));
  await fill(engine, id, numbered(450));
  for (const viewer of [fred, 'joe' as UserId]) {
    const box = engine.mailbox(id, viewer);
    const before = await box.snapshot();
    assert.equal(before.chunks.length, 5);
    await box.updateFlags(NumberSet.of(250), seen);
    const after = await box.snapshot();
    const same = after.chunks.map((chunk, i) => chunk === before.chunks[i]);
    assert.deepEqual(same, [true, true, false, true, true]);
  }
  // Expunges that leave a chunk's highest modseq as it was.
  const before = await engine.mailbox(id).snapshot();
  await engine.mailbox(id).expunge(NumberSet.of(120, 449), { onlyDeleted: false });
  const after = await engine.mailbox(id).snapshot();
  assert.deepEqual(
    after.chunks.map((chunk, i) => chunk === before.chunks[i]),
    [true, false, true, true, false],
  );
  assert.equal(after.count, 448);
  await close();
});

test('a process that was told nothing sees the change as well, and one that was told is told once a turn', async () => {
  const listeners: ((payload: unknown) => void)[] = [];
  const published: unknown[][] = [];
  const busOf = (): MessageBus => ({
    publish: (topic, payload) => {
      if (topic === 'store.changes') published.push(payload as unknown[]);
    },
    subscribe: (topic, listener) => {
      if (topic === 'store.changes') listeners.push(listener);
      return disposable(() => undefined);
    },
  });
  const one = await openTestEngine({ bus: busOf() });
  const two = await openTestEngine({ dir: one.dir, bus: busOf() });
  const { id } = await one.engine.catalogue.create(personalMailbox(fred));
  await fill(one.engine, id, numbered(250));
  assert.equal((await two.engine.mailbox(id).snapshot()).count, 250);
  const old = await two.engine.mailbox(id).snapshot();
  await one.engine.mailbox(id).updateFlags(NumberSet.of(7), seen);
  const untold = await two.engine.mailbox(id).snapshot();
  assert.equal(untold.chunks[0]?.flags[6], 1);
  assert.equal(untold.chunks[1], old.chunks[1]);
  const told: MailboxChanged[] = [];
  two.engine.feed.watch(id, (change) => told.push(change));
  published.length = 0;
  await Promise.all([8, 9, 10].map((uid) => one.engine.mailbox(id).updateFlags(NumberSet.of(uid), seen)));
  for (const payload of published) listeners[1]!(payload);
  assert.ok(published.length <= 2, 'notices of one turn travel together');
  assert.ok(told.length > 0 && told.length <= 2);
  const { highestModSeq } = await two.engine.mailbox(id).snapshot();
  assert.deepEqual(told.at(-1), { mailbox: id, kind: 'flags', modSeq: highestModSeq });
  await two.engine.catalogue.create(personalMailbox('joe' as UserId));
  assert.ok(
    await one.engine.catalogue.find(personalMailbox('joe' as UserId)),
    'the list needs no notice either',
  );
  await two.engine.close();
  await one.close();
});

test('hooks: once a batch, a veto refuses that target alone, limits are added', async () => {
  let hooks!: HookBus;
  class Tapper {
    constructor(@inject(HOOKS) bus: HookBus) {
      hooks = bus;
    }
  }
  injectable()(Tapper);
  const tapper = { name: 'tapper', manifest: {}, definition: definePlugin({ parts: [part(Tapper)] }) };
  await using kernel = await createTestKernel({ plugins: ['store-sqlite', tapper] });
  const store = kernel.get(MAIL_STORE);
  const calls: string[] = [];
  const fail = (text: string) => {
    throw new MailError('NOPERM', text);
  };
  hooks.tap('mailbox.creating', (creation) => {
    calls.push('creating');
    if (creation.name.path[0] === 'forbidden') fail('no');
    creation.options = { ...creation.options, quotaRoot: 'root' };
  });
  hooks.tap('mailbox.created', () => void calls.push('created'));
  hooks.tap('message.appending', (batch) => {
    calls.push(
      `appending ${batch.messages} ${batch.source === undefined ? 'new' : batch.source.uids.toString()}`,
    );
    if (batch.mailbox.name.path[0] === 'closed') fail('closed');
    batch.limits = [...batch.limits, { quotaRoot: 'root', messages: 5 }];
  });
  hooks.tap('message.appended', ({ uids }) => void calls.push(`appended ${uids.toString()}`));
  hooks.tap('message.flagged', ({ uids }) => void calls.push(`flagged ${uids.toString()}`));
  hooks.tap('message.expunging', (_mailbox, uids) => void calls.push(`expunging ${uids.toString()}`));
  hooks.tap(
    'message.expunged',
    ({ uids, isMove }) => void calls.push(`expunged ${uids.toString()} ${isMove}`),
  );

  const inbox = await store.catalogue.create(personalMailbox(fred));
  assert.equal(inbox.quotaRoot, 'root');
  await assert.rejects(store.catalogue.create(personalMailbox(fred, ['forbidden'])), /no/);
  assert.equal(await store.catalogue.find(personalMailbox(fred, ['forbidden'])), undefined);
  const closed = await store.catalogue.create(personalMailbox(fred, ['closed']));
  assert.deepEqual(calls.splice(0), ['creating', 'created', 'creating', 'creating', 'created']);

  await using message = await stage(store, mailText('one'));
  const items = [1, 2, 3].map(() => ({ message, flags: flagSet(), internalDateMs: 0 }));
  const outcomes = await store.append([
    { mailbox: inbox.id, items },
    { mailbox: closed.id, items },
  ]);
  assert.deepEqual(
    outcomes.map(({ ok }) => ok),
    [true, false],
  );
  const over = await store.append([{ mailbox: inbox.id, items }]);
  assert.ok(over[0]?.ok === false && isMailError(over[0].error) && over[0].error.code === 'OVERQUOTA');
  const box = store.mailbox(inbox.id);
  await box.updateFlags(NumberSet.of(1, 2), { ...seen, system: 8 });
  await box.copyTo(NumberSet.of(1), inbox.id);
  await box.expunge(NumberSet.range(2, 100), { onlyDeleted: true });
  await box.moveTo(NumberSet.of(3), inbox.id);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(calls.sort(), [
    'appended 1:3',
    'appended 4',
    'appended 5',
    'appending 1 1',
    'appending 1 3',
    'appending 3 new',
    'appending 3 new',
    'appending 3 new',
    'expunged 2,4 false',
    'expunged 3 true',
    'expunging 2,4',
    'expunging 3',
    'flagged 1:2',
  ]);
});

test('records go with a user who is renamed', async () => {
  const { engine, close } = await openTestEngine({ config: { shards: 8 } });
  await engine.catalogue.create(personalMailbox(fred));
  await engine.catalogue.subscribe(fred, personalMailbox(fred));
  const space = engine.records.space('sieve/scripts');
  await space.write(fred, [{ key: 'active', value: Buffer.from('keep;') }]);
  const alfred = 'alfred' as UserId;
  await engine.catalogue.rename(personalMailbox(fred), personalMailbox(alfred));
  assert.equal(Buffer.from((await space.get(alfred, 'active'))!).toString(), 'keep;');
  assert.equal(await space.get(fred, 'active'), undefined);
  assert.equal((await engine.catalogue.subscriptions(alfred)).length, 1);
  await close();
});

test('data folders that are not ours, too new, or not writable are refused with a sentence', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'angarium-folder-'));
  const first = await openTestEngine({ dir });
  await first.close();
  const format = join(dir, 'meta/FORMAT');
  const refused = (pattern: RegExp) => assert.rejects(openTestEngine({ dir }), pattern);
  writeFileSync(format, 'angarium-store 3 shards 8\n');
  await refused(/has format 3, this version of Angarium knows up to 2: start the newer one/);
  writeFileSync(format, 'something else');
  await refused(/was not written by Angarium/);
  rmSync(format);
  writeFileSync(join(dir, 'meta/cyrus.index'), '');
  await refused(/holds files that are not Angarium's \(cyrus.index\)/);
  rmSync(join(dir, 'meta'), { recursive: true });
  const reopened = await openTestEngine({ dir });
  await reopened.close();
  const path = join(dir, 'meta/00.db');
  let db = new Database(path);
  db.pragma('user_version = 9');
  db.close();
  await refused(/00\.db has format 9/);
  rmSync(path);
  db = new Database(path);
  db.exec('CREATE TABLE strange (a)');
  db.close();
  await refused(/00\.db is a database of another program/);
  rmSync(path);
  writeFileSync(path, 'not a database at all, but long enough to look like one'.repeat(20));
  await refused(/00\.db is not a database of Angarium/);
  rmSync(dir, { recursive: true });
  writeFileSync(dir, 'a file');
  await refused(/cannot be read and written \(EEXIST|ENOTDIR/);
  rmSync(dir);
  const partitions = { one: 'packs', two: 'more' };
  const two = await openTestEngine({ dir, config: { partitions } });
  await two.close();
  await assert.rejects(
    openTestEngine({ dir, config: { partitions: { one: 'packs' } } }),
    /partition "two" is in use/,
  );
  chmodSync(dir, 0o700);
  rmSync(dir, { recursive: true });
});

test('operators’ commands, beside a running server', async () => {
  await using server = await createTestKernel({ plugins: ['store-sqlite'] });
  const store = server.get(MAIL_STORE);
  const sent = await store.catalogue.create(personalMailbox('fred@example.org' as UserId, ['Sent']));
  await fill(store, sent.id, ['one', 'two'], flagSet(4, 'k'));
  await using beside = await createTestKernel({
    plugins: ['store-sqlite'],
    dataDir: server.dataDir,
    host: { role: 'command', workerId: 0, isLeader: false },
  });
  const run = async (name: string, args: CommandContext['args'], options: CommandContext['options'] = {}) => {
    const command = beside.get(COMMANDS).items.find((item) => item.name === name)!;
    const progress = () => ({ advance: () => undefined, done: () => undefined });
    const context = { args, options, progress, note: () => undefined, signal: new AbortController().signal };
    const result = await command.run(context as unknown as CommandContext);
    return { result: result as never, text: command.text(result) };
  };
  for (const name of [
    'user.fred.Sent@example.org',
    'user/fred/Sent@example.org',
    'user/fred@example.org/Sent',
  ]) {
    const { text } = await run('mbexamine', [name, '2']);
    assert.match(text, /guid: [0-9a-f]{64}\n/);
    assert.match(text, /flags: \\Flagged k\n/);
    assert.match(text, /pack: .*\/packs\/0001\/000001\.pack\n/);
    assert.match(text, /envelope: .*"two"/);
    assert.doesNotMatch(text, /"one"/);
  }
  const paths = await run('mbpath', ['fred@example.org']);
  assert.match(
    paths.text,
    /user\/fred\/Sent@example\.org\n {2}.*\/meta\/0\d\.db\n {2}.*000001\.pack {2}2 messages/,
  );
  await assert.rejects(run('mbpath', ['user.nobody']), /there is no mailbox "user.nobody"/);
  await assert.rejects(
    run('mbpath', [['user.nobody']], { quiet: true }),
    (error) => String(error) === 'CommandError',
  );
  await assert.rejects(run('mbpath', [['nobody']], { users: true }), /user "nobody" has no mailboxes/);
  const names = ['user.nobody', 'user/fred/Sent@example.org'];
  assert.match((await run('mbpath', [names], { metadata: true })).text, /^\/.*\/meta\/0\d\.db$/);
  assert.match((await run('mbpath', [names], { messages: true })).text, /^\/.*000001\.pack$/);
  await assert.rejects(run('mbpath', [names], { stop: true }), /there is no mailbox "user.nobody"/);
  const second = await run('mbexamine', ['user/fred/Sent@example.org'], { sequence: '2' });
  assert.match(second.text, /\n {2}uid: 2\n/);
  assert.doesNotMatch(second.text, /\n {2}uid: 1\n/);
  await assert.rejects(
    run('mbexamine', ['user/fred/Sent@example.org'], { sequence: '3' }),
    /there are 2 messages/,
  );
  for (const option of ['quota', 'compare'])
    assert.match(
      (await run('mbexamine', ['user/fred/Sent@example.org'], { [option]: true })).text,
      /:\nnothing wrong$/,
    );
  assert.equal(
    (await run('reconstruct', [['fred@example.org', 'joe']], { users: true })).text,
    '1 mailboxes: nothing wrong',
  );
  assert.equal((await run('reconstruct', [[]], { full: true })).text, '1 mailboxes: nothing wrong');
  assert.equal((await run('store check', [])).text, '1 mailboxes, 2 messages: nothing wrong');
  assert.match((await run('store maintain', [])).text, /^purged 0 messages/);
  await beside
    .get(RECORDS)
    .space('x')
    .write(undefined, [{ key: 'a', value: Buffer.from('1') }]);
  assert.equal(Buffer.from((await server.get(RECORDS).space('x').get(undefined, 'a'))!).toString(), '1');
});
