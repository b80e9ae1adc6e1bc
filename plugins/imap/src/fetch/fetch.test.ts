import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Flag, Right } from '@angarium/sdk';
import { type Letter, TestServer } from '../messages/harness.test.support.js';

const crlf = (text: string): string => text.replace(/\r?\n/g, '\r\n');

/** The message of RFC 3501 §8. */
const imapMinutes: Letter = {
  text: crlf(`Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)
From: Terry Gray <gray@cac.washington.edu>
Subject: IMAP4rev1 WG mtg summary and minutes
To: imap@cac.washington.edu
cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>
Message-Id: <B27397-0100000@cac.washington.edu>
MIME-Version: 1.0
Content-Type: TEXT/PLAIN; CHARSET=US-ASCII

Minutes.
Second line.
`),
  flags: Flag.seen,
  date: '1996-07-17T09:44:25Z',
};

const nested: Letter = {
  text: crlf(`From: a@example.org
Subject: mixed
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

preamble
--outer
Content-Type: text/plain

first
--outer
Content-Type: message/rfc822

Subject: inner
X-Inner: yes
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain
X-Part: plain

inner plain
--inner
Content-Type: text/html

<p>inner html
--inner--
--outer--
`),
};

const minimal: Letter = { text: crlf('Subject: x\n\nbody\n') };

test('RFC 3501 §8: FETCH FULL', async () => {
  const session = await (await TestServer.with([imapMinutes])).select('INBOX', { isReadOnly: true });
  assert.deepEqual(await session.run('FETCH 1 FULL'), [
    '* 1 FETCH (FLAGS (\\Seen \\Recent) INTERNALDATE "17-Jul-1996 09:44:25 +0000" RFC822.SIZE 366 ' +
      'ENVELOPE ("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev1 WG mtg summary and minutes" ' +
      '(("Terry Gray" NIL "gray" "cac.washington.edu")) (("Terry Gray" NIL "gray" "cac.washington.edu")) ' +
      '(("Terry Gray" NIL "gray" "cac.washington.edu")) ((NIL NIL "imap" "cac.washington.edu")) ' +
      '((NIL NIL "minutes" "CNRI.Reston.VA.US")("John Klensin" NIL "KLENSIN" "MIT.EDU")) NIL NIL ' +
      '"<B27397-0100000@cac.washington.edu>") ' +
      'BODY ("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 24 2))',
    'A OK Completed',
  ]);
});

test('RFC 3501 §8: FETCH BODY[HEADER] as a literal', async () => {
  const session = await (await TestServer.with([imapMinutes])).select();
  const header = String(imapMinutes.text).split('\r\n\r\n')[0]!;
  assert.equal(
    await session.runRaw('FETCH 1 BODY[HEADER]'),
    `* 1 FETCH (BODY[HEADER] {${header.length + 4}}\r\n${header}\r\n\r\n)\r\nA OK Completed\r\n`,
  );
});

