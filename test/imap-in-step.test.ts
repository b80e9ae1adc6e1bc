/** Sessions of several clients on one mailbox, in two workers of one server: what one does the others hear, at legal moments. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ImapTestClient } from '@angarium/testing';
import { imapSession } from './support/imap.js';
import { TestServer } from './support/server.js';

let server: TestServer;

before(async () => {
  server = await TestServer.start({ users: { fred: 'secret' }, set: { workers: '2' } });
});

after(async () => {
  await server[Symbol.asyncDispose]();
});

function letter(subject: string): string {
  return `From: a@example.org\r\nSubject: ${subject}\r\n\r\nHello\r\n`;
}

/** Connections are dealt round: neighbours are in different workers. */
async function twoSessions(): Promise<[ImapTestClient, ImapTestClient]> {
  const sessions: ImapTestClient[] = [];
  for (let i = 0; i < 2; i++) sessions.push(await imapSession(server.port('imap'), 'fred', 'secret'));
  return [sessions[0]!, sessions[1]!];
}

async function heard(client: ImapTestClient, count: number): Promise<string[]> {
  const lines: string[] = [];
  for (let i = 0; i < count; i++) lines.push((await client.response()).replace(/^\* /, ''));
  return lines;
}

test('the two sessions are in two workers', async () => {
  const [one, two] = await twoSessions();
  const { connections } = JSON.parse(server.command(['status', '--json'])) as {
    connections: readonly { readonly worker: number }[];
  };
  assert.deepEqual(new Set(connections.map(({ worker }) => worker)), new Set([1, 2]));
  await one.logout();
  await two.logout();
});

