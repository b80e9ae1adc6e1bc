/** Items that tell more of a message: PREVIEW, SAVEDATE, OBJECTID, DIGEST. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { ManualClock } from '@angarium/testing';
import { letter, TestServer } from '../server.test.support.js';

const mime = (headers: string, body: string): string => `Subject: x\r\n${headers}\r\n\r\n${body}`;
const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');
const alternative =
  '--b\r\nContent-Type: text/plain\r\n\r\n\r\n--b\r\nContent-Type: text/html; charset=iso-8859-1\r\n' +
  'Content-Transfer-Encoding: quoted-printable\r\n\r\n<style>p{color:red}</style><p>Gr=FC=DFe =\r\n&amp; mehr</p>\r\n--b--\r\n';

const previews: readonly [name: string, message: string, preview: string][] = [
  ['plain text', letter('x', 'Hello\r\n\r\nworld\r\n'), '"Hello world"'],
  ['quotes', letter('x', 'He said "no" \\ yes'), '"He said \\"no\\" \\\\ yes"'],
  ['an empty body', letter('x', ''), '""'],
  ['no text', mime('Content-Type: image/png', 'abc'), '""'],
  [
    'an encoding nobody knows',
    mime('Content-Type: text/plain\r\nContent-Transfer-Encoding: x-y', 'abc'),
    '""',
  ],
  ['8-bit text as a literal', letter('x', 'caf\xc3\xa9'), '{5}\r\ncaf\xc3\xa9'],
  [
    'a charset, base64',
    mime(
      'Content-Type: text/plain; charset=utf-16le\r\nContent-Transfer-Encoding: base64',
      base64(Buffer.from('abc', 'utf16le')),
    ),
    '"abc"',
  ],
  [
    'HTML when the plain text is empty',
    mime('Content-Type: multipart/alternative; boundary=b', alternative),
    '{14}\r\nGr\xc3\xbc\xc3\x9fe & mehr',
  ],
];

for (const [name, message, preview] of previews) {
  test(`PREVIEW of ${name} (RFC 8970 §3)`, async () => {
    await using server = await TestServer.start();
    const client = await server.selected();
    await client.append('INBOX', Buffer.from(message, 'latin1'));
    for (const item of ['PREVIEW', 'PREVIEW (LAZY)', '(PREVIEW)', '(PREVIEW (LAZY LAZY))']) {
      assert.deepEqual((await client.ok(`FETCH 1 ${item}`)).untagged.at(-1), `1 FETCH (PREVIEW ${preview})`);
    }
    assert.doesNotMatch((await client.ok('FETCH 1 FLAGS')).untagged[0]!, /Seen/);
  });
}

test('PREVIEW goes with other items, of many messages, and is bounded', async () => {
  await using server = await TestServer.start();
  const client = await server.selected();
  for (let i = 0; i < 300; i++) await client.append('INBOX', letter('x', `text ${i}`));
  await client.append('INBOX', letter('long', 'word '.repeat(100_000)));
  await client.ok('NOOP');
  const { untagged } = await client.ok('UID FETCH 1:* (PREVIEW RFC822.SIZE)');
  assert.equal(untagged[299], '300 FETCH (UID 300 RFC822.SIZE 46 PREVIEW "text 299")');
  assert.equal(/PREVIEW "(.*)"/.exec(untagged[300]!)![1]!.length, 199);
  for (const wrong of ['PREVIEW (', 'PREVIEW ()', 'PREVIEW (SOON)', 'PREVIEW(LAZY)'])
    assert.equal((await client.command(`FETCH 1 ${wrong}`)).status, 'BAD', wrong);
  assert.deepEqual(server.faults, []);
});

test('SAVEDATE is the time of coming into this mailbox (RFC 8514 §3)', async () => {
  const clock = new ManualClock();
  await using server = await TestServer.start({ clock });
  const first = await server.selected();
  await first.withLiterals('APPEND INBOX " 1-Jan-1999 00:00:00 +0000" ', Buffer.from(letter('a')));
  await clock.advance(86_400_000);
  const client = await server.selected();
  await client.ok('CREATE INBOX.b');
  await client.ok('COPY 1 INBOX.b');
  await client.ok('COPY 1 INBOX');
  const { untagged } = await client.ok('FETCH 1:2 (SAVEDATE INTERNALDATE)');
  assert.deepEqual(untagged.slice(-2), [
    '1 FETCH (INTERNALDATE " 1-Jan-1999 00:00:00 +0000" SAVEDATE " 1-Jan-2024 00:00:00 +0000")',
    '2 FETCH (INTERNALDATE " 1-Jan-1999 00:00:00 +0000" SAVEDATE " 2-Jan-2024 00:00:00 +0000")',
  ]);
  const found = async (keys: string) => (await client.ok(`SEARCH ${keys}`)).untagged.at(-1);
  assert.equal(await found('SAVEDBEFORE 2-Jan-2024'), 'SEARCH 1');
  assert.equal(await found('SAVEDON "2-Jan-2024"'), 'SEARCH 2');
  assert.equal(await found('SAVEDSINCE 1-Jan-2024'), 'SEARCH 1 2');
  assert.equal(await found('NOT SAVEDON 2-Jan-2024 SAVEDATESUPPORTED'), 'SEARCH 1');
  assert.equal((await client.command('SEARCH SAVEDON')).status, 'BAD');
  await client.ok('SELECT INBOX.b');
  assert.match((await client.ok('FETCH 1 SAVEDATE')).untagged[0]!, / 2-Jan-2024 /);
});

test('OBJECTID: ids of mailboxes stay with them (RFC 8474 §4)', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  const id = /^\[MAILBOXID \(([\w-]+)\)\]/.exec((await client.ok('CREATE INBOX.a')).text)![1];
  assert.ok((await client.ok('SELECT INBOX.a')).untagged.includes(`OK [MAILBOXID (${id})] Ok`));
  await client.ok('RENAME INBOX.a INBOX.b');
  assert.deepEqual((await client.ok('STATUS INBOX.b (MAILBOXID)')).untagged, [
    `STATUS INBOX.b (MAILBOXID (${id}))`,
  ]);
  assert.ok((await client.ok('EXAMINE INBOX.b')).untagged.includes(`OK [MAILBOXID (${id})] Ok`));
  assert.notEqual((await client.ok('CREATE INBOX.a')).text, `[MAILBOXID (${id})] Completed`);
});

test('OBJECTID: copies have one EMAILID, conversations one THREADID (RFC 8474 §5)', async () => {
  await using server = await TestServer.start();
  const client = await server.selected();
  await client.append('INBOX', 'Message-ID: <1@x>\r\nSubject: Message A\r\n\r\nx');
  await client.append('INBOX', 'Message-ID: <2@x>\r\nReferences: <1@x>\r\nSubject: Re: Message A\r\n\r\nx');
  await client.append('INBOX', 'Message-ID: <3@x>\r\nSubject: Message C\r\n\r\nx');
  await client.ok('COPY 1 INBOX');
  const { untagged } = await client.ok('FETCH 1:4 (EMAILID THREADID)');
  const ids = untagged
    .slice(-4)
    .map((line) => /EMAILID \((M[\w-]+)\) THREADID \((T[\w-]+)\)/.exec(line)!.slice(1));
  const [a, b, c, copy] = ids as [string, string][];
  assert.deepEqual(copy, a);
  assert.deepEqual([b![1] === a![1], c![1] === a![1], b![0] === a![0]], [true, false, false]);
  assert.equal((await client.ok(`SEARCH EMAILID ${a![0]}`)).untagged.at(-1), 'SEARCH 1 4');
  assert.equal((await client.ok(`SEARCH THREADID ${a![1]}`)).untagged.at(-1), 'SEARCH 1 2 4');
  assert.equal((await client.ok(`SEARCH THREADID ${a![1]!.toLowerCase()}`)).untagged.at(-1), 'SEARCH');
  assert.equal((await client.command('SEARCH EMAILID')).status, 'BAD');
});

test('DIGEST.SHA1 is of the octets', async () => {
  await using server = await TestServer.start();
  const client = await server.selected(2);
  const sha1 = createHash('sha1').update(letter('number 2')).digest('hex');
  assert.equal((await client.ok('FETCH 2 DIGEST.SHA1')).untagged[0], `2 FETCH (DIGEST.SHA1 ${sha1})`);
});
