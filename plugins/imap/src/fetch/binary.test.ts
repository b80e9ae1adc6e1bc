import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeTransfer, Flag } from '@angarium/sdk';
import fc from 'fast-check';
import { TestServer } from '../messages/harness.test.support.js';

const crlf = (text: string): string => text.replace(/\r?\n/g, '\r\n');

function part(type: string, encoding: string, body: string): string {
  return `--b\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}\r\n`;
}

const nul = Buffer.from([0, 1, 2, 0, 255]);
const mixed =
  'Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n' +
  part('text/plain; charset=utf-8', 'quoted-printable', 'caf=C3=A9 =\r\nau lait  \r\nend') +
  part('image/png', 'base64', nul.toString('base64')) +
  part('text/plain', 'base64', Buffer.from('one\ntwo\r\n').toString('base64')) +
  part('text/plain', 'x-rot13', 'uryyb') +
  part('application/octet-stream', '8bit', 'plain') +
  part('text/plain; charset=utf-16le', 'base64', Buffer.from('a\nb', 'utf16le').toString('base64')) +
  '--b--\r\n';

const cases: readonly [item: string, value: string][] = [
  ['BINARY.PEEK[1]', 'BINARY[1] {18}\r\ncaf\xc3\xa9 au lait\r\nend'],
  ['BINARY.SIZE[1]', 'BINARY.SIZE[1] 18'],
  ['BINARY.PEEK[1]<6.5>', 'BINARY[1]<6> {5}\r\nau la'],
  ['BINARY.PEEK[1]<99.5>', 'BINARY[1]<99> ""'],
  ['BINARY.PEEK[2]', `BINARY[2] ~{5}\r\n${nul.latin1Slice()}`],
  ['BINARY.PEEK[2]<1.2>', 'BINARY[2]<1> {2}\r\n\x01\x02'],
  ['BINARY.SIZE[2]', 'BINARY.SIZE[2] 5'],
  // RFC 9051 §7.5.2: text is sent with CRLF, whatever was encoded.
  ['BINARY.PEEK[3]', 'BINARY[3] {10}\r\none\r\ntwo\r\n'],
  ['BINARY.SIZE[3]', 'BINARY.SIZE[3] 10'],
  ['BINARY.PEEK[5]', 'BINARY[5] {5}\r\nplain'],
  ['BINARY.SIZE[5]', 'BINARY.SIZE[5] 5'],
  ['BINARY.PEEK[6]', `BINARY[6] ~{6}\r\n${Buffer.from('a\nb', 'utf16le').latin1Slice()}`],
  ['BINARY.SIZE[]', `BINARY.SIZE[] ${mixed.length}`],
  ['BINARY.PEEK[]', `BINARY[] {${mixed.length}}\r\n${mixed}`],
  ['BINARY.PEEK[9]', 'BINARY[9] NIL'],
  ['BINARY.SIZE[9]', 'BINARY.SIZE[9] 0'],
];

for (const [item, value] of cases) {
  test(`FETCH ${item} (RFC 3516 §4)`, async () => {
    const session = await (await TestServer.with([{ text: mixed }])).select();
    assert.equal(await session.runRaw(`FETCH 1 ${item}`), `* 1 FETCH (${value})\r\nA OK Completed\r\n`);
  });
}

test('an encoding that is not known: the rest is told, and the command fails (RFC 3516 §4.3)', async () => {
  const session = await (await TestServer.with([{ text: mixed }, { text: mixed }])).select();
  const failed = 'A NO [UNKNOWN-CTE] Some part has a transfer encoding that cannot be undone';
  assert.deepEqual(await session.run('FETCH 1:2 (UID BINARY.SIZE[4] BINARY.PEEK[5])'), [
    '* 1 FETCH (UID 1 BINARY[5] {5}',
    'plain)',
    '* 2 FETCH (UID 2 BINARY[5] {5}',
    'plain)',
    failed,
  ]);
  assert.deepEqual(await session.run('FETCH 1 BINARY.PEEK[4]'), [failed]);
});

