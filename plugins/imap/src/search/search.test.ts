import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Flag, fold, NumberSet, type SearchIndex } from '@angarium/sdk';
import { plainEnvironment } from '../messages/environment.js';
import { type Letter, TestServer } from '../messages/harness.test.support.js';

const crlf = (text: string): string => text.replace(/\r?\n/g, '\r\n');

const letters: readonly Letter[] = [
  {
    text: crlf(
      'From: Smith <smith@example.org>\nTo: fred@example.com\nSubject: Lunch\nDate: Tue, 1 Feb 1994 23:30:00 -0500\n\nSee you at noon.\n',
    ),
    flags: Flag.flagged,
    date: '1994-02-02T04:30:00Z',
  },
  {
    text: crlf(
      'From: =?utf-8?Q?J=C3=BCrgen?= <j@example.org>\nSubject: =?utf-8?B?R3LDvMOfZSBhdXMgS8O2bG4=?=\nX-Mailer: pine\n\nHallo\n',
    ),
    flags: Flag.seen | Flag.answered,
    keywords: ['$Forwarded'],
    date: '2001-01-01T00:00:00Z',
  },
  {
    text: crlf(`From: a@example.org
Cc: smith@example.net
Subject: parts
Date: 3 Mar 2003 00:10:00 +0200
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Stra=DFe und K=F6=
ln
--b
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

${Buffer.from('<p>Привет мир</p>').toString('base64')}
--b
Content-Type: image/png

needle-in-image
--b
Content-Type: message/rfc822

Subject: within

hidden treasure
--b--
`),
    flags: Flag.deleted,
    date: '2003-03-02T22:10:00Z',
  },
];

async function search(command: string, options = {}): Promise<string> {
  const session = await (await TestServer.with(letters)).select('INBOX', options);
  const lines = await session.run(command);
  assert.equal(lines.at(-1), 'A OK Completed', lines.join('\n'));
  return lines[lines.length - 2]!;
}

const cases: readonly [command: string, found: string][] = [
  ['ALL', ' 1 2 3'],
  ['FLAGGED SINCE 1-Feb-1994 FROM "Smith"', ' 1'],
  ['FLAGGED SINCE 1-Feb-1994 NOT FROM "Smith"', ''],
  ['TEXT "string not in mailbox"', ''],
  ['SEEN', ' 2'],
  ['UNSEEN', ' 1 3'],
  ['OR SEEN DELETED', ' 2 3'],
  ['KEYWORD $forwarded', ' 2'],
  ['UNKEYWORD $Forwarded', ' 1 3'],
  ['KEYWORD nosuch', ''],
  ['RECENT', ' 1 2 3'],
  ['NEW', ' 1 3'],
  ['OLD', ''],
  ['2:*', ' 2 3'],
  ['NOT 2', ' 1 3'],
  ['OR 1 UID 3', ' 1 3'],
  ['UID 3:900', ' 3'],
  ['FROM smith', ' 1'],
  ['OR FROM smith CC smith', ' 1 3'],
  ['FROM "smith <SMITH@"', ' 1'],
  ['FROM jurgen', ' 2'],
  ['CHARSET UTF-8 FROM {7}\r\nJ\xc3\xbcrgen', ' 2'],
  ['CHARSET ISO-8859-1 SUBJECT {5}\r\ngr\xfc\xdfe', ' 2'],
  ['SUBJECT ""', ' 1 2 3'],
  ['HEADER X-Mailer ""', ' 2'],
  ['HEADER X-Mailer PINE', ' 2'],
  ['HEADER X-Mailer elm', ''],
  ['HEADER Subject lunch', ' 1'],
  ['CC ""', ' 3'],
  ['BCC ""', ''],
  ['BEFORE 2-Feb-1994', ''],
  ['ON 2-Feb-1994', ' 1'],
  ['SINCE 1-Jan-2001', ' 2 3'],
  ['SENTON 1-Feb-1994', ' 1'],
  ['SENTBEFORE 1-Feb-1994', ''],
  ['SENTSINCE 3-Mar-2003', ' 3'],
  ['SENTON 3-Mar-2003', ' 3'],
  ['SENTSINCE 1-Jan-1970', ' 1 3'],
  ['NOT SENTSINCE 1-Jan-1970', ' 2'],
  ['LARGER 300', ' 3'],
  ['SMALLER 300', ' 1 2'],
  ['BODY noon', ' 1'],
  ['BODY lunch', ''],
  ['TEXT lunch', ' 1'],
  ['TEXT "x-mailer: pi"', ' 2'],
  ['CHARSET UTF-8 BODY {15}\r\nstra\xc3\x9fe und k\xc3\xb6', ' 3'],
  ['BODY "strasse und koln"', ' 3'],
  [`CHARSET UTF-8 BODY {12}\r\n${Buffer.from('привет').latin1Slice()}`, ' 3'],
  ['BODY needle-in-image', ''],
  ['BODY treasure', ' 3'],
  ['BODY "subject: within"', ' 3'],
  ['BODY "see  you\tat"', ' 1'],
  ['OR BODY noon BODY hallo', ' 1 2'],
  ['NOT BODY noon', ' 2 3'],
  ['NOT (OR BODY noon SEEN)', ' 3'],
  ['UNSEEN NOT TEXT noon SMALLER 1000', ' 3'],
];
for (const [command, found] of cases) {
  test(`SEARCH ${JSON.stringify(command)}`, async () => {
    assert.equal(await search(`SEARCH ${command}`), `* SEARCH${found}`);
  });
}

