/** The forms of a message in APPEND and REPLACE: literal8, CATENATE; and what REPLACE replaces. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { personalMailbox, type UserId } from '@angarium/sdk';
import type { ImapTestClient } from '@angarium/testing';
import { letter, TestServer } from '../server.test.support.js';

const literal = (text: string): string => `{${Buffer.byteLength(text, 'latin1')}+}\r\n${text}`;

async function bodyOf(client: ImapTestClient, set: string, section = ''): Promise<string> {
  const { untagged } = await client.ok(`FETCH ${set} BODY.PEEK[${section}]`);
  return /\{\d+\}\r\n([\s\S]*)\)$/.exec(untagged[0]!)?.[1] ?? '';
}

test('literal8: binary parts with NUL become base64, and BINARY gives them back (RFC 3516 §4.4)', async () => {
  await using server = await TestServer.start();
  const client = await server.selected();
  const octets = Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 7) & 255)).latin1Slice();
  const message =
    'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b\r\n' +
    `Content-Type: image/png\r\nContent-Transfer-Encoding:\r\n binary\r\nX-After: 1\r\n\r\n${octets}\r\n--b--\r\n`;
  await client.ok(`APPEND INBOX ~${literal(message)}`);
  const { untagged } = await client.ok('FETCH 1 (BODYSTRUCTURE BODY.PEEK[2.MIME])');
  assert.match(untagged[0]!, /"IMAGE" "PNG" NIL NIL NIL "BASE64" 410/);
  assert.match(untagged[0]!, /Content-Transfer-Encoding:base64\r\nX-After: 1\r\n\r\n/);
  client.sendLine('x FETCH 1 BINARY.PEEK[2]');
  await client.expect(/^\* 1 FETCH \(BINARY\[2\] ~\{300\}$/);
  assert.equal((await client.exactly(300)).latin1Slice(), octets);
  await client.expect(/^\)$/);
  await client.expect(/^x OK/);
});

test('literal8 is kept as it is where there is no NUL, and NUL in the open is refused', async () => {
  await using server = await TestServer.start();
  const client = await server.selected();
  const lines = 'Subject: x\r\nContent-Transfer-Encoding: binary\r\n\r\none\ntwo\rthree';
  await client.ok(`APPEND INBOX ~${literal(lines)}`);
  assert.equal(await bodyOf(client, '1'), lines);
  for (const wrong of ['Subject: a\0b\r\n\r\nx', 'Subject: x\r\n\r\na\0b']) {
    assert.match((await client.command(`APPEND INBOX ~${literal(wrong)}`)).text, /^\[UNKNOWN-CTE\]/);
  }
  const single = 'Content-Type: a/b\r\nContent-Transfer-Encoding: binary\r\n\r\na\0b';
  await client.ok(`APPEND INBOX ~${literal(single)}`);
  assert.equal(await bodyOf(client, '2', 'TEXT'), Buffer.from('a\0b').toString('base64'));
  assert.match((await client.command(`APPEND INBOX ~{9999999999}`)).text, /^\[TOOBIG\]/);
});

/** RFC 4469, Appendix A, in small. */
const draft =
  'Subject: draft\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\ntext\r\n--x\r\n' +
  'Content-Type: application/zip\r\n\r\nPK..\r\n--x--\r\n';

async function withDraft(server: TestServer): Promise<{ client: ImapTestClient; validity: string }> {
  const client = await server.selected();
  await client.ok('CREATE INBOX.Drafts');
  await client.append('INBOX.Drafts', draft);
  const [status] = (await client.ok('STATUS INBOX.Drafts (UIDVALIDITY)')).untagged;
  return { client, validity: /(\d+)\)$/.exec(status!)![1]! };
}

