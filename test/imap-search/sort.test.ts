import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collations } from '@angarium/sdk';
import fc from 'fast-check';
import { append, type Exchange, type Mail, SearchServer, talk } from './server.test.support.js';

const mails: readonly Mail[] = [
  {
    date: '05-Feb-2020 00:00:00 +0000',
    text: 'From: Zoe <b@example.org>\nTo: Al <x@example.org>\nCc: c@example.org\nSubject: Re: banana\nDate: Tue, 3 Mar 2020 10:00:00 +0000\n\nlong long long body\n',
  },
  {
    date: '01-Feb-2020 00:00:00 +0000',
    text: 'From: "Adam" <c@example.org>\nTo: y@example.org\nSubject: apple\nDate: Tue, 3 Mar 2020 12:00:00 +0200\n\nx\n',
  },
  {
    date: '03-Feb-2020 00:00:00 +0000',
    text: 'From: A@example.org\nTo: =?utf-8?Q?=C3=84rger?= <w@example.org>\nSubject: [list] BANANA (fwd)\nDate: Mon, 2 Mar 2020 10:00:00 +0000\n\nxx\n',
  },
  { date: '02-Feb-2020 00:00:00 +0000', text: 'From: d@example.org\n\nno date and no subject\n' },
];

const exchanges: readonly Exchange[] = [
  ['SORT (ARRIVAL) UTF-8 ALL', ['SORT 2 4 3 1']],
  ['SORT (REVERSE ARRIVAL) US-ASCII ALL', ['SORT 1 3 4 2']],
  // The instant, whatever its zone; the internal date where there is none (RFC 5256 §2.2).
  ['SORT (DATE) UTF-8 ALL', ['SORT 4 3 1 2']],
  // REVERSE leaves the order of equals (§3).
  ['SORT (REVERSE DATE) UTF-8 ALL', ['SORT 1 2 3 4']],
  ['SORT (SUBJECT) UTF-8 ALL', ['SORT 4 2 1 3']],
  ['SORT (REVERSE SUBJECT) UTF-8 ALL', ['SORT 1 3 2 4']],
  ['SORT (SUBJECT DATE) UTF-8 ALL', ['SORT 4 2 3 1']],
  ['SORT (FROM) UTF-8 ALL', ['SORT 3 1 2 4']],
  ['SORT (TO) UTF-8 ALL', ['SORT 4 3 1 2']],
  ['SORT (CC) UTF-8 ALL', ['SORT 2 3 4 1']],
  ['SORT (DISPLAYFROM) UTF-8 ALL', ['SORT 3 2 4 1']],
  ['SORT (DISPLAYTO) UTF-8 ALL', ['SORT 4 1 3 2']],
  ['SORT (SIZE) UTF-8 ALL', ['SORT 4 2 3 1']],
  ['SORT (REVERSE UID) UTF-8 ALL', ['SORT 4 3 2 1']],
  ['SORT (MODSEQ) UTF-8 ALL', ['SORT 1 2 3 4']],
  ['UID SORT (REVERSE ARRIVAL) UTF-8 2:3', ['SORT 3 2']],
  ['SORT (DATE) UTF-8 SUBJECT nosuch', ['SORT']],
  ['sort (date) utf-8 all', ['SORT 4 3 1 2']],
  ['SORT RETURN () (SUBJECT) UTF-8 ALL', ['ESEARCH (TAG) ALL 4,2,1,3']],
  ['SORT RETURN (ALL) (UID) UTF-8 ALL', ['ESEARCH (TAG) ALL 1:4']],
  ['UID SORT RETURN (MIN MAX COUNT) (SUBJECT) UTF-8 ALL', ['ESEARCH (TAG) UID MIN 4 MAX 3 COUNT 4']],
  ['SORT RETURN (PARTIAL 2:3) (SUBJECT) UTF-8 ALL', ['ESEARCH (TAG) PARTIAL (2:3 2,1)']],
  ['SORT RETURN (PARTIAL -1:-2) (SUBJECT) UTF-8 ALL', ['ESEARCH (TAG) PARTIAL (-1:-2 1,3)']],
  ['SORT RETURN (COUNT) (SUBJECT) UTF-8 SEEN', ['ESEARCH (TAG) COUNT 0']],
  ['SORT RETURN (SAVE) (REVERSE UID) UTF-8 2:3', []],
  ['SEARCH $', ['SEARCH 2 3']],
  ['SORT RETURN (SAVE MIN) (REVERSE UID) UTF-8 ALL', ['ESEARCH (TAG) MIN 4']],
  ['SEARCH $', ['SEARCH 4']],
  ['SORT (RELEVANCY) UTF-8 FUZZY TEXT banan', ['SORT 1 3']],
  ['SORT (REVERSE RELEVANCY) UTF-8 FUZZY SUBJECT banana', ['SORT 1 3']],
  ['SORT (RELEVANCY) UTF-8 FUZZY TEXT subject', ['SORT 1 2 3 4']],
  ['SORT RETURN (RELEVANCY ALL) (RELEVANCY) UTF-8 FUZZY TEXT apple', ['ESEARCH (TAG) RELEVANCY (100) ALL 2']],
  ['SORT (REVERSE UID) UTF-8 MODSEQ 4', ['OK [HIGHESTMODSEQ 5] Highest', 'SORT 4 3 (MODSEQ 5)']],
  ['SORT (REVERSE UID) UTF-8 MODSEQ 400', ['SORT']],
  ['SORT RETURN (MAX) (UID) UTF-8 MODSEQ 1', ['ESEARCH (TAG) MAX 4 MODSEQ 5']],
  ['SORT (RELEVANCY) UTF-8 ALL', [], /^BAD/],
  ['SORT () UTF-8 ALL', [], /^BAD/],
  ['SORT (NOSUCH) UTF-8 ALL', [], /^BAD/],
  ['SORT (REVERSE) UTF-8 ALL', [], /^BAD/],
  ['SORT (REVERSE REVERSE DATE) UTF-8 ALL', [], /^BAD/],
  ['SORT (DATE) UTF-8', [], /^BAD/],
  ['SORT (DATE) ALL', [], /^BAD/],
  ['SORT DATE UTF-8 ALL', [], /^BAD/],
  ['SORT (constructor) UTF-8 ALL', [], /^BAD/],
  ['SORT (DATE) X-NONE ALL', [], /^NO \[BADCHARSET/],
  ['SORT RETURN (NOSUCH) (DATE) UTF-8 ALL', [], /^BAD/],
  [`SORT (${'DATE '.repeat(25)}DATE) UTF-8 ALL`, [], /^BAD/],
];

test('SORT by every criterion (RFC 5256 §3, RFC 5957, RFC 5267 §3)', async () => {
  await using server = await SearchServer.start();
  const client = await server.selected(mails);
  await talk(client, exchanges);
  const { untagged } = await client.ok('CAPABILITY');
  for (const word of ['SORT', 'SORT=DISPLAY', 'SORT=MODSEQ', 'SORT=UID', 'ESORT', 'CONTEXT=SORT'])
    assert.ok(untagged[0]!.split(' ').includes(word), word);
});

test('without their plugins there is no word of them', async () => {
  await using server = await SearchServer.start([]);
  const client = await server.selected([]);
  const { untagged } = await client.ok('CAPABILITY');
  assert.doesNotMatch(untagged[0]!, /SORT|THREAD|MULTISEARCH|FILTERS/);
  await talk(client, [
    ['SORT (DATE) UTF-8 ALL', [], /^BAD/],
    ['THREAD REFS UTF-8 ALL', [], /^BAD/],
    ['ESEARCH IN (personal) ALL', [], /^BAD/],
    ['SEARCH FILTER x', [], /^BAD/],
    ['SEARCH RETURN (COUNT) ALL', ['ESEARCH (TAG) COUNT 0']],
  ]);
});

test('another comparator is another order (RFC 5255 §4.2)', async () => {
  await using server = await SearchServer.start();
  const subjects = ['b', 'A', 'a', 'B', '=?utf-8?Q?=C3=A4?='];
  const client = await server.selected(subjects.map((subject) => ({ text: `Subject: ${subject}\n\n\n` })));
  await talk(client, [
    ['SORT (SUBJECT) UTF-8 ALL', ['SORT 2 3 5 1 4']],
    ['COMPARATOR i;octet', ['COMPARATOR i;octet']],
    ['SORT (SUBJECT) UTF-8 ALL', ['SORT 2 4 3 1 5']],
    ['COMPARATOR i;ascii-casemap', ['COMPARATOR i;ascii-casemap']],
    ['SORT (SUBJECT) UTF-8 ALL', ['SORT 2 3 1 4 5']],
  ]);
});

test('a sorted result is kept in order (RFC 5267 §4.3.3)', async () => {
  await using server = await SearchServer.start();
  const mail = (subject: string): Mail => ({ text: `Subject: ${subject}\n\n\n` });
  const client = await server.selected(['d', 'b', 'f'].map(mail));
  await talk(client, [
    ['UID SORT RETURN (UPDATE ALL) (SUBJECT) UTF-8 UNDELETED', ['ESEARCH (TAG) UID ALL 2,1,3']],
    ['STORE 1 +FLAGS.SILENT (\\Deleted)', ['ESEARCH (TAG) UID REMOVEFROM (2 1)']],
    ['STORE 1 -FLAGS.SILENT (\\Deleted)', ['ESEARCH (TAG) UID ADDTO (2 1)']],
    ['STORE 2:3 +FLAGS.SILENT (\\Deleted)', ['ESEARCH (TAG) UID REMOVEFROM (3 3 1 2)']],
    ['STORE 2:3 -FLAGS.SILENT (\\Deleted)', ['ESEARCH (TAG) UID ADDTO (2 3 1 2)']],
  ]);
  const other = await server.loggedIn();
  await append(other, 'INBOX', ['e', 'a', 'c', 'c'].map(mail));
  await talk(client, [
    ['NOOP', ['7 EXISTS', '7 RECENT', 'ESEARCH (TAG) UID ADDTO (3 4 2 6:7 1 5)']],
    [
      'SORT RETURN (UPDATE) (RELEVANCY) UTF-8 FUZZY SUBJECT a',
      ['ESEARCH (TAG)', 'NO [NOUPDATE] This order is not kept up to date'],
    ],
  ]);
});

interface Row {
  readonly subject: string;
  readonly from: string;
  readonly day: number;
}

const row: fc.Arbitrary<Row> = fc.record({
  subject: fc.constantFrom('', 'a', 'Re: a', 'B', 'b [x]', '=?utf-8?Q?=C3=A9?=', 'E'),
  from: fc.constantFrom('Ann', 'ann', 'bob'),
  day: fc.integer({ min: 1, max: 5 }),
});

const bases: Readonly<Record<string, string>> = { 'Re: a': 'a', '=?utf-8?Q?=C3=A9?=': 'é' };
const key = collations['i;unicode-casemap'];
const models: Readonly<Record<string, (a: Row, b: Row) => number>> = {
  SUBJECT: (a, b) => compare(key(bases[a.subject] ?? a.subject), key(bases[b.subject] ?? b.subject)),
  FROM: (a, b) => compare(key(a.from), key(b.from)),
  DATE: (a, b) => a.day - b.day,
};

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

test('property: the order is that of a plain sort', async () => {
  await using server = await SearchServer.start();
  const rows = fc.sample(row, { numRuns: 60, seed: 7 });
  const client = await server.selected(
    rows.map(({ subject, from, day }) => ({
      text: `Subject: ${subject}\nFrom: ${from}@example.org\nDate: ${day} Mar 2020 00:00:00 +0000\n\n\n`,
    })),
  );
  const criterion = fc.record({ name: fc.constantFrom(...Object.keys(models)), isReverse: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(criterion, { minLength: 1, maxLength: 3, selector: ({ name }) => name }),
      async (criteria) => {
        const text = criteria.map(({ name, isReverse }) => (isReverse ? `REVERSE ${name}` : name)).join(' ');
        const order = rows.map((_, i) => i);
        order.sort((a, b) => {
          for (const { name, isReverse } of criteria) {
            const result = models[name]!(rows[a]!, rows[b]!);
            if (result !== 0) return isReverse ? -result : result;
          }
          return a - b;
        });
        const { untagged } = await client.ok(`SORT (${text}) UTF-8 ALL`);
        assert.equal(untagged[0], `SORT ${order.map((i) => i + 1).join(' ')}`, text);
      },
    ),
    { numRuns: 40 },
  );
});

test('MESSAGELIMIT: what cannot be sorted in part is refused (RFC 9738)', async () => {
  await using server = await SearchServer.start(undefined, { messageLimit: 2 });
  const client = await server.selected(
    ['c', 'b', 'a'].map((subject) => ({ text: `Subject: ${subject}\n\n\n` })),
  );
  const refused = /^NO \[MESSAGELIMIT 2 2\]/;
  await talk(client, [
    ['SORT (SUBJECT) UTF-8 ALL', [], refused],
    ['THREAD REFERENCES UTF-8 ALL', [], refused],
    ['UID SORT (SUBJECT) UTF-8 UIDBEFORE 3', ['SORT 2 1']],
    ['UID SORT (SUBJECT) UTF-8 UIDAFTER 1', ['SORT 3 2']],
    ['UID THREAD ORDEREDSUBJECT UTF-8 UID 1:2', ['THREAD (1)(2)']],
  ]);
});