test('UID SEARCH answers UIDs', async () => {
  const server = await TestServer.with(letters);
  const session = await server.select();
  await session.run('STORE 1 +FLAGS.SILENT (\\Deleted)');
  await session.run('UID EXPUNGE 1');
  assert.deepEqual(await session.run('UID SEARCH ALL'), ['* SEARCH 2 3', 'A OK Completed']);
  assert.deepEqual(await session.run('SEARCH ALL'), ['* SEARCH 1 2', 'A OK Completed']);
});

test('numbers without a message match nothing, as in other servers', async () => {
  for (const [set, found] of [
    ['4:*', ' 3'],
    ['4', ''],
    ['2:9', ' 2 3'],
    ['9:2', ' 2 3'],
    ['4294967295:*', ' 3'],
    ['NOT 3:9', ' 1 2'],
    ['OR 4 1', ' 1'],
  ])
    assert.equal(await search(`SEARCH ${set}`), `* SEARCH${found}`, set);
  const session = await (await TestServer.with([])).select('INBOX');
  assert.deepEqual(await session.run('SEARCH 1:*'), ['* SEARCH', 'A OK Completed']);
});

test('an unknown charset is NO with BADCHARSET', async () => {
  const session = await (await TestServer.with(letters)).select();
  assert.deepEqual(await session.run('SEARCH CHARSET X-NOSUCH TEXT a'), [
    'A NO [BADCHARSET (US-ASCII UTF-8 ISO-8859-1)] The charset is not known',
  ]);
});

test('RFC 7162 §3.1.5: MODSEQ is told with a result, and enables CONDSTORE', async () => {
  const session = await (await TestServer.with(letters)).select();
  assert.deepEqual(await session.run('SEARCH MODSEQ 3'), [
    '* OK [HIGHESTMODSEQ 4] Highest',
    '* SEARCH 2 3 (MODSEQ 4)',
    'A OK Completed',
  ]);
  assert.deepEqual(await session.run('SEARCH OR NOT MODSEQ 1 LARGER 50000'), ['* SEARCH', 'A OK Completed']);
});

