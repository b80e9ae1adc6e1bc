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
import { isTokenOf, tokenOf } from './keys.js';

const MESSAGE =
  'Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSi vis pacem, para bellum.\r\n--b\r\n' +
  'Content-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAECAw==\r\n--b\r\n' +
  'Content-Transfer-Encoding: x-blurdybloop\r\n\r\n?\r\n--b--\r\n';

interface Server extends AsyncDisposable {
  readonly kernel: TestKernel;
  readonly clock: ManualClock;
  login(user: string): Promise<ImapTestClient>;
}

async function start(): Promise<Server> {
  const clock = new ManualClock();
  const kernel = await createTestKernel({
    clock,
    plugins: [
      memoryStore,
      'accounts-local',
      'authentication',
      'namespace',
      { name: 'imap', config: { listen: [] } },
      { name: 'imap-urlauth', config: { submitters: ['submit'] } },
    ],
  });
  const accounts = kernel.get(MANAGED_ACCOUNTS);
  for (const user of ['joe', 'fred', 'submit']) await accounts.create(user as UserId, { password: 'secret' });
  const login = async (user: string): Promise<ImapTestClient> => {
    const client = new ImapTestClient(kernel.connect('imap'));
    await client.login(user, 'secret');
    return client;
  };
  return { kernel, clock, login, [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose]() };
}

/** Joe's session, with one message in his INBOX. */
async function withMail(server: Server): Promise<ImapTestClient> {
  const joe = await server.login('joe');
  await joe.append('INBOX', MESSAGE);
  return joe;
}

async function generate(client: ImapTestClient, ...rumps: string[]): Promise<string[]> {
  const { untagged } = await client.ok(`GENURLAUTH ${rumps.map((url) => `"${url}" INTERNAL`).join(' ')}`);
  return [...untagged[0]!.matchAll(/"([^"]+)"/g)].map(([, url]) => url!);
}

async function fetched(client: ImapTestClient, url: string): Promise<string> {
  const { untagged } = await client.ok(`URLFETCH "${url}"`);
  assert.ok(untagged[0]!.startsWith(`URLFETCH "${url}" `), untagged[0]);
  return untagged[0]!.slice(`URLFETCH "${url}" `.length);
}

const rump = (access: string, rest = '/;section=1'): string =>
  `imap://joe@example.com/INBOX/;uid=1${rest};urlauth=${access}`;

test('the example of RFC 4467 §7: a submission server fetches what joe has authorised', async () => {
  await using server = await start();
  const joe = await withMail(server);
  const [url] = await generate(joe, rump('submit+fred'));
  assert.match(
    url!,
    /^imap:\/\/joe@example\.com\/INBOX\/;uid=1\/;section=1;urlauth=submit\+fred:internal:01[0-9a-f]{64}$/,
  );
  assert.equal(await fetched(await server.login('submit'), url!), '{26}\r\nSi vis pacem, para bellum.');
  // Not for fred himself, whom it is about, nor for joe.
  assert.equal(await fetched(await server.login('fred'), url!), 'NIL');
  assert.equal(await fetched(joe, url!), 'NIL');
});

test('who may fetch is what the access identifier says (RFC 4467 §3)', async () => {
  await using server = await start();
  const joe = await withMail(server);
  const [user, anybody, all] = await generate(joe, rump('user+Fred'), rump('authuser'), rump('anonymous'));
  const fred = await server.login('fred');
  const text = '{26}\r\nSi vis pacem, para bellum.';
  for (const url of [user!, anybody!, all!]) assert.equal(await fetched(fred, url), text);
  assert.deepEqual([await fetched(joe, user!), await fetched(joe, anybody!)], ['NIL', text]);
});

test('whatever is wrong with a URL is answered NIL (RFC 4467 §8)', async () => {
  await using server = await start();
  const joe = await withMail(server);
  const fred = await server.login('fred');
  const [url] = await generate(joe, rump('authuser'));
  const other = url!.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
  const wrong = [
    other,
    url!.slice(0, -2),
    `${url}00`,
    url!.replace('uid=1', 'uid=2'),
    url!.replace('section=1', 'section=2'),
    url!.replace('joe@', 'JOE@'),
    url!.replace('authuser', 'anonymous'),
    url!.replace('internal', 'external'),
    url!.replace('INBOX', 'INBOX.none'),
    url!.replace('joe@', 'nobody@'),
    rump('authuser'),
    'imap://joe@example.com/INBOX',
    'nonsense',
  ];
  for (const one of wrong) assert.equal(await fetched(fred, one), 'NIL', one);
  // What follows is answered all the same, and the order is that of the command.
  const { untagged } = await fred.ok(`URLFETCH nonsense "${url}"`);
  assert.deepEqual(
    untagged.map((line) => line.slice(-4)),
    [' NIL', 'lum.'],
  );
  const [gone] = await generate(joe, rump('authuser', '/;section=9'));
  assert.equal(await fetched(fred, gone!), 'NIL');
});

