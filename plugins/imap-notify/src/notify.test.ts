import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Flag,
  type MailboxEntry,
  NumberSet,
  personalMailbox,
  sharedMailbox,
  type UserId,
} from '@angarium/sdk';
import { type ImapServer, type ImapTestClient, imapServer, letterPolicy } from '@angarium/testing';

const fred = 'fred' as UserId;
const both = 'MessageNew MessageExpunge';
const C = '\\HasChildren';
const N = '\\HasNoChildren';

const plugins = ['imap-notify', 'imap-metadata', letterPolicy];

function letter(subject: string): string {
  return `Subject: ${subject}\r\n\r\nHello\r\n`;
}

interface Scene extends AsyncDisposable {
  readonly server: ImapServer;
  /** Has said NOTIFY. */
  readonly client: ImapTestClient;
  /** The same user elsewhere. */
  readonly other: ImapTestClient;
}

async function scene(...mailboxes: string[]): Promise<Scene> {
  const server = await imapServer(plugins);
  const client = await server.loggedIn();
  const other = await server.loggedIn();
  for (const name of mailboxes) await other.ok(`CREATE ${name}`);
  return {
    server,
    client,
    other,
    async [Symbol.asyncDispose]() {
      assert.deepEqual(server.faults, []);
      await server[Symbol.asyncDispose]();
    },
  };
}

async function lines(client: ImapTestClient, count: number): Promise<string[]> {
  const heard: string[] = [];
  for (let i = 0; i < count; i++) heard.push((await client.response()).replace(/^\* /, ''));
  return heard;
}

/** Nothing more is to come: what comes before the NOOP's end. */
async function silence(client: ImapTestClient): Promise<void> {
  assert.deepEqual((await client.ok('NOOP')).untagged, []);
}

test('grammar and what must stand together (RFC 5465 §5, §8)', async () => {
  await using s = await scene();
  const { client } = s;
  for (const wrong of [
    'NOTIFY',
    'NOTIFY SOME',
    'NOTIFY NONE x',
    'NOTIFY SET',
    'NOTIFY SET STATUS',
    'NOTIFY SET ()',
    'NOTIFY SET (personal)',
    'NOTIFY SET (personal ())',
    'NOTIFY SET (personal (MessageNew))',
    'NOTIFY SET (personal (MessageExpunge))',
    'NOTIFY SET (personal (FlagChange))',
    'NOTIFY SET (personal (AnnotationChange MessageNew))',
    'NOTIFY SET (selected (MailboxName))',
    `NOTIFY SET (selected (${both} SubscriptionChange))`,
    `NOTIFY SET (selected (${both})) (selected-delayed (${both}))`,
    'NOTIFY SET (personal (MessageNew (UID) MessageExpunge))',
    'NOTIFY SET (selected (MessageNew () MessageExpunge))',
    'NOTIFY SET (selected (MessageNew (BOGUS) MessageExpunge))',
    `NOTIFY SET (nowhere (${both}))`,
    `NOTIFY SET (subtree (${both}))`,
    `NOTIFY SET (mailboxes () (${both}))`,
    `NOTIFY SET ${`(personal (${both})) `.repeat(101)}(personal NONE)`,
  ]) {
    assert.match(await client.said(wrong), /^BAD/, wrong.slice(0, 80));
  }
  assert.match(
    await client.said('NOTIFY SET (personal (MessageNew Earthquake))'),
    /^NO \[BADEVENT \(MessageNew MessageExpunge FlagChange AnnotationChange MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange\)\]/,
  );
  for (const right of [
    'NOTIFY NONE',
    'NOTIFY SET (selected NONE)',
    `notify set status (selected messagenew (uid body.peek[header.fields (from to subject)]) messageexpunge) (subtree Lists ${both})`,
    `NOTIFY SET (selected-delayed (MessageNew (UID FLAGS) MessageExpunge FlagChange AnnotationChange)) (inboxes (${both}))`,
    `NOTIFY SET (mailboxes (INBOX "none") (${both} FlagChange)) (subscribed (MailboxName SubscriptionChange))`,
    'NOTIFY SET (subtree user (MailboxName)) (personal (MailboxMetadataChange ServerMetadataChange))',
  ]) {
    assert.match(await client.said(right), /^OK/, right);
  }
});