test('IDLE: EXISTS, FETCH FLAGS and EXPUNGE arrive at once', async () => {
  const [one, two] = await twoSessions();
  await one.ok('CREATE INBOX.idle');
  for (const client of [one, two]) await client.ok('SELECT INBOX.idle');
  const tag = two.start('IDLE');
  await two.expect(/^\+ /);
  await one.append('INBOX.idle', letter('one'));
  assert.equal((await heard(two, 2))[0], '1 EXISTS');
  await one.append('INBOX.idle', letter('two'));
  assert.equal((await heard(two, 2))[0], '2 EXISTS');
  await one.ok('STORE 1 +FLAGS (\\Flagged keyword)');
  const flags = await heard(two, 3);
  assert.match(flags[0]!, /^FLAGS \(.* keyword\)$/);
  assert.match(
    flags[2]!,
    /^1 FETCH \(FLAGS \(\\Flagged keyword( \\Recent)?\)\)$|^1 FETCH \(FLAGS \(\\Flagged( \\Recent)? keyword\)\)$/,
  );
  await one.ok('STORE 1 +FLAGS.SILENT (\\Deleted)');
  assert.match((await heard(two, 1))[0]!, /^1 FETCH \(FLAGS \(.*\\Deleted/);
  await one.ok('EXPUNGE');
  assert.deepEqual(await heard(two, 1), ['1 EXPUNGE']);
  two.sendLine('DONE');
  assert.equal((await two.finish(tag)).status, 'OK');
  await one.logout();
  await two.logout();
});

test('NOTIFY: the selected mailbox and others, between commands', async () => {
  const [one, two] = await twoSessions();
  await two.ok(
    'NOTIFY SET (selected (MessageNew (UID) MessageExpunge FlagChange)) (personal (MessageNew MessageExpunge MailboxName))',
  );
  // Heard of before anything else is done: news of the other worker may otherwise come in the middle of what follows.
  for (const name of ['INBOX.notify', 'INBOX.other']) {
    await one.ok(`CREATE ${name}`);
    const [parent, created] = await heard(two, 2);
    assert.match(parent!, /^LIST \(.*\\HasChildren\) "\." INBOX$/);
    assert.equal(created, `LIST (\\HasNoChildren) "." ${name}`);
  }
  await two.ok('SELECT INBOX.notify');
  await one.ok('SELECT INBOX.notify');
  await one.append('INBOX.notify', letter('one'));
  const arrived = await heard(two, 3);
  assert.equal(arrived[0], '1 EXISTS');
  assert.equal(arrived[2], '1 FETCH (UID 1)');
  await one.ok('STORE 1 +FLAGS (\\Seen \\Deleted)');
  assert.match((await heard(two, 1))[0]!, /^1 FETCH \(FLAGS \(\\Deleted \\Seen( \\Recent)?\) UID 1\)$/);
  await one.ok('EXPUNGE');
  assert.deepEqual(await heard(two, 1), ['1 EXPUNGE']);
  await one.append('INBOX.other', letter('two'));
  assert.match((await heard(two, 1))[0]!, /^STATUS INBOX.other \(MESSAGES 1 UIDNEXT 2 UIDVALIDITY \d+\)$/);
  await one.ok('RENAME INBOX.other INBOX.else');
  assert.deepEqual(await heard(two, 1), ['LIST (\\HasNoChildren) "." INBOX.else ("OLDNAME" (INBOX.other))']);
  await one.ok('DELETE INBOX.else');
  assert.match((await heard(two, 1))[0]!, /^LIST \(\\NonExistent \\HasNoChildren\) "." INBOX.else$/);
  await one.logout();
  await two.logout();
});

test('elsewhere: no EXPUNGE during FETCH, STORE and SEARCH, and all of it with NOOP (RFC 3501 §7.4.1)', async () => {
  const [one, two] = await twoSessions();
  await one.ok('CREATE INBOX.step');
  for (const subject of ['one', 'two', 'three']) await one.append('INBOX.step', letter(subject));
  for (const client of [one, two]) await client.ok('SELECT INBOX.step');
  await one.ok('STORE 1 +FLAGS.SILENT (\\Deleted)');
  await one.ok('EXPUNGE');
  await one.append('INBOX.step', letter('four'));
  await one.ok('STORE 1 +FLAGS (\\Answered)');
  const during: string[] = [];
  for (const command of ['FETCH 2:3 (UID)', 'STORE 3 +FLAGS (\\Flagged)', 'SEARCH ALL'])
    during.push(...(await two.ok(command)).untagged);
  assert.deepEqual(
    during.filter((line) => line.includes('EXPUNGE')),
    [],
  );
  // Numbers are those it knows: 2 and 3 are still the second and third, the new one comes after them.
  assert.ok(during.includes('2 FETCH (UID 2)') && during.includes('3 FETCH (UID 3)'), during.join('\n'));
  assert.ok(during.some((line) => line === '4 EXISTS'));
  assert.ok(during.some((line) => /^2 FETCH \(FLAGS \(\\Answered/.test(line)));
  assert.deepEqual(
    (await two.ok('NOOP')).untagged.filter((line) => line.includes('EXPUNGE')),
    ['1 EXPUNGE'],
  );
  assert.deepEqual((await two.ok('FETCH 1:* (UID)')).untagged, [
    '1 FETCH (UID 2)',
    '2 FETCH (UID 3)',
    '3 FETCH (UID 4)',
  ]);
  await one.logout();
  await two.logout();
});

test('UID commands may tell of it (RFC 3501 §7.4.1)', async () => {
  const [one, two] = await twoSessions();
  await one.ok('CREATE INBOX.uid');
  for (const subject of ['one', 'two']) await one.append('INBOX.uid', letter(subject));
  for (const client of [one, two]) await client.ok('SELECT INBOX.uid');
  await one.ok('STORE 1 +FLAGS.SILENT (\\Deleted)');
  await one.ok('EXPUNGE');
  const { untagged } = await two.ok('UID FETCH 1:* (FLAGS)');
  assert.ok(untagged.includes('1 EXPUNGE'), untagged.join('\n'));
  await one.logout();
  await two.logout();
});