test('what cannot be authorised is BAD (RFC 4467 §7)', async () => {
  await using server = await start();
  const joe = await withMail(server);
  const [full] = await generate(joe, rump('authuser'));
  for (const url of [
    'imap://joe@example.com/INBOX/;uid=1',
    'imap://example.com/INBOX/;uid=1;urlauth=anonymous',
    'imap://fred@example.com/INBOX/;uid=1;urlauth=anonymous',
    'imap://joe@example.com/INBOX.none/;uid=1;urlauth=anonymous',
    'imap://joe@example.com/INBOX;UIDVALIDITY=1/;uid=1;urlauth=anonymous',
    'imap://joe@example.com/INBOX;urlauth=anonymous',
    '/INBOX/;uid=1;urlauth=anonymous',
    full!,
  ]) {
    assert.equal((await joe.command(`GENURLAUTH "${url}" INTERNAL`)).status, 'BAD', url);
  }
  for (const command of [
    `GENURLAUTH "${rump('anonymous')}" XSAMPLE`,
    'GENURLAUTH',
    'URLFETCH',
    'URLFETCH ()',
    'GENURLAUTH x',
  ])
    assert.equal((await joe.command(command)).status, 'BAD', command);
});

test('URLs end: by their date, by RESETKEY, with the right of their owner', async () => {
  await using server = await start();
  const joe = await withMail(server);
  await joe.ok('CREATE INBOX.b');
  await joe.append('INBOX.b', MESSAGE);
  const fred = await server.login('fred');
  const until = new Date(server.clock.now() + 60_000).toISOString();
  const [dated, inbox, b] = await generate(
    joe,
    rump('authuser', `;EXPIRE=${until}`),
    rump('authuser'),
    'imap://joe@h/INBOX.b/;uid=1;urlauth=authuser',
  );
  assert.notEqual(await fetched(fred, dated!), 'NIL');
  await server.clock.advance(60_001);
  assert.equal(await fetched(fred, dated!), 'NIL');
  assert.equal((await joe.ok('RESETKEY INBOX')).text, '[URLMECH INTERNAL] New key');
  assert.equal(await fetched(fred, inbox!), 'NIL');
  assert.notEqual(await fetched(fred, b!), 'NIL');
  await joe.ok('RESETKEY');
  assert.equal(await fetched(fred, b!), 'NIL');
  const [again] = await generate(joe, 'imap://joe@h/INBOX.b/;uid=1;urlauth=authuser');
  assert.notEqual(await fetched(fred, again!), 'NIL');
  await server.kernel.get(MANAGED_ACCOUNTS).change('joe' as UserId, { isDisabled: true });
  assert.equal(await fetched(fred, again!), 'NIL');
});

const metadata: readonly [asked: string, section: string, answer: string][] = [
  ['BINARY', '2', '(BINARY ~{4}\r\n\0\x01\x02\x03)'],
  ['BODY', '2', '(BODY {8}\r\nAAECAw==)'],
  ['BODYPARTSTRUCTURE', '2', '(BODYPARTSTRUCTURE ("IMAGE" "PNG" ("NAME" "a.png") NIL NIL "BASE64" 8))'],
  [
    'BODYPARTSTRUCTURE BINARY',
    '2',
    '(BODYPARTSTRUCTURE ("IMAGE" "PNG" ("NAME" "a.png") NIL NIL "BINARY" 4)) (BINARY ~{4}\r\n\0\x01\x02\x03)',
  ],
  ['BINARY', '1', '(BINARY {26}\r\nSi vis pacem, para bellum.)'],
  [
    'BODYPARTSTRUCTURE BINARY',
    '3',
    '(BODYPARTSTRUCTURE ("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "X-BLURDYBLOOP" 1 0)) (BINARY NIL)',
  ],
  ['BODY', '2/;PARTIAL=2.3', '(BODY {3}\r\nECA)'],
  ['BINARY', '2/;PARTIAL=1', '(BINARY ~{3}\r\n\x01\x02\x03)'],
  ['BODY', '1.MIME', '(BODY {2}\r\n\r\n)'],
];

for (const [asked, section, answer] of metadata) {
  test(`URLFETCH (… ${asked}) of ${section} (RFC 5524 §3)`, async () => {
    await using server = await start();
    const joe = await withMail(server);
    const [url] = await generate(joe, rump('authuser', `/;section=${section}`));
    joe.sendLine(`x URLFETCH ("${url}" ${asked})`);
    const expected = `* URLFETCH "${url}" ${answer}\r\nx OK Completed\r\n`;
    assert.equal((await joe.exactly(expected.length)).latin1Slice(), expected);
  });
}

test('parameters of URLFETCH that contradict each other are BAD', async () => {
  await using server = await start();
  const joe = await server.login('joe');
  for (const asked of ['BODY BINARY', 'BODY BODY', 'SOMETHING', ''])
    assert.equal((await joe.command(`URLFETCH ("x" ${asked})`)).status, 'BAD', asked);
  assert.deepEqual((await joe.ok('URLFETCH ("x" BODY) ("y")')).untagged, [
    'URLFETCH "x" NIL',
    'URLFETCH "y" NIL',
  ]);
});

test('SELECT tells the mechanisms (RFC 4467 §8)', async () => {
  await using server = await start();
  const joe = await withMail(server);
  assert.ok((await joe.ok('SELECT INBOX')).untagged.includes('OK [URLMECH INTERNAL] Ok'));
  assert.match((await joe.ok('CAPABILITY')).untagged[0]!, / URLAUTH URLAUTH=BINARY/);
});

test('tokens are of the whole URL under the key, and of nothing else', () => {
  const key = Buffer.alloc(32, 1);
  const token = tokenOf('imap://a/', key);
  assert.ok(isTokenOf(token, 'imap://a/', key));
  assert.ok(!isTokenOf(token, 'imap://b/', key));
  assert.ok(!isTokenOf(token, 'imap://a/', Buffer.alloc(32, 2)));
  assert.ok(!isTokenOf(token, 'imap://a/', undefined));
  assert.ok(!isTokenOf(`${token}0`, 'imap://a/', key));
});
