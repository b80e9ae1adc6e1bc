import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MANAGED_ACCOUNTS, type UserId } from '@angarium/sdk';
import {
  createTestKernel,
  ImapTestClient,
  ManualClock,
  memoryStore,
  type TestKernel,
} from '@angarium/testing';
import fc from 'fast-check';
import { keywordOf, labelOf } from './labels.js';

const letters = [
  'From: Amy <amy@x.org>\r\nTo: joe@y.org\r\nSubject: Dinner\r\nMessage-ID: <1@x>\r\n\r\nlet us eat\r\n',
  'From: David <david@x.org>\r\nCc: joe@y.org\r\nSubject: Re: Dinner\r\nMessage-ID: <2@x>\r\nReferences: <1@x>\r\n\r\nand a movie\r\n',
  'From: Amy <amy@x.org>\r\nSubject: File\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\n' +
    'Content-Type: application/pdf; name="=?utf-8?Q?Men=C3=BC?=.pdf"\r\nContent-Disposition: attachment\r\n\r\ny\r\n--b--\r\n',
];

interface Server extends AsyncDisposable {
  readonly kernel: TestKernel;
  login(): Promise<ImapTestClient>;
}

async function start(): Promise<Server> {
  const kernel = await createTestKernel({
    clock: new ManualClock(),
    plugins: [
      memoryStore,
      'accounts-local',
      'authentication',
      'namespace',
      { name: 'imap', config: { listen: [] } },
      'imap-gmail',
    ],
  });
  await kernel.get(MANAGED_ACCOUNTS).create('joe' as UserId, { password: 'secret' });
  const login = async (): Promise<ImapTestClient> => {
    const client = new ImapTestClient(kernel.connect('imap'));
    await client.login('joe', 'secret');
    return client;
  };
  return { kernel, login, [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose]() };
}

async function selected(server: Server): Promise<ImapTestClient> {
  const client = await server.login();
  for (const letter of letters) await client.append('INBOX', letter);
  await client.ok('SELECT INBOX');
  return client;
}

test('items come in the order of Gmail’s own lines, which clients know by pattern', async () => {
  await using server = await start();
  const client = await selected(server);
  const items = 'X-GM-THRID \\d+ X-GM-MSGID \\d+ X-GM-LABELS \\(\\)';
  for (const [command, line] of [
    ['UID FETCH 1 (X-GM-LABELS X-GM-THRID X-GM-MSGID)', `${items} UID 1`],
    ['UID FETCH 1 (UID X-GM-LABELS X-GM-THRID X-GM-MSGID)', `UID 1 ${items}`],
    ['FETCH 1 (X-GM-MSGID RFC822.SIZE X-GM-LABELS X-GM-THRID)', `RFC822.SIZE \\d+ ${items}`],
    [
      'UID FETCH 1 (X-GM-MSGID RFC822.SIZE BODY.PEEK[]<0.1>)',
      'RFC822.SIZE \\d+ X-GM-MSGID \\d+ UID 1 BODY[^]*',
    ],
    ['UID FETCH 1 (EMAILID)', 'UID 1 EMAILID \\(.*\\)'],
  ] as const)
    assert.match((await client.ok(command)).untagged[0]!, new RegExp(`^1 FETCH \\(${line}\\)$`), command);
});

test('X-GM-MSGID and X-GM-THRID: numbers, found again', async () => {
  await using server = await start();
  const client = await selected(server);
  assert.match((await client.ok('CAPABILITY')).untagged[0]!, / X-GM-EXT-1\b/);
  const { untagged } = await client.ok('FETCH 1:3 (X-GM-MSGID X-GM-THRID)');
  const ids = untagged.map((line) =>
    /X-GM-THRID (\d{1,19}) X-GM-MSGID (\d{1,19})\)/.exec(line)!.slice(1).reverse(),
  );
  assert.equal(ids[0]![1], ids[1]![1]);
  assert.notEqual(ids[0]![1], ids[2]![1]);
  assert.ok(BigInt(ids[0]![0]!) < 2n ** 63n);
  assert.deepEqual((await client.ok(`SEARCH X-GM-MSGID ${ids[1]![0]}`)).untagged, ['SEARCH 2']);
  assert.deepEqual((await client.ok(`UID SEARCH X-GM-THRID ${ids[0]![1]}`)).untagged, ['SEARCH 1 2']);
  assert.equal((await client.command('SEARCH X-GM-MSGID abc')).status, 'BAD');
});