test('CATENATE joins text and parts of messages (RFC 4469 §3)', async () => {
  await using server = await TestServer.start();
  const { client, validity } = await withDraft(server);
  const url = `/INBOX.Drafts;UIDVALIDITY=${validity}/;UID=1`;
  await client.ok(
    `APPEND INBOX (\\Seen) CATENATE (URL "${url}/;SECTION=HEADER" TEXT ${literal('--x\r\n\r\nmore\n--x\r\n')} ` +
      `url ${url}/;section=2.MIME URL {${url.length + 11}+}\r\n${url}/;SECTION=2 text ${literal('\r\n--x--\r\n')})`,
  );
  const header = draft.slice(0, draft.indexOf('--x'));
  assert.equal(
    await bodyOf(client, '1'),
    `${header}--x\r\n\r\nmore\r\n--x\r\nContent-Type: application/zip\r\n\r\nPK..\r\n--x--\r\n`,
  );
  // The catenated message is not \Seen by that, and MULTIAPPEND takes both forms (RFC 4469 §5).
  await client.ok(`APPEND INBOX CATENATE (URL ${url}) ${literal(letter('plain'))} CATENATE (URL ";UID=1")`);
  assert.equal(await bodyOf(client, '2'), draft);
  assert.equal(await bodyOf(client, '4'), await bodyOf(client, '1'));
  await client.ok('SELECT INBOX.Drafts');
  assert.deepEqual((await client.ok('FETCH 1 FLAGS')).untagged, ['1 FETCH (FLAGS (\\Recent))']);
  assert.deepEqual(server.faults, []);
});

test('URL-PARTIAL, HEADER.FIELDS and the selected mailbox (RFC 5550 §5.7.1)', async () => {
  await using server = await TestServer.start();
  const { client } = await withDraft(server);
  await client.ok('SELECT INBOX.Drafts');
  await client.ok(
    'APPEND INBOX CATENATE (URL ";UID=1/;SECTION=HEADER.FIELDS%20(Subject)" URL "/INBOX.Drafts/;UID=1/;SECTION=1/;PARTIAL=1.2" ' +
      'URL ";UID=1/;SECTION=1/;PARTIAL=3")',
  );
  await client.ok('SELECT INBOX');
  assert.equal(await bodyOf(client, '1'), 'Subject: draft\r\n\r\next');
});

test('a URL that cannot be used fails the command with the first such (RFC 4469 §4.1)', async () => {
  await using server = await TestServer.start();
  const { client, validity } = await withDraft(server);
  await (await server.loggedIn('joe')).append('INBOX', letter('secret'));
  const wrong = [
    '/INBOX.none/;UID=1',
    '/INBOX.Drafts/;UID=2',
    '/INBOX.Drafts/;UID=1/;SECTION=3',
    '/INBOX.Drafts/;UID=1/;SECTION=TEXT.1',
    `/INBOX.Drafts;UIDVALIDITY=${Number(validity) + 1}/;UID=1`,
    '/user.joe/;UID=1',
    'imap://fred@localhost/INBOX.Drafts/;UID=1',
    '/INBOX.Drafts',
    'http://example.org/',
  ];
  for (const url of wrong) {
    const answer = await client.command(`APPEND INBOX CATENATE (TEXT ${literal('a')} URL "${url}" URL "/x")`);
    assert.deepEqual([answer.status, answer.text.split('] ')[0]], ['NO', `[BADURL ${url}`]);
  }
  for (const bad of [
    'CATENATE ()',
    'CATENATE (FILE "x")',
    'CATENATE (TEXT "x")',
    'CATENATE (URL "/x"',
    'CATENATE',
  ]) {
    assert.ok(['BAD', 'NO'].includes((await client.command(`APPEND INBOX ${bad}`)).status), bad);
  }
  assert.deepEqual((await client.ok('STATUS INBOX (MESSAGES)')).untagged, ['STATUS INBOX (MESSAGES 0)']);
  assert.deepEqual(server.faults, []);
});

test('CATENATE above the largest message is TOOBIG, before a literal is asked for (RFC 4469 §4.2)', async () => {
  await using server = await TestServer.start({ imap: { maxMessageBytes: 3000 } });
  const client = await server.selected();
  await client.append('INBOX', letter('x', 'y'.repeat(2000)));
  assert.match(
    (await client.command('APPEND INBOX CATENATE (URL ";UID=1" URL ";UID=1")')).text,
    /^\[TOOBIG\]/,
  );
  const answer = await client.withLiterals('APPEND INBOX CATENATE (URL ";UID=1" TEXT ', Buffer.alloc(2000));
  assert.match(answer.text, /^\[TOOBIG\]/);
  assert.match((await client.command('APPEND INBOX CATENATE (TEXT {0+}\r\n)')).text, /^\[CANNOT\]/);
});