test('BINARY sets \\Seen, BINARY.PEEK and BINARY.SIZE do not', async () => {
  const session = await (await TestServer.with([{ text: mixed }])).select();
  await session.run('FETCH 1 (BINARY.PEEK[1] BINARY.SIZE[1])');
  assert.equal(session.selected.view.place(0).chunk.flags[0]! & Flag.seen, 0);
  assert.match((await session.run('FETCH 1 BINARY[5]'))[0]!, /^\* 1 FETCH \(FLAGS \(\\Seen/);
});

for (const wrong of [
  'BINARY',
  'BINARY[',
  'BINARY[1',
  'BINARY[TEXT]',
  'BINARY[1.MIME]',
  'BINARY.SIZE[1]<0.1>',
  'BINARY.X[1]',
  'BINARY[0]',
]) {
  test(`FETCH 1 ${wrong} is BAD`, async () => {
    const session = await (await TestServer.with([{ text: mixed }])).select();
    assert.match((await session.run(`FETCH 1 ${wrong}`)).at(-1)!, /^A BAD /);
  });
}

test('a large part is decoded as it is sent, in the order asked', async () => {
  const bytes = Buffer.alloc(3_000_000, 'abc\0');
  const lines = bytes
    .toString('base64')
    .match(/.{1,76}/g)!
    .join('\r\n');
  const text = `Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n${lines}\r\n`;
  const session = await (await TestServer.with([{ text }, { text: crlf('Subject: y\n\nshort') }])).select();
  const raw = await session.runRaw('FETCH 1:2 (BINARY.PEEK[1] BINARY.SIZE[1] BINARY.PEEK[1]<2.300000>)');
  const expected =
    `* 1 FETCH (BINARY[1] ~{3000000}\r\n${bytes.latin1Slice()} BINARY.SIZE[1] 3000000 ` +
    `BINARY[1]<2> ~{300000}\r\n${bytes.latin1Slice(2, 300_002)})\r\n` +
    '* 2 FETCH (BINARY[1] {5}\r\nshort BINARY.SIZE[1] 5 BINARY[1]<2> {3}\r\nort)\r\nA OK Completed\r\n';
  assert.ok(raw === expected);
  assert.ok(Math.max(...session.writes) <= 1 << 20);
});

test('a message that is gone is passed over, its second reading too', async () => {
  const big = `Content-Transfer-Encoding: base64\r\nContent-Type: a/b\r\n\r\n${'QUJD\r\n'.repeat(100_000)}`;
  const server = await TestServer.with([{ text: big }, { text: mixed }]);
  const session = await server.select();
  const box = server.store.mailbox((await server.entry('INBOX')).id);
  const first = session.selected.uids({ ranges: [[1, 1]], isSaved: false }, false);
  const { mailbox } = session.selected;
  const broken = Object.assign(Object.create(mailbox), {
    summaries: (uids: typeof first) => box.summaries(uids),
    async *contents(requests: Parameters<typeof box.contents>[0]) {
      await box.expunge(first, { onlyDeleted: false });
      await box.purge(Number.POSITIVE_INFINITY);
      yield* box.contents(requests);
    },
  });
  Object.assign(session.selected, { mailbox: broken });
  assert.deepEqual(await session.run('FETCH 1:2 (BINARY.PEEK[1] BINARY.SIZE[2])'), [
    '* 2 FETCH (BINARY[1] {18}',
    'caf\xc3\xa9 au lait',
    'end BINARY.SIZE[2] 5)',
    'A NO [EXPUNGEISSUED] Some of the requested messages no longer exist',
  ]);
});

test('BINARY.SIZE and every partial agree with the decoded part', async () => {
  const encodings = fc.constantFrom('7bit', 'base64', 'quoted-printable');
  const body = fc.string({ unit: fc.constantFrom('a', '=', '\r\n', ' ', 'Q', '4', '\xe9'), maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(
      encodings,
      body,
      fc.nat(60),
      fc.integer({ min: 1, max: 60 }),
      async (encoding, text, start, count) => {
        const whole = `Content-Type: a/b\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${text}`;
        const session = await (await TestServer.with([{ text: Buffer.from(whole, 'latin1') }])).select();
        const plain = decodeTransfer(Buffer.from(text, 'latin1'), encoding).latin1Slice();
        const cut = plain.slice(start, start + count);
        const value = cut === '' ? '""' : `{${cut.length}}\r\n${cut}`;
        assert.equal(
          await session.runRaw(`FETCH 1 (BINARY.SIZE[1] BINARY.PEEK[1]<${start}.${count}>)`),
          `* 1 FETCH (BINARY.SIZE[1] ${plain.length} BINARY[1]<${start}> ${value})\r\nA OK Completed\r\n`,
        );
      },
    ),
    { numRuns: 100 },
  );
});