const sections: readonly [item: string, value: string][] = [
  ['BODY.PEEK[TEXT]<0.8>', 'BODY[TEXT]<0> {8}\r\npreamble'],
  ['BODY.PEEK[1]', 'BODY[1] {5}\r\nfirst'],
  ['BODY.PEEK[1]<1.2>', 'BODY[1]<1> {2}\r\nir'],
  ['BODY.PEEK[1]<3.2000>', 'BODY[1]<3> {2}\r\nst'],
  ['BODY.PEEK[1]<5.1>', 'BODY[1]<5> ""'],
  ['BODY.PEEK[1]<4294967295.4294967295>', 'BODY[1]<4294967295> ""'],
  ['BODY.PEEK[1.MIME]', 'BODY[1.MIME] {28}\r\nContent-Type: text/plain\r\n\r\n'],
  ['BODY.PEEK[2.HEADER.FIELDS (subject)]', 'BODY[2.HEADER.FIELDS (subject)] {18}\r\nSubject: inner\r\n\r\n'],
  [
    'BODY.PEEK[2.HEADER.FIELDS.NOT (Subject Content-Type)]',
    'BODY[2.HEADER.FIELDS.NOT (Subject Content-Type)] {16}\r\nX-Inner: yes\r\n\r\n',
  ],
  ['BODY.PEEK[2.HEADER.FIELDS (subject)]<9.5>', 'BODY[2.HEADER.FIELDS (subject)]<9> {5}\r\ninner'],
  ['BODY.PEEK[HEADER.FIELDS (Subject)]', 'BODY[HEADER.FIELDS (Subject)] {18}\r\nSubject: mixed\r\n\r\n'],
  ['BODY.PEEK[HEADER.FIELDS (Subject)]<0.4>', 'BODY[HEADER.FIELDS (Subject)]<0> {4}\r\nSubj'],
  ['BODY.PEEK[HEADER.FIELDS (X-None)]', 'BODY[HEADER.FIELDS (X-None)] {2}\r\n\r\n'],
  ['BODY.PEEK[HEADER.FIELDS ("with space")]', 'BODY[HEADER.FIELDS ("with space")] {2}\r\n\r\n'],
  ['body.peek[2.1]', 'BODY[2.1] {11}\r\ninner plain'],
  ['BODY.PEEK[2.1.MIME]', 'BODY[2.1.MIME] {43}\r\nContent-Type: text/plain\r\nX-Part: plain\r\n\r\n'],
  ['BODY.PEEK[2.2]', 'BODY[2.2] {13}\r\n<p>inner html'],
  ['BODY.PEEK[3]', 'BODY[3] NIL'],
  ['BODY.PEEK[1.1]', 'BODY[1.1] NIL'],
  ['BODY.PEEK[1.HEADER]', 'BODY[1.HEADER] NIL'],
  ['BODY.PEEK[2.3.4.5]', 'BODY[2.3.4.5] NIL'],
];

for (const [item, value] of sections) {
  test(`FETCH ${item}`, async () => {
    const session = await (await TestServer.with([nested])).select();
    assert.equal(await session.runRaw(`FETCH 1 ${item}`), `* 1 FETCH (${value})\r\nA OK Completed\r\n`);
  });
}

test('a message that is no multipart has part 1, which is its body', async () => {
  const session = await (await TestServer.with([minimal])).select();
  assert.equal(
    await session.runRaw('FETCH 1 BODY.PEEK[1]'),
    '* 1 FETCH (BODY[1] {6}\r\nbody\r\n)\r\nA OK Completed\r\n',
  );
});

test('RFC822, RFC822.HEADER, RFC822.TEXT have their own names', async () => {
  const session = await (await TestServer.with([minimal])).select('INBOX', { isReadOnly: true });
  assert.equal(
    await session.runRaw('FETCH 1 (RFC822 RFC822.HEADER RFC822.TEXT RFC822.SIZE)'),
    '* 1 FETCH (RFC822.SIZE 20 RFC822 {20}\r\nSubject: x\r\n\r\nbody\r\n RFC822.HEADER {14}\r\nSubject: x\r\n\r\n' +
      ' RFC822.TEXT {6}\r\nbody\r\n)\r\nA OK Completed\r\n',
  );
});

test('BODY[] sets \\Seen with one change, and shows the flags of those that changed (RFC 3501 §6.4.5)', async () => {
  const server = await TestServer.with([minimal, { ...minimal, flags: Flag.seen }, minimal]);
  const session = await server.select();
  const other = await server.select();
  const lines = await session.run('FETCH 1:3 BODY[TEXT]<0.1>');
  assert.deepEqual(lines, [
    '* 1 FETCH (FLAGS (\\Seen \\Recent) BODY[TEXT]<0> {1}',
    'b)',
    '* 2 FETCH (BODY[TEXT]<0> {1}',
    'b)',
    '* 3 FETCH (FLAGS (\\Seen \\Recent) BODY[TEXT]<0> {1}',
    'b)',
    'A OK Completed',
  ]);
  assert.deepEqual(await other.run('NOOP'), [
    '* 1 FETCH (FLAGS (\\Seen))',
    '* 3 FETCH (FLAGS (\\Seen))',
    'A OK Completed',
  ]);
});