test('a mailbox may have a lower limit than the server (RFC 7889 §3)', async () => {
  await using server = await TestServer.start({ imap: { mailboxAppendLimits: true } });
  const client = await server.selected();
  await client.ok('CREATE INBOX.small');
  const { catalogue } = server.store;
  const small = await catalogue.find(personalMailbox('fred' as UserId, ['small']));
  await catalogue.change(small!.id, { attributes: { 'imap/appendlimit': '100' } });
  assert.match((await client.ok('CAPABILITY')).untagged[0]!, / APPENDLIMIT /);
  const status = await client.ok('STATUS INBOX.small (APPENDLIMIT)');
  assert.deepEqual(status.untagged, ['STATUS INBOX.small (APPENDLIMIT 100)']);
  assert.match((await client.append('INBOX.small', letter('x', 'y'.repeat(200)))).text, /^\[TOOBIG\]/);
  await client.append('INBOX', letter('x', 'y'.repeat(200)));
  assert.deepEqual((await client.ok('STATUS INBOX (APPENDLIMIT MESSAGES)')).untagged, [
    'STATUS INBOX (APPENDLIMIT 104857600 MESSAGES 1)',
  ]);
});

test('REPLACE: the new one comes, APPENDUID, then the old one goes (RFC 8508 §3.2)', async () => {
  await using server = await TestServer.start();
  const client = await server.selected(3);
  const other = await server.loggedIn();
  await other.ok('SELECT INBOX');
  const done = await client.ok(
    `REPLACE 2 INBOX (\\Draft) "17-Jul-1996 02:44:25 +0000" ${literal(letter('new'))}`,
  );
  const [validity] = /\d{2,}/.exec(done.untagged[0]!)!;
  assert.deepEqual(done.untagged, [
    `OK [APPENDUID ${validity} 4] Replacement ready`,
    '2 EXPUNGE',
    '3 EXISTS',
    '3 RECENT',
  ]);
  assert.deepEqual((await other.ok('NOOP')).untagged.slice(0, 2), ['2 EXPUNGE', '3 EXISTS']);
  assert.deepEqual((await client.ok('FETCH 3 (UID FLAGS INTERNALDATE)')).untagged, [
    '3 FETCH (UID 4 FLAGS (\\Draft \\Recent) INTERNALDATE "17-Jul-1996 02:44:25 +0000")',
  ]);
  await client.ok('CREATE INBOX.Sent');
  await client.ok('ENABLE CONDSTORE');
  const sent = await client.ok(`UID REPLACE 4 INBOX.Sent CATENATE (URL ";UID=4" TEXT ${literal('x\r\n')})`);
  assert.match(sent.text, /^\[HIGHESTMODSEQ \d+\] Completed/);
  assert.match(sent.untagged[0]!, /^OK \[APPENDUID \d+ 1\]/);
  assert.equal(sent.untagged[1], '3 EXPUNGE');
  assert.deepEqual((await client.ok('STATUS INBOX.Sent (MESSAGES)')).untagged, [
    'STATUS INBOX.Sent (MESSAGES 1)',
  ]);
});

test('REPLACE that cannot be done leaves everything as it was', async () => {
  await using server = await TestServer.start();
  const client = await server.selected(2);
  const message = literal(letter('new'));
  const refused: readonly [command: string, answer: RegExp][] = [
    [`UID REPLACE 9 INBOX ${message}`, /^NO \[NONEXISTENT\]/],
    [`REPLACE 9 INBOX ${message}`, /^BAD /],
    [`REPLACE 1 INBOX.none ${message}`, /^NO \[TRYCREATE\]/],
    [`REPLACE 1 INBOX CATENATE (URL "/x/;UID=1")`, /^NO \[BADURL/],
    [`REPLACE 1:2 INBOX ${message}`, /^BAD /],
    [`REPLACE 1 INBOX ${message} ${message}`, /^BAD /],
    [`REPLACE 1 INBOX`, /^BAD /],
  ];
  for (const [command, answer] of refused) {
    const { status, text } = await client.command(command);
    assert.match(`${status} ${text}`, answer, command);
  }
  const other = await server.loggedIn();
  await other.ok('SELECT INBOX');
  await other.ok('STORE 1 +FLAGS.SILENT (\\Deleted)');
  await other.ok('EXPUNGE');
  assert.match((await client.command(`REPLACE 1 INBOX ${message}`)).text, /^\[EXPUNGEISSUED\]/);
  await client.ok('EXAMINE INBOX');
  assert.match((await client.command(`REPLACE 1 INBOX ${message}`)).text, /^\[CANNOT\]/);
  assert.deepEqual((await client.ok('STATUS INBOX (MESSAGES)')).untagged, ['STATUS INBOX (MESSAGES 1)']);
  await client.ok('UNSELECT');
  assert.match((await client.command(`REPLACE 1 INBOX ${message}`)).text, /not allowed while no mailbox/);
});
