import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Exchange, mailbox, talk } from '../searching.test.support.js';
import { matching } from './index.js';

const mails = [
  { text: 'Subject: =?utf-8?Q?Stra=C3=9Fe?=\n\nKlein\n' },
  { text: 'Subject: STRASSE\n\nklein\n' },
  { text: 'Subject: =?iso-8859-7?B?z+TvYw==?= Caf=?utf-8?Q?=C3=89?=\n\nKLEIN\n' },
];

const exchanges: readonly Exchange[] = [
  ['COMPARATOR', ['COMPARATOR i;unicode-casemap']],
  ['SEARCH BODY klein', ['SEARCH 1 2 3']],
  ['SEARCH SUBJECT strasse', ['SEARCH 1 2']],
  ['COMPARATOR i;octet', ['COMPARATOR i;octet']],
  ['SEARCH BODY klein', ['SEARCH 2']],
  ['SEARCH BODY Klein', ['SEARCH 1']],
  ['COMPARATOR "cz;*" i;ascii-casemap', ['COMPARATOR i;ascii-casemap']],
  ['SEARCH BODY klein', ['SEARCH 1 2 3']],
  ['SEARCH SUBJECT strasse', ['SEARCH 2']],
  ['COMPARATOR "i;nosuch"', [], /^NO \[BADCOMPARATOR\]/],
  ['COMPARATOR', ['COMPARATOR i;ascii-casemap']],
  ['COMPARATOR "i;*casemap"', ['COMPARATOR i;unicode-casemap (i;unicode-casemap i;ascii-casemap)']],
  ['SEARCH SUBJECT strasse', ['SEARCH 2']],
  ['COMPARATOR default', ['COMPARATOR i;unicode-casemap']],
  ['SEARCH SUBJECT strasse', ['SEARCH 1 2']],
  ['COMPARATOR i;ascii-numeric', [], /^NO \[BADCOMPARATOR\]/],
  ['COMPARATOR ""', [], /^NO/],
  ['COMPARATOR (a)', [], /^BAD/],
];

test('the comparator decides what is the same (RFC 5255 §4)', async () => {
  const { server, client } = await mailbox(mails);
  await using _ = server;
  await talk(client, exchanges);
});

test('international search: charsets of the key and of the mail meet in Unicode', async () => {
  const { server, client } = await mailbox(mails);
  await using _ = server;
  const search = async (charset: string, octets: number[]): Promise<string> => {
    const answer = await client.withLiterals(`SEARCH CHARSET ${charset} SUBJECT `, Buffer.from(octets));
    return answer.untagged[0] ?? `${answer.status} ${answer.text}`;
  };
  const street = [...Buffer.from('straße')];
  assert.equal(await search('UTF-8', street), 'SEARCH 1 2');
  assert.equal(await search('ISO-8859-1', [...Buffer.from('straße', 'latin1')]), 'SEARCH 1 2');
  assert.equal(await search('KOI8-R', [...Buffer.from('caf\xe9', 'latin1')]), 'SEARCH');
  assert.equal(await search('UTF-7', [...Buffer.from('caf+AOk-')]), 'SEARCH 3');
  assert.match(await search('X-NO-SUCH', street), /^NO \[BADCHARSET \(/);
  // A literal never holds NUL (RFC 3501 §9).
  assert.match(await search('UTF-16BE', [0, 115]), /^BAD/);
});

for (const [argument, names] of [
  ['default', ['i;unicode-casemap']],
  ['I;OCTET', ['i;octet']],
  ['*', ['i;unicode-casemap', 'i;ascii-casemap', 'i;octet']],
  ['i;*', ['i;unicode-casemap', 'i;ascii-casemap', 'i;octet']],
  ['*code*map', ['i;unicode-casemap']],
  ['+i;octet', ['i;octet']],
  ['i;octet*octet', []],
  ['', []],
  ['en;*', []],
] as const) {
  test(`comparator argument ${JSON.stringify(argument)}`, () => assert.deepEqual(matching(argument), names));
}