test('with CONDSTORE the mod-sequence of the \\Seen goes along, once', async () => {
  const session = await (await TestServer.with([minimal])).select('INBOX', { enabled: ['CONDSTORE'] });
  assert.deepEqual(await session.run('UID FETCH 1 RFC822.TEXT'), [
    '* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent) MODSEQ (3) RFC822.TEXT {6}',
    'body',
    ')',
    'A OK Completed',
  ]);
});

for (const [name, options] of [
  ['EXAMINE', { isReadOnly: true }],
  ['no right s', { rights: Right.lookup | Right.read }],
] as const) {
  test(`BODY[] does not set \\Seen: ${name}`, async () => {
    const server = await TestServer.with([minimal]);
    const session = await server.select('INBOX', options);
    assert.deepEqual((await session.run('FETCH 1 BODY[TEXT]')).at(0), '* 1 FETCH (BODY[TEXT] {6}');
    assert.equal(session.selected.view.place(0).chunk.flags[0], 0);
  });
}

test('UID FETCH tells UIDs whether asked or not, and passes over those that do not exist', async () => {
  const session = await (await TestServer.with([minimal, minimal])).select();
  assert.deepEqual(await session.run('UID FETCH 2:9,77 RFC822.SIZE'), [
    '* 2 FETCH (UID 2 RFC822.SIZE 20)',
    'A OK Completed',
  ]);
  assert.deepEqual(await session.run('UID FETCH 50 FLAGS'), ['A OK Completed']);
});

test('a sequence number without a message is BAD', async () => {
  const session = await (await TestServer.with([minimal])).select();
  assert.deepEqual(await session.run('FETCH 2 FLAGS'), ['A BAD The mailbox has 1 messages']);
});

test('RFC 7162 §3.1.4.1: CHANGEDSINCE narrows, adds MODSEQ, and enables CONDSTORE', async () => {
  const session = await (await TestServer.with([minimal, minimal, minimal])).select();
  assert.deepEqual(await session.run('UID FETCH 1:* (FLAGS) (CHANGEDSINCE 3)'), [
    '* OK [HIGHESTMODSEQ 4] Highest',
    '* 3 FETCH (UID 3 FLAGS (\\Recent) MODSEQ (4))',
    'A OK Completed',
  ]);
  assert.ok(session.enabled.has('CONDSTORE'));
});

test('RFC 7162 §3.1.4.2: FETCH (MODSEQ)', async () => {
  const session = await (await TestServer.with([minimal, minimal])).select('INBOX', {
    enabled: ['CONDSTORE'],
  });
  assert.deepEqual(await session.run('FETCH 1:2 (MODSEQ)'), [
    '* 1 FETCH (MODSEQ (2))',
    '* 2 FETCH (MODSEQ (3))',
    'A OK Completed',
  ]);
});

test('RFC 2180 §4.1: expunged elsewhere, messages keep their number and stay readable until it is told', async () => {
  const server = await TestServer.with([minimal, minimal, minimal]);
  const session = await server.select();
  const box = server.store.mailbox((await server.entry('INBOX')).id);
  const { uids } = session.selected;
  const second = uids.call(session.selected, { ranges: [[2, 2]], isSaved: false }, false);
  await box.expunge(second, { onlyDeleted: false });
  assert.deepEqual(await session.run('FETCH 2:3 (UID BODY.PEEK[1])'), [
    '* 2 FETCH (UID 2 BODY[1] {6}',
    'body',
    ')',
    '* 3 FETCH (UID 3 BODY[1] {6}',
    'body',
    ')',
    'A OK Completed',
  ]);
  await box.purge(Number.POSITIVE_INFINITY);
  assert.deepEqual(await session.run('FETCH 2:3 (UID BODY.PEEK[1]<0.1>)'), [
    '* 3 FETCH (UID 3 BODY[1]<0> {1}',
    'b)',
    'A NO [EXPUNGEISSUED] Some of the requested messages no longer exist',
  ]);
  assert.deepEqual(await session.run('UID FETCH 2:3 (UID)'), [
    '* 2 EXPUNGE',
    '* 2 FETCH (UID 3)',
    'A OK Completed',
  ]);
});