test('SET STATUS tells how the watched mailboxes are (§3.1)', async () => {
  await using s = await scene('INBOX.a', 'INBOX.b');
  const { client, other } = s;
  await other.append('INBOX.a', letter('x'));
  const { untagged } = await client.ok(
    `NOTIFY SET STATUS (subtree INBOX.a (${both})) (mailboxes INBOX.b (${both} FlagChange))`,
  );
  assert.equal(untagged.length, 2);
  assert.match(untagged[0]!, /^STATUS INBOX.a \(MESSAGES 1 UIDNEXT 2 UIDVALIDITY \d+\)$/);
  assert.match(
    untagged[1]!,
    /^STATUS INBOX.b \(MESSAGES 0 UIDNEXT 1 UIDVALIDITY \d+ UNSEEN 0 HIGHESTMODSEQ \d+\)$/,
  );
});

test('messages in mailboxes that are not selected: STATUS, of what was asked for only (§5.1 to §5.3)', async () => {
  await using s = await scene('INBOX.a', 'INBOX.b', 'INBOX.c');
  const { client, other } = s;
  await client.ok(`NOTIFY SET (mailboxes INBOX.a (${both})) (mailboxes INBOX.b (${both} FlagChange))`);
  await other.append('INBOX.c', letter('nobody hears'));
  await other.append('INBOX.a', letter('one'));
  const [arrived] = await lines(client, 1);
  assert.match(arrived!, /^STATUS INBOX.a \(MESSAGES 1 UIDNEXT 2 UIDVALIDITY \d+\)$/);
  await other.ok('SELECT INBOX.a');
  await other.ok('STORE 1 +FLAGS (\\Seen)');
  await other.ok('STORE 1 +FLAGS (\\Deleted)');
  await silence(client);
  await other.ok('EXPUNGE');
  assert.match((await lines(client, 1))[0]!, /^STATUS INBOX.a \(MESSAGES 0 UIDNEXT 2 /);
  await other.append('INBOX.b', letter('two'));
  assert.match((await lines(client, 1))[0]!, /^STATUS INBOX.b \(MESSAGES 1 UIDNEXT 2 UIDVALIDITY/);
  await client.ok('ENABLE CONDSTORE');
  await other.ok('SELECT INBOX.b');
  await other.ok('STORE 1 +FLAGS (\\Seen)');
  assert.match(
    (await lines(client, 1))[0]!,
    /^STATUS INBOX.b \(UIDVALIDITY \d+ UNSEEN 0 HIGHESTMODSEQ \d+\)$/,
  );
  await client.ok('NOTIFY NONE');
  await other.append('INBOX.a', letter('three'));
  await silence(client);
});

test('one’s own doing is not told (§5)', async () => {
  await using s = await scene('INBOX.a');
  const { client } = s;
  await client.ok(
    `NOTIFY SET (personal (${both} FlagChange MailboxName SubscriptionChange MailboxMetadataChange))`,
  );
  await client.append('INBOX.a', letter('x'));
  await client.ok('CREATE INBOX.b');
  await client.ok('RENAME INBOX.b INBOX.c');
  await client.ok('SUBSCRIBE INBOX.c');
  await client.ok('SETMETADATA INBOX.c (/shared/comment "x")');
  await client.ok('DELETE INBOX.c');
  await silence(client);
});

test('selected: EXISTS, FETCH with what was asked for, flags and EXPUNGE at once (§6.1.1)', async () => {
  await using s = await scene();
  const { client, other } = s;
  await client.append('INBOX', letter('old'));
  await client.ok('SELECT INBOX');
  await client.ok(
    `NOTIFY SET (selected (MessageNew (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)]) MessageExpunge FlagChange))`,
  );
  await other.append('INBOX', letter('new'));
  assert.deepEqual(await lines(client, 3), [
    '2 EXISTS',
    '2 RECENT',
    '2 FETCH (UID 2 BODY[HEADER.FIELDS (SUBJECT)] {16}\r\nSubject: new\r\n\r\n)',
  ]);
  await other.ok('SELECT INBOX');
  await other.ok('STORE 2 +FLAGS (\\Flagged)');
  assert.deepEqual(await lines(client, 1), ['2 FETCH (FLAGS (\\Flagged \\Recent) UID 2)']);
  await other.ok('STORE 1 +FLAGS.SILENT (\\Deleted)');
  assert.deepEqual(await lines(client, 1), ['1 FETCH (FLAGS (\\Deleted \\Recent) UID 1)']);
  await other.ok('EXPUNGE');
  assert.deepEqual(await lines(client, 1), ['1 EXPUNGE']);
  // A message of this connection's own has no FETCH (§5.2).
  const { untagged } = await client.append('INBOX', letter('mine'));
  assert.deepEqual(untagged, ['2 EXISTS', '2 RECENT']);
});

test('selected-delayed: EXPUNGE waits for a command that allows it (§6.1.2)', async () => {
  await using s = await scene();
  const { client, other } = s;
  for (const subject of ['a', 'b']) await client.append('INBOX', letter(subject));
  await client.ok('SELECT INBOX');
  await client.ok(`NOTIFY SET (selected-delayed (${both} FlagChange))`);
  await other.ok('SELECT INBOX');
  await other.ok('STORE 1 +FLAGS.SILENT (\\Deleted)');
  assert.deepEqual(await lines(client, 1), ['1 FETCH (FLAGS (\\Deleted \\Recent) UID 1)']);
  await other.ok('EXPUNGE');
  assert.deepEqual((await client.ok('FETCH 2 (UID)')).untagged, ['2 FETCH (UID 2)']);
  assert.deepEqual((await client.ok('NOOP')).untagged, ['1 EXPUNGE']);
});

test('without selected nothing is told of the selected mailbox, and with NONE likewise (§3.1)', async () => {
  await using s = await scene();
  const { client, other } = s;
  for (const subject of ['a', 'b', 'c']) await client.append('INBOX', letter(subject));
  await client.ok('SELECT INBOX');
  await client.ok('NOTIFY SET (selected NONE)');
  await other.ok('SELECT INBOX');
  await other.ok('STORE 1 +FLAGS.SILENT (\\Deleted)');
  await other.ok('EXPUNGE');
  await other.append('INBOX', letter('d'));
  await silence(client);
  assert.deepEqual((await client.ok('UID FETCH 2:* (FLAGS)')).untagged, [
    '2 FETCH (UID 2 FLAGS (\\Recent))',
    '3 FETCH (UID 3 FLAGS (\\Recent))',
  ]);
  // The answer to a command of its own comes all the same.
  assert.deepEqual((await client.ok('STORE 2 +FLAGS (\\Flagged)')).untagged, [
    '2 FETCH (FLAGS (\\Flagged \\Recent))',
  ]);
  // NOTIFY SET implies NOOP.
  assert.deepEqual((await client.ok(`NOTIFY SET (selected (${both}))`)).untagged, [
    '1 EXPUNGE',
    '3 EXISTS',
    '2 RECENT',
  ]);
  await client.ok('NOTIFY NONE');
  await other.append('INBOX', letter('e'));
  await silence(client);
});

test('the selected mailbox is told by selected alone, also when a group names it (§3.1)', async () => {
  await using s = await scene('INBOX.a');
  const { client, other } = s;
  await client.ok(`NOTIFY SET (selected (${both})) (personal (${both}))`);
  await client.ok('SELECT INBOX.a');
  await other.append('INBOX.a', letter('x'));
  assert.deepEqual(await lines(client, 2), ['1 EXISTS', '1 RECENT']);
  await client.ok('SELECT INBOX');
  await other.append('INBOX.a', letter('y'));
  assert.match((await lines(client, 1))[0]!, /^STATUS INBOX.a \(MESSAGES 2 /);
  await other.append('INBOX', letter('z'));
  assert.deepEqual(await lines(client, 2), ['1 EXISTS', '1 RECENT']);
  await client.ok('UNSELECT');
  await other.append('INBOX', letter('z'));
  assert.match((await lines(client, 1))[0]!, /^STATUS INBOX \(MESSAGES 2 /);
});

test('IDLE tells the same (§4)', async () => {
  await using s = await scene('INBOX.a');
  const { client, other } = s;
  await client.ok('SELECT INBOX');
  await client.ok(`NOTIFY SET (selected NONE) (personal (${both} MailboxName))`);
  const tag = client.start('IDLE');
  await client.expect(/^\+ /);
  await other.append('INBOX', letter('silent'));
  await other.append('INBOX.a', letter('x'));
  assert.match((await lines(client, 1))[0]!, /^STATUS INBOX.a /);
  await other.ok('CREATE INBOX.b');
  assert.equal((await lines(client, 2)).length, 2);
  client.sendLine('DONE');
  assert.deepEqual((await client.finish(tag)).untagged, []);
});

test('MailboxName: created, deleted, renamed; the parent too (§5.4)', async () => {
  await using s = await scene('INBOX.a');
  const { client, other } = s;
  await client.ok('NOTIFY SET (subtree INBOX.a (MailboxName))');
  await other.ok('CREATE INBOX.z');
  await other.ok('CREATE INBOX.a.b');
  assert.deepEqual(await lines(client, 2), [`LIST (${C}) "." INBOX.a`, `LIST (${N}) "." INBOX.a.b`]);
  await other.ok('RENAME INBOX.a.b INBOX.a.c');
  assert.deepEqual(await lines(client, 1), [`LIST (${N}) "." INBOX.a.c ("OLDNAME" (INBOX.a.b))`]);
  await other.ok('SUBSCRIBE INBOX.a.c');
  await other.ok('DELETE INBOX.a.c');
  assert.deepEqual(await lines(client, 2), [
    `LIST (\\NonExistent \\Subscribed ${N}) "." INBOX.a.c`,
    `LIST (${N}) "." INBOX.a`,
  ]);
  // Into the subtree from outside.
  await other.ok('RENAME INBOX.z INBOX.a.z');
  assert.deepEqual(await lines(client, 1), [`LIST (${N}) "." INBOX.a.z ("OLDNAME" (INBOX.z))`]);
});

test('a mailbox that is made is watched from then on, one that is renamed under its new name', async () => {
  await using s = await scene();
  const { client, other } = s;
  await client.ok(`NOTIFY SET (personal (${both}))`);
  await other.ok('CREATE INBOX.new');
  await silence(client);
  await other.append('INBOX.new', letter('x'));
  assert.match((await lines(client, 1))[0]!, /^STATUS INBOX.new \(MESSAGES 1 /);
  await other.ok('RENAME INBOX.new INBOX.newer');
  await other.append('INBOX.newer', letter('x'));
  assert.match((await lines(client, 1))[0]!, /^STATUS INBOX.newer \(MESSAGES 2 /);
});

test('SubscriptionChange, and what is subscribed is watched (§5.5, §6.4)', async () => {
  await using s = await scene('INBOX.a');
  const { client, other } = s;
  await client.ok(`NOTIFY SET (personal (SubscriptionChange)) (subscribed (${both}))`);
  await other.append('INBOX.a', letter('not heard'));
  await other.ok('SUBSCRIBE INBOX.a');
  assert.deepEqual(await lines(client, 1), [`LIST (\\Subscribed ${N}) "." INBOX.a`]);
  await other.append('INBOX.a', letter('heard'));
  assert.match((await lines(client, 1))[0]!, /^STATUS INBOX.a \(MESSAGES 2 /);
  await other.ok('UNSUBSCRIBE INBOX.a');
  assert.deepEqual(await lines(client, 1), [`LIST (${N}) "." INBOX.a`]);
  await other.append('INBOX.a', letter('not heard'));
  await silence(client);
});

test('metadata of mailboxes and of the server (§5.6, §5.7)', async () => {
  await using s = await scene('INBOX.a', 'INBOX.b');
  const { client, other, server } = s;
  await client.ok('NOTIFY SET (mailboxes INBOX.a (MailboxMetadataChange ServerMetadataChange))');
  await other.ok('SETMETADATA INBOX.b (/shared/comment "x")');
  await other.ok('SETMETADATA INBOX.a (/shared/comment "x")');
  assert.deepEqual(await lines(client, 1), ['METADATA INBOX.a /shared/comment']);
  await other.ok('SETMETADATA INBOX.a (/private/specialuse "\\\\Sent")');
  assert.deepEqual(await lines(client, 1), ['METADATA INBOX.a /private/specialuse']);
  const admin = await server.loggedIn('admin');
  await admin.ok('SETMETADATA "" (/shared/comment NIL)');
  assert.deepEqual(await lines(client, 1), ['METADATA "" /shared/comment']);
});

test('AnnotationChange: STATUS elsewhere for clients that know mod-sequences (§5.1)', async () => {
  await using s = await scene('INBOX.a');
  const { client, other, server } = s;
  await other.append('INBOX.a', letter('x'));
  await client.ok('ENABLE CONDSTORE');
  await client.ok(`NOTIFY SET (personal (${both} AnnotationChange))`);
  const { id } = (await server.store.catalogue.find(personalMailbox(fred, ['a'])))!;
  const comment = new Map([['/comment', Buffer.from('x')]]);
  await server.store.mailbox(id).setAnnotations(NumberSet.of(1), undefined, comment);
  assert.match((await lines(client, 1))[0]!, /^STATUS INBOX.a \(UIDVALIDITY \d+ HIGHESTMODSEQ \d+\)$/);
});

test('rights: what may not be read is not told, and lost and gained while watched (§3.1, §5.9)', async () => {
  await using s = await scene();
  const { client, server } = s;
  const { catalogue } = server.store;
  const make = (name: string, acl: Record<string, string>): Promise<MailboxEntry> =>
    catalogue.create(sharedMailbox(['news', name]), { acl });
  const open = await make('open', { fred: 'lr' });
  const closed = await make('closed', { fred: 'l' });
  const hidden = await make('hidden', {});
  const { untagged } = await client.ok(
    `NOTIFY SET (mailboxes (news.open news.closed news.hidden news.none) (${both} MailboxName))`,
  );
  assert.deepEqual(untagged, [`LIST (\\NoAccess ${N}) "." news.closed`]);
  const admin = await server.loggedIn('admin');
  void admin;
  await catalogue.change(open.id, { acl: { fred: 'l' } });
  assert.deepEqual(await lines(client, 1), [`LIST (\\NoAccess ${N}) "." news.open`]);
  await catalogue.change(hidden.id, { acl: { fred: 'lr' } });
  assert.deepEqual(await lines(client, 1), [`LIST (${N}) "." news.hidden`]);
  await catalogue.change(hidden.id, { acl: {} });
  assert.deepEqual(await lines(client, 1), [`LIST (\\NoAccess \\NonExistent ${N}) "." news.hidden`]);
  await catalogue.change(closed.id, { acl: { fred: 'lr' } });
  assert.deepEqual(await lines(client, 1), [`LIST (${N}) "." news.closed`]);
  const flags = { system: Flag.seen, keywords: [] };
  await using message = await server.store.stage([Buffer.from(letter('x'))], { maxBytes: 10_000 });
  const items = [{ message, flags, internalDateMs: 0 }];
  for (const { id } of [open, hidden, closed]) await server.store.append([{ mailbox: id, items }]);
  assert.match((await lines(client, 1))[0]!, /^STATUS news.closed \(MESSAGES 1 /);
  await silence(client);
});

test('too many mailboxes, and too much to tell: NOTIFICATIONOVERFLOW (§5.8)', async () => {
  const config = { maxMailboxes: 3, maxWaiting: 10 };
  await using server = await imapServer([{ name: 'imap-notify', config }]);
  const client = await server.loggedIn();
  const { catalogue } = server.store;
  for (const name of ['a', 'b', 'c']) await catalogue.create(personalMailbox(fred, [name]));
  assert.match(await client.said(`NOTIFY SET (personal (${both}))`), /^NO \[NOTIFICATIONOVERFLOW\]/);
  await client.ok('NOTIFY SET (personal (MailboxName))');
  // All in one turn: the session comes to it when they are all there.
  const tag = client.start('IDLE');
  await client.expect(/^\+ /);
  await Promise.all(Array.from({ length: 40 }, (_, i) => catalogue.create(personalMailbox(fred, [`m${i}`]))));
  const heard: string[] = [];
  while (!heard.at(-1)?.includes('NOTIFICATIONOVERFLOW')) heard.push(await client.response());
  client.sendLine('DONE');
  await client.finish(tag);
  await catalogue.create(personalMailbox(fred, ['more']));
  await silence(client);
});

test('many events at once are joined, and the session hears of each mailbox', async () => {
  await using s = await scene('INBOX.a', 'INBOX.b');
  const { client, other } = s;
  await client.ok(`NOTIFY SET (personal (${both}))`);
  for (let i = 0; i < 20; i++) {
    await other.append('INBOX.a', letter(`${i}`));
    await other.append('INBOX.b', letter(`${i}`));
  }
  const { untagged } = await client.ok('NOOP');
  const last = (name: string) => untagged.filter((line) => line.startsWith(`STATUS ${name} `)).at(-1);
  assert.match(last('INBOX.a')!, /MESSAGES 20 UIDNEXT 21/);
  assert.match(last('INBOX.b')!, /MESSAGES 20 UIDNEXT 21/);
});