test('labels are kept as keywords, and told as Gmail tells them', async () => {
  await using server = await start();
  const client = await selected(server);
  await client.ok('STORE 1 +X-GM-LABELS (work "two words" \\Starred \\Important)');
  await client.ok('STORE 1 +FLAGS ($Forwarded)');
  const labels = async (number: number) => (await client.ok(`FETCH ${number} X-GM-LABELS`)).untagged[0];
  assert.equal(await labels(1), '1 FETCH (X-GM-LABELS ("\\\\Starred" "work" "two words" "\\\\Important"))');
  const flags = (await client.ok('FETCH 1 FLAGS')).untagged[0]!;
  assert.match(flags, /\\Flagged.* work two=20words \$Important \$Forwarded/);
  assert.equal(await labels(2), '2 FETCH (X-GM-LABELS ())');
  // A replacement leaves what is no label, and a client that knows labels is told of them.
  const told = (await client.ok('STORE 1:2 X-GM-LABELS (other)')).untagged;
  assert.equal(told.filter((line) => line.includes('X-GM-LABELS ("other")')).length, 2);
  assert.match(
    (await client.ok('FETCH 1 FLAGS')).untagged[0]!,
    /\(\\Recent \$Forwarded other\)|\(\\Recent other \$Forwarded\)/,
  );
  assert.deepEqual((await client.ok('STORE 1 -X-GM-LABELS.SILENT other')).untagged, []);
  assert.equal(await labels(1), '1 FETCH (X-GM-LABELS ())');
  assert.deepEqual((await client.ok('SEARCH X-GM-LABELS other')).untagged, ['SEARCH 2']);
  for (const wrong of ['(\\Inbox)', '("")', '(', 'a b'])
    assert.equal((await client.command(`STORE 1 +X-GM-LABELS ${wrong}`)).status, 'BAD', wrong);
});

test('a conditional STORE of labels (RFC 7162 §3.1.3)', async () => {
  await using server = await start();
  const client = await selected(server);
  const modSeq = /MODSEQ \((\d+)\)/.exec((await client.ok('FETCH 1 MODSEQ')).untagged.at(-1)!)![1]!;
  await client.ok('STORE 1 +X-GM-LABELS (a)');
  const { text } = await client.ok(`STORE 1:2 (UNCHANGEDSINCE ${Number(modSeq) + 1}) X-GM-LABELS (b)`);
  assert.match(text, /^\[MODIFIED 1\]/);
  assert.deepEqual((await client.ok('SEARCH X-GM-LABELS b')).untagged, ['SEARCH 2']);
});

const queries: readonly [query: string, found: string][] = [
  ['from:amy', ' 1 3'],
  ['from:amy -subject:file', ' 1'],
  ['from:david OR eat', ' 1 2'],
  ['to:joe@y.org', ' 1 2'],
  ['subject:(dinner)', ' 1 2'],
  ['\\"a movie\\"', ' 2'],
  ['has:attachment', ' 3'],
  ['filename:men', ' 3'],
  ['in:inbox is:unread', ' 1 2 3'],
  ['in:sent', ''],
  ['in:anywhere -in:inbox', ''],
  ['label:work', ' 1'],
  ['{label:work from:david}', ' 1 2'],
  ['newer_than:1d', ' 1 2 3'],
  ['older_than:1d', ''],
  ['larger:150', ' 3'],
];

test('X-GM-RAW finds what Gmail would, beside other keys', async () => {
  await using server = await start();
  const client = await selected(server);
  await client.ok('STORE 1 +X-GM-LABELS (work)');
  for (const [query, found] of queries)
    assert.deepEqual((await client.ok(`SEARCH X-GM-RAW "${query}"`)).untagged, [`SEARCH${found}`], query);
  assert.deepEqual((await client.ok('SEARCH NOT X-GM-RAW "from:amy" ALL')).untagged, ['SEARCH 2']);
  const utf8 = await client.withLiterals('SEARCH CHARSET UTF-8 X-GM-RAW ', Buffer.from('filename:Menü'));
  assert.deepEqual(utf8.untagged, ['SEARCH 3']);
  const bad = await client.command('SEARCH X-GM-RAW "before:never"');
  assert.deepEqual([bad.status, /never is no date/i.test(bad.text)], ['BAD', true]);
});

test('a label is what its keyword says, and a keyword is an atom', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
        minLength: 1,
      }),
      (label) => {
        const keyword = keywordOf(label);
        assert.match(keyword, /^[A-Za-z0-9!#&'+,\-./:;<=>?@^_`|}~]+$/);
        assert.equal(labelOf(keyword), label);
      },
    ),
  );
});