test('a large body comes in pieces, at the pace of the client', async () => {
  const body = Buffer.alloc(5_000_000, 'x');
  const server = await TestServer.with([
    { text: Buffer.concat([Buffer.from('Subject: big\r\n\r\n'), body]) },
  ]);
  const session = await server.select();
  const raw = await session.runRaw('FETCH 1 BODY.PEEK[TEXT]');
  assert.equal(raw.length, '* 1 FETCH (BODY[TEXT] {5000000}\r\n)\r\nA OK Completed\r\n'.length + 5_000_000);
  assert.ok(Math.max(...session.writes) <= 1 << 20);
});

test('an envelope too large for the summary is made from the message', async () => {
  const many = Array.from({ length: 3000 }, (_, i) => `"Person ${i}" <person${i}@example.org>`).join(
    ',\r\n ',
  );
  const session = await (await TestServer.with([{ text: `Subject: s\r\nTo: ${many}\r\n\r\nx` }])).select();
  const [line] = await session.run('FETCH 1 (UID ENVELOPE)');
  assert.match(line!, /^\* 1 FETCH \(UID 1 ENVELOPE \(NIL "s" NIL NIL NIL \(\("Person 0" NIL "person0"/);
  assert.match(line!, /\("Person 2999" NIL "person2999" "example.org"\)\) NIL NIL NIL NIL\)\)$/);
});

test('more parts than the section table holds', async () => {
  const parts = Array.from({ length: 2500 }, (_, i) => `--b\r\n\r\npart ${i + 1}\r\n`).join('');
  const text = `Content-Type: multipart/mixed; boundary=b\r\n\r\n${parts}--b--\r\n`;
  const session = await (await TestServer.with([{ text }])).select();
  assert.deepEqual(await session.run('FETCH 1 BODY.PEEK[2222]'), [
    '* 1 FETCH (BODY[2222] {9}',
    'part 2222)',
    'A OK Completed',
  ]);
});

test('a store that ends a message early: the connection is cut, nothing is made up', async () => {
  const server = await TestServer.with([minimal]);
  const session = await server.select();
  const { mailbox } = session.selected;
  const broken = Object.assign(Object.create(mailbox), {
    async *contents() {
      yield { index: 0, bytes: Buffer.from('bo'), isLast: true, isMissing: false };
    },
  });
  Object.assign(session.selected, { mailbox: broken });
  await assert.rejects(session.run('FETCH 1 BODY.PEEK[TEXT]'), { name: 'BrokenLiteral' });
  assert.ok(session.destroyed !== undefined);
});

test('extension items: index, summary, message', async () => {
  const environment = {
    searchKey: () => undefined,
    returnOption: () => undefined,
    parameter: () => undefined,
    searchIndex: undefined,
    fetchItem: (name: string) =>
      name === 'TWICE'
        ? {
            name,
            needs: 'index' as const,
            run: ({ uids }: { uids: Uint32Array }) =>
              [...uids].map((uid) => (uid === 2 ? '' : `TWICE ${uid * 2}`)),
          }
        : undefined,
  };
  const session = await (await TestServer.with([minimal, minimal, minimal])).select('INBOX', { environment });
  assert.deepEqual(await session.run('FETCH 1:3 (UID TWICE)'), [
    '* 1 FETCH (UID 1 TWICE 2)',
    '* 2 FETCH (UID 2)',
    '* 3 FETCH (UID 3 TWICE 6)',
    'A OK Completed',
  ]);
  assert.deepEqual(await session.run('FETCH 1 THRICE'), [
    'A BAD expected a FETCH item instead of THRICE, found the end of the command',
  ]);
});
