import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ImapTestClient } from '@angarium/testing';
import { TestServer } from '../../server.test.support.js';

async function enabled(server: TestServer, messages: number, more = ''): Promise<ImapTestClient> {
  const client = await server.selected(messages);
  await client.ok('UNSELECT');
  const names = `UIDONLY${more}`;
  assert.deepEqual((await client.ok(`ENABLE ${names}`)).untagged, [`ENABLED ${names}`]);
  await client.ok('SELECT INBOX');
  return client;
}

test('commands with message numbers are refused (RFC 9586 §3)', async () => {
  await using server = await TestServer.start();
  const client = await enabled(server, 3);
  assert.match((await client.ok('CAPABILITY')).untagged[0]!, / UIDONLY/);
  for (const command of [
    'FETCH 1 FLAGS',
    'STORE 1 +FLAGS (\\Seen)',
    'SEARCH ALL',
    'COPY 1 INBOX',
    'MOVE 1 INBOX',
    'UID SEARCH 1:2',
    'UID SEARCH OR UID 1 NOT (2)',
    'FETCH nonsense',
  ]) {
    const { status, text } = await client.command(command);
    assert.deepEqual([status, text.slice(0, 13)], ['BAD', '[UIDREQUIRED]'], command);
  }
  assert.deepEqual((await client.ok('UID SEARCH UID 1:2')).untagged, ['SEARCH 1 2']);
  assert.deepEqual((await client.ok('UID SEARCH ALL')).untagged, ['SEARCH 1 2 3']);
  assert.equal((await client.command('FETCH 1 FLAGS')).status, 'BAD');
});

test('UIDFETCH in place of FETCH, VANISHED in place of EXPUNGE, no UNSEEN', async () => {
  await using server = await TestServer.start();
  const client = await enabled(server, 4);
  await client.ok('UID STORE 1 +FLAGS.SILENT (\\Deleted)');
  assert.deepEqual((await client.ok('EXPUNGE')).untagged, ['VANISHED 1']);
  assert.deepEqual((await client.ok('UID FETCH 3 (FLAGS)')).untagged, ['3 UIDFETCH (FLAGS ())']);
  assert.deepEqual((await client.ok('UID FETCH 3 (UID RFC822.SIZE)')).untagged, [
    '3 UIDFETCH (UID 3 RFC822.SIZE 52)',
  ]);
  assert.match(
    (await client.ok('UID FETCH 2:3 ENVELOPE')).untagged[1]!,
    /^3 UIDFETCH \(ENVELOPE \(NIL "number 3"/,
  );
  assert.deepEqual((await client.ok('UID FETCH 4 BODY[TEXT]<0.2>')).untagged, [
    '4 UIDFETCH (FLAGS (\\Seen) BODY[TEXT]<0> {2}\r\nHe)',
  ]);
  assert.match(
    (await client.ok('UID FETCH 4 BODY.PEEK[HEADER.FIELDS (SUBJECT)]')).untagged[0]!,
    /^4 UIDFETCH \(BODY\[HEADER\.FIELDS \(SUBJECT\)\] \{/,
  );
  assert.deepEqual((await client.ok('UID STORE 2 +FLAGS (\\Flagged)')).untagged, [
    '2 UIDFETCH (FLAGS (\\Flagged))',
  ]);
  const worker = await server.loggedIn();
  await worker.ok('SELECT INBOX');
  await worker.ok('STORE 2 +FLAGS.SILENT (\\Answered)');
  await worker.ok('UID MOVE 2 INBOX');
  const { untagged } = await client.ok('NOOP');
  assert.deepEqual(untagged, ['VANISHED 2', '3 EXISTS', '0 RECENT', '3 UIDFETCH (FLAGS (\\Answered))']);
  assert.ok(!(await client.ok('SELECT INBOX')).untagged.some((line) => line.includes('UNSEEN')));
});

test('with CONDSTORE and QRESYNC: MODSEQ goes along, match data is refused (RFC 9586 §3.7)', async () => {
  await using server = await TestServer.start();
  const client = await enabled(server, 2, ' QRESYNC');
  const entry = await server.store.catalogue.find({ owner: 'fred', path: [] } as never);
  const { head } = await server.store.mailbox(entry!.id).snapshot();
  const [line] = (await client.ok('UID STORE 1 +FLAGS (\\Seen)')).untagged;
  assert.match(line!, /^1 UIDFETCH \(FLAGS \(\\Seen\) MODSEQ \(\d+\)\)$/);
  const select = (more: string) =>
    client.command(`SELECT INBOX (QRESYNC (${head.uidValidity} ${head.highestModSeq}${more}))`);
  const { untagged } = await select('');
  assert.match(untagged.at(-1)!, /^1 UIDFETCH \(FLAGS \(\\Seen\) MODSEQ \(\d+\)\)$/);
  const refused = await select(' 1:2 (1 1)');
  assert.deepEqual([refused.status, refused.text.slice(0, 13)], ['BAD', '[UIDREQUIRED]']);
  await client.ok('UID FETCH 1 FLAGS');
});