test('messages that others have expunged are not found (RFC 2180 §4.3)', async () => {
  const server = await TestServer.with(letters);
  const session = await server.select();
  await session.selected.mailbox.expunge(NumberSet.of(2), { onlyDeleted: false });
  assert.deepEqual(await session.run('SEARCH ALL'), ['* SEARCH 1 3', 'A OK Completed']);
  assert.deepEqual(await session.run('UID SEARCH ALL'), ['* 2 EXPUNGE', '* SEARCH 1 3', 'A OK Completed']);
});

test('a large body, looked at in slices, is found across cuts', async () => {
  const line = `${'x'.repeat(70)}\r\n`;
  const filler = line.repeat(Math.ceil(262_144 / line.length));
  const one = `${filler}across the cut\r\n${filler}`;
  const two = `${'y'.repeat(262_140)}marker${'z'.repeat(300_000)}`;
  const server = await TestServer.with([
    { text: `Subject: one\r\n\r\n${one}` },
    { text: `Subject: two\r\n\r\n${two}` },
    {
      text: `Subject: three\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(two).toString('base64')}`,
    },
  ]);
  const session = await server.select();
  assert.deepEqual(await session.run('SEARCH BODY "across the cut xx"'), ['* SEARCH 1', 'A OK Completed']);
  assert.deepEqual(await session.run('SEARCH BODY ymarkerz'), ['* SEARCH 2 3', 'A OK Completed']);
});

test('a search index nominates; what it does not know is read, what it nominates is verified', async () => {
  const asked: string[] = [];
  const searchIndex: SearchIndex = {
    async candidates(_mailbox, terms) {
      asked.push(...terms.map(({ field, text }) => `${field}:${text}`));
      return { uids: NumberSet.of(1, 2), indexed: NumberSet.of(1, 2, 3) };
    },
  };
  const environment = { ...plainEnvironment, searchIndex };
  assert.equal(await search('SEARCH BODY noon', { environment }), '* SEARCH 1');
  assert.equal(
    await search('SEARCH BODY treasure', { environment }),
    '* SEARCH',
    'message 3 was not nominated',
  );
  assert.deepEqual(asked, ['body:noon', `body:${fold('treasure')}`]);
});

test('extension keys of each kind', async () => {
  const key = (name: string, rest: object) => ({ name, parse: () => undefined, ...rest });
  const keys: Record<string, object> = {
    ODD: key('ODD', {
      needs: 'index',
      matchIndex: (_s: unknown, c: { uids: Uint32Array }, at: number) => c.uids[at]! % 2 === 1,
    }),
    ATTACHED: key('ATTACHED', {
      needs: 'summary',
      matchSummary: (_s: unknown, summary: { hasAttachment: boolean }) => summary.hasAttachment,
    }),
    SLOW: key('SLOW', { needs: 'message', matchMessage: async (_s: unknown, uid: number) => uid > 1 }),
  };
  const environment = { ...plainEnvironment, searchKey: (name: string) => keys[name] as never };
  assert.equal(await search('SEARCH ODD', { environment }), '* SEARCH 1 3');
  assert.equal(await search('SEARCH ATTACHED', { environment }), '* SEARCH 3');
  assert.equal(await search('SEARCH ODD SLOW', { environment }), '* SEARCH 3');
  assert.equal(await search('SEARCH NOT SLOW', { environment }), '* SEARCH 1');
});

test('two header fields of one name', async () => {
  const server = await TestServer.with([{ text: 'To: one@x\r\nTo: two@x\r\n\r\n' }]);
  const session = await server.select();
  assert.deepEqual(await session.run('SEARCH TO two@'), ['* SEARCH 1', 'A OK Completed']);
});

test('a header too large to be cached is read', async () => {
  const many = Array.from({ length: 2000 }, (_, i) => `p${i}@example.org`).join(',\r\n ');
  const session = await (await TestServer.with([{ text: `To: ${many}\r\n\r\n` }])).select();
  assert.deepEqual(await session.run('SEARCH TO p1999@'), ['* SEARCH 1', 'A OK Completed']);
  assert.deepEqual(await session.run('SEARCH TO p2000@'), ['* SEARCH', 'A OK Completed']);
});
