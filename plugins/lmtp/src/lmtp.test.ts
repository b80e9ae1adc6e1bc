/** The protocol over a connection, with the plugins of a real server and a store in memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  definePlugin,
  HOOKS,
  type HookBus,
  inject,
  injectable,
  MAIL_STORE,
  MANAGED_ACCOUNTS,
  MailError,
  part,
  personalMailbox,
  type UserId,
} from '@angarium/sdk';
import {
  createTestKernel,
  everySplit,
  LmtpTestClient,
  ManualClock,
  memoryStore,
  type TestKernel,
} from '@angarium/testing';

let hooks: HookBus;

@injectable()
class HookHolder {
  constructor(@inject(HOOKS) bus: HookBus) {
    hooks = bus;
  }
}

/** One transaction; the replies to its message, one after the other. */
async function deliver(
  client: LmtpTestClient,
  sender: string,
  recipients: readonly string[],
  message: string,
) {
  const rcpts = recipients.map((to) => `RCPT TO:<${to}>\r\n`).join('');
  client.send(`MAIL FROM:<${sender}>\r\n${rcpts}DATA\r\n`);
  for (let i = 0; i < recipients.length + 2; i++) await client.reply();
  client.send(`${message.replace(/^\./gm, '..')}.\r\n`);
  const replies: string[] = [];
  for (const _ of recipients) replies.push(await client.reply());
  return replies;
}

type Connecting = Parameters<TestKernel['connect']>[1];
const far: Connecting = { remote: { address: '192.0.2.1', port: 99 } };

async function setUp(config: Record<string, unknown> = {}) {
  const clock = new ManualClock();
  const kernel = await createTestKernel({
    clock,
    plugins: [
      memoryStore,
      { name: 'authentication', config: { admins: ['admin'], failedLoginPause: 0, allowPlaintext: true } },
      { name: 'accounts-local', config: { scrypt: { cost: 10 }, scram: [] } },
      'sasl-plain',
      'sasl-login',
      'delivery',
      { name: 'lmtp', config },
      { name: 'test-hooks', definition: definePlugin({ parts: [part(HookHolder)] }) },
    ],
    host: { role: 'command' },
  });
  const accounts = kernel.get(MANAGED_ACCOUNTS);
  for (const user of ['fred', 'wilma', 'admin', 'jörg'])
    await accounts.create(user as UserId, { password: `${user} pw` });
  const connect = (options?: Connecting) => new LmtpTestClient(kernel.connect('lmtp', options));
  const hello = async (options?: Connecting) => {
    const client = connect(options);
    await client.hello();
    return client;
  };
  const store = kernel.get(MAIL_STORE);
  /** The messages of an INBOX, latin1. */
  const inbox = async (user: string): Promise<string[]> => {
    const entry = await store.catalogue.find(personalMailbox(user as UserId));
    if (entry === undefined) return [];
    const box = store.mailbox(entry.id);
    const snapshot = await box.snapshot();
    const messages: string[] = [];
    for (let i = 0; i < snapshot.count; i++) {
      const message = await box.open(snapshot.uidAt(i));
      messages.push((await message.read(0, message.size)).latin1Slice());
    }
    return messages;
  };
  return {
    kernel,
    clock,
    store,
    connect,
    hello,
    inbox,
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}

const text =
  'Date: Mon, 01 Jan 2024 00:00:00 +0000\r\nMessage-ID: <1@x>\r\nSubject: hi\r\n\r\nHello.\r\n.dot\r\n';

test('a message is filed for each recipient, with its trace fields', async () => {
  await using it = await setUp();
  const client = it.connect();
  assert.match(await client.reply(), /^220 test\.example LMTP/);
  const offer = await client.command('LHLO client.example');
  for (const keyword of [
    'PIPELINING',
    'ENHANCEDSTATUSCODES',
    '8BITMIME',
    'CHUNKING',
    'BINARYMIME',
    'SMTPUTF8',
  ]) {
    assert.match(offer, new RegExp(`^250[- ]${keyword}$`, 'm'));
  }
  assert.match(offer, /^250-SIZE 104857600$/m);
  assert.match(offer, /^250-AUTH PLAIN LOGIN$/m);
  assert.doesNotMatch(offer, /STARTTLS/);
  const replies = await deliver(client, 'sender@example.com', ['fred@example.org', 'wilma+x'], text);
  assert.equal(replies.length, 2);
  for (const reply of replies) assert.match(reply, /^250 2\.1\.5 Success SESSIONID=<\S+>$/);
  const [message = ''] = await it.inbox('fred');
  assert.match(
    message,
    /^Return-Path: <sender@example\.com>\r\nReceived: from client\.example \(\[127\.0\.0\.1\]\)\r\n\tby test\.example \(Angarium \S+\) with LMTP id \S+;\r\n\t/,
  );
  assert.ok(message.endsWith(text));
  assert.deepEqual(await it.inbox('wilma'), [message]);
  assert.equal(await client.command('QUIT'), '221 2.0.0 Goodbye');
  await client.end();
});

test('one reply a recipient, in order, the same one twice too; a refused one has had his', async () => {
  await using it = await setUp();
  const client = await it.hello();
  client.send('MAIL FROM:<>\r\nRCPT TO:<fred>\r\nRCPT TO:<nobody@x.example>\r\nRCPT TO:<fred>\r\nDATA\r\n');
  assert.equal(await client.reply(), '250 2.1.0 Ok');
  assert.equal(await client.reply(), '250 2.1.5 Ok');
  assert.equal(await client.reply(), '550 5.1.1 User unknown: <nobody@x.example>');
  assert.equal(await client.reply(), '250 2.1.5 Ok');
  assert.match(await client.reply(), /^354 /);
  client.send(`${text}.\r\nNOOP\r\n`);
  assert.match(await client.reply(), /^250 2\.1\.5 Success/);
  assert.match(await client.reply(), /^250 2\.1\.5 Success/);
  assert.equal(await client.reply(), '250 2.0.0 Ok');
});

test('commands out of order (RFC 5321 §4.1.4)', async () => {
  await using it = await setUp();
  const client = it.connect();
  await client.reply();
  assert.equal(await client.command('MAIL FROM:<>'), '503 5.5.1 LHLO first');
  assert.equal(await client.command('RCPT TO:<fred>'), '503 5.5.1 LHLO first');
  assert.equal(await client.command('DATA'), '503 5.5.1 LHLO first');
  client.send('BDAT 4\r\nQUIT');
  assert.equal(await client.reply(), '503 5.5.1 MAIL and RCPT first');
  assert.equal(await client.command('EHLO x'), '500 5.5.1 This is LMTP: say LHLO');
  assert.equal(await client.command('HELO x'), '500 5.5.1 This is LMTP: say LHLO');
  assert.match(await client.command('lhlo x'), /^250/);
  assert.equal(await client.command('RCPT TO:<fred>'), '503 5.5.1 MAIL first');
  assert.equal(await client.command('DATA'), '503 5.5.1 MAIL first');
  assert.equal(await client.command('MAIL FROM:<>'), '250 2.1.0 Ok');
  assert.equal(await client.command('MAIL FROM:<>'), '503 5.5.1 A transaction is going on already');
  assert.equal(await client.command('AUTH PLAIN'), '503 5.5.1 RSET first');
  assert.equal(await client.command('STARTTLS'), '503 5.5.1 RSET first');
  assert.equal(await client.command('DATA'), '503 5.5.1 No valid recipients');
  assert.equal(await client.command('RSET'), '250 2.0.0 Ok');
  assert.equal(await client.command('DATA'), '503 5.5.1 MAIL first');
  assert.equal(await client.command('MAIL FROM:<>'), '250 2.1.0 Ok');
  assert.match(await client.command('LHLO again'), /^250/);
  assert.equal(await client.command('RCPT TO:<fred>'), '503 5.5.1 MAIL first');
});

test('the other commands', async () => {
  await using it = await setUp();
  const client = await it.hello();
  assert.equal(await client.command('NOOP whatever'), '250 2.0.0 Ok');
  assert.equal(await client.command('VRFY fred'), '252 2.5.2 Try RCPT');
  assert.match(await client.command('HELP'), /214-2\.0\.0 LHLO domain\n/);
  assert.equal(await client.command('help rcpt'), '214 2.0.0 RCPT TO:<forward-path> [parameters]');
  assert.equal(await client.command('STARTTLS'), '454 4.7.0 TLS is not available');
  assert.equal(await client.command('EXPN staff'), '500 5.5.1 Unknown command EXPN');
});

const refused: readonly [command: string, reply: RegExp][] = [
  ['LHLO', /^501 5\.5\.4 /],
  ['LHLO a b', /^501 5\.5\.4 /],
  ['MAIL', /^501 5\.5\.4 /],
  ['MAIL TO:<a>', /^501 5\.5\.4 /],
  ['MAIL FROM:a@b', /^501 5\.5\.4 /],
  ['MAIL FROM:<a@b> SIZE=x', /^501 5\.5\.4 /],
  ['MAIL FROM:<a@b> SIZE=1 SIZE=1', /^501 5\.5\.4 /],
  ['MAIL FROM:<a@b> BODY=9BIT', /^501 5\.5\.4 /],
  ['MAIL FROM:<a@b> SMTPUTF8=1', /^501 5\.5\.4 /],
  ['MAIL FROM:<a@b> AUTH=a=b', /^501 5\.5\.4 /],
  ['MAIL FROM:<a@b> SIZE=99999999999', /^552 5\.3\.4 /],
  ['MAIL FROM:<a@b> FOO=1', /^555 5\.5\.4 /],
  ['MAIL FROM:<j\xc3\xb6rg@b>', /^553 5\.6\.7 /],
  ['MAIL FROM:<j\xf6rg@b> SMTPUTF8', /^501 5\.5\.4 /],
  ['RSET x', /^501 5\.5\.4 /],
  ['QUIT x', /^501 5\.5\.4 /],
  ['DATA x', /^501 5\.5\.4 /],
  ['VRFY', /^501 5\.5\.4 /],
  ['\0\0\0', /^500 5\.5\.1 Unknown command \?\?\?$/],
  ['x'.repeat(20_000), /^500 5\.5\.6 /],
];
for (const [command, reply] of refused) {
  test(`${JSON.stringify(command.slice(0, 40))} is refused, and the session goes on`, async () => {
    await using it = await setUp();
    const client = await it.hello();
    assert.match(await client.command(command), reply);
    assert.equal(
      await client.command('MAIL FROM:<a@b> SIZE=10 BODY=8BITMIME AUTH=<> RET=HDRS'),
      '250 2.1.0 Ok',
    );
    assert.match(await client.command('RCPT TO:<>'), /^501 /);
    assert.match(await client.command('RCPT TO:<fred> FOO=1'), /^555 /);
    assert.match(await client.command('RCPT TO:<j\xc3\xb6rg@b>'), /^553 5\.6\.7 /);
    assert.equal(await client.command('RCPT TO: <@a,@b:fred@x> IGNOREQUOTA NOTIFY=NEVER'), '250 2.1.5 Ok');
  });
}

test('addresses and headers in UTF-8 (RFC 6531)', async () => {
  await using it = await setUp();
  const client = await it.hello();
  assert.equal(await client.command('MAIL FROM:<h\xc3\xa9l\xc3\xa8ne@x> SMTPUTF8'), '250 2.1.0 Ok');
  assert.equal(await client.command('RCPT TO:<no\xc3\xb6ne>'), '550 5.1.1 User unknown: <no\xc3\xb6ne>');
  assert.equal(await client.command('RCPT TO:<j\xc3\xb6rg>'), '250 2.1.5 Ok');
  await client.command('DATA');
  assert.match(await client.command(`${text}.`), /^250/);
  const [message = ''] = await it.inbox('jörg');
  assert.match(message, /^Return-Path: <h\xc3\xa9l\xc3\xa8ne@x>\r\n/);
  assert.match(message, /with UTF8LMTP id/);
  assert.match(message, /for <j\xc3\xb6rg>/);
});

test('everything at once, cut anywhere', async () => {
  await using it = await setUp();
  const wire =
    `LHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<fred>\r\nRCPT TO:<nobody>\r\nDATA\r\n${text.replace(/^\./m, '..')}.\r\n` +
    `MAIL FROM:<a@b>\r\nRCPT TO:<fred>\r\nBDAT 7\r\nA: b\r\n\rBDAT ${text.length - 7} LAST\r\n`;
  const second = `A: b\r\n\r\n${text.slice(8)}`;
  const whole = Buffer.from(`${wire}${second.slice(7)}QUIT\r\n`, 'latin1');
  let expected: string | undefined;
  for (const chunks of everySplit(whole, 25)) {
    const client = it.connect();
    for (const chunk of chunks) await client.sendSlowly(chunk);
    const output = (await client.end()).replace(/SESSIONID=<\S+>/g, '').replace(/\r\n/g, '|');
    expected ??= output;
    assert.equal(output, expected);
  }
  const codes = expected!
    .split('|')
    .filter((line) => /^\d\d\d /.test(line))
    .map((line) => line.slice(0, 3));
  assert.deepEqual(codes, [
    '220',
    '250',
    '250',
    '250',
    '550',
    '354',
    '250',
    '250',
    '250',
    '250',
    '250',
    '221',
  ]);
  const messages = await it.inbox('fred');
  const bodies = new Set(messages.map((message) => message.slice(message.indexOf('\r\n\r\n'))));
  assert.deepEqual([...bodies], ['\r\n\r\nHello.\r\n.dot\r\n', `\r\n\r\n${second.slice(8)}`]);
});

test('the store takes chunks as they come (RFC 3030)', async () => {
  await using it = await setUp();
  const client = await it.hello();
  client.send('MAIL FROM:<> BODY=BINARYMIME\r\nRCPT TO:<fred>\r\n');
  await client.reply();
  await client.reply();
  assert.match(await client.command('DATA'), /^503 5\.5\.1 A BINARYMIME/);
  const header = 'Date: d\r\nMessage-ID: <1@x>\r\n\r\n';
  client.send(`BDAT ${header.length}\r\n${header}`);
  assert.equal(await client.reply(), `250 2.0.0 ${header.length} octets received`);
  assert.match(await client.command('DATA'), /^503 5\.5\.1 RSET first/);
  assert.match(await client.command('RCPT TO:<wilma>'), /^503 5\.5\.1 RSET first/);
  client.send('BDAT 0\r\nBDAT 7\r\n\0a\n\r.\r\nBDAT 0 LAST\r\nNOOP\r\n');
  for (const reply of [/^250 2\.0\.0 0 /, /^250 2\.0\.0 7 /, /^250 2\.1\.5 /, /^250 2\.0\.0 Ok$/]) {
    assert.match(await client.reply(), reply);
  }
  const [message = ''] = await it.inbox('fred');
  assert.ok(message.endsWith(`${header}\0a\n\r.\r\n`));
});

test('BDAT without recipients, after LAST, after RSET', async () => {
  await using it = await setUp();
  const client = await it.hello();
  await client.command('MAIL FROM:<>');
  client.send('BDAT 3\r\nabcNOOP\r\n');
  assert.match(await client.reply(), /^503 5\.5\.1 The transaction has failed/);
  assert.match(await client.reply(), /^250/);
  // RFC 2033 §4.3: zero recipients, zero replies.
  client.send('RSET\r\nMAIL FROM:<>\r\nBDAT 3 LAST\r\nabcVRFY x\r\n');
  assert.match(await client.reply(), /^250 2\.0\.0/);
  assert.match(await client.reply(), /^250 2\.1\.0/);
  assert.match(await client.reply(), /^252/);
  client.send('RSET\r\nMAIL FROM:<>\r\nRCPT TO:<fred>\r\nBDAT 5\r\nA: b\r');
  for (let i = 0; i < 4; i++) assert.match(await client.reply(), /^250/);
  assert.match(await client.command('RSET'), /^250/);
  client.send('BDAT 2 LAST\r\nab');
  assert.match(await client.reply(), /^503 5\.5\.1 MAIL and RCPT first/);
  assert.deepEqual(await it.inbox('fred'), []);
  assert.match((await deliver(client, '', ['fred'], text))[0]!, /^250/);
});

test('a chunk that fails fails the message, and the pipeline keeps its place', async () => {
  await using it = await setUp({ maxMessageBytes: 1024 });
  const client = await it.hello();
  const big = 'x'.repeat(2000);
  client.send(
    `MAIL FROM:<>\r\nRCPT TO:<fred>\r\nRCPT TO:<wilma>\r\nBDAT 2000\r\n${big}BDAT 4\r\nNOOPBDAT 4 LAST\r\nQUITVRFY x\r\n`,
  );
  for (let i = 0; i < 3; i++) assert.match(await client.reply(), /^250/);
  assert.match(await client.reply(), /^552 5\.2\.3 /);
  assert.match(await client.reply(), /^503 5\.5\.1 The transaction has failed/);
  assert.match(await client.reply(), /^503 5\.5\.1 The transaction has failed/);
  assert.match(await client.reply(), /^503 5\.5\.1 The transaction has failed/);
  assert.match(await client.reply(), /^252/);
  assert.match((await deliver(client, '', ['fred'], text))[0]!, /^250/);
});

for (const command of [
  'BDAT',
  'BDAT x',
  'BDAT -1',
  'BDAT 1 LAST x',
  'BDAT 1 FIRST',
  'BDAT 99999999999999999999',
]) {
  test(`${command} ends the session: nobody knows how much follows`, async () => {
    await using it = await setUp();
    const client = await it.hello();
    client.send(`MAIL FROM:<>\r\nRCPT TO:<fred>\r\n${command}\r\nNOOP\r\nQUIT\r\n`);
    assert.match(await client.end(), /^250.*\r\n250.*\r\n501 5\.5\.4 [^\n]*\r\n$/);
  });
}

test('a client that goes away inside a message leaves nothing behind', async () => {
  await using it = await setUp();
  const parts = [
    `DATA\r\n${text}`,
    `DATA\r\n${text}.`,
    `DATA\r\n${text}\r\n.\n`,
    `BDAT ${text.length + 1} LAST\r\n${text}`,
    `BDAT ${text.length}\r\n${text}`,
  ];
  for (const input of parts) {
    const client = await it.hello();
    client.send(`MAIL FROM:<>\r\nRCPT TO:<fred>\r\n${input}`);
    client.halfClose();
    await client.end();
  }
  assert.deepEqual(await it.inbox('fred'), []);
});

test('a client that only closes its sending side gets its replies', async () => {
  await using it = await setUp();
  const client = await it.hello();
  client.send(`MAIL FROM:<>\r\nRCPT TO:<fred>\r\nDATA\r\n${text.replace(/^\./m, '..')}.\r\n`);
  client.halfClose();
  assert.match(await client.end(), /354 [^\n]*\n250 2\.1\.5 Success/);
  assert.equal((await it.inbox('fred')).length, 1);
});

test('messages that are too big are read to their end, and refused for everybody', async () => {
  await using it = await setUp({ maxMessageBytes: 2048 });
  const client = await it.hello();
  const body = `${text}${'x'.repeat(100_000)}\r\n`;
  const replies = await deliver(client, '', ['fred', 'wilma'], body);
  assert.deepEqual(
    replies.map((reply) => reply.slice(0, 9)),
    ['552 5.2.3', '552 5.2.3'],
  );
  assert.match((await deliver(client, '', ['fred'], text))[0]!, /^250/);
  const most = `${text}${'y'.repeat(2048 - text.length - 2)}\r\n`;
  assert.match((await deliver(client, '', ['fred'], most))[0]!, /^250/);
  assert.match((await deliver(client, '', ['fred'], `y${most.slice(0, -2)}y\r\n`))[0]!, /^5/);
});

test('malformed messages are refused as Cyrus does, or repaired', async () => {
  const messages = ['Subject: x\r\n', 'no header\r\n\r\n', 'Message-ID:\r\n\r\nx\r\n', `${text}\0\r\n`];
  await using it = await setUp();
  const client = await it.hello();
  for (const message of messages) {
    assert.match((await deliver(client, '', ['fred'], message))[0]!, /^554 5\.6\.0 /, message);
  }
  await using lenient = await setUp({ malformed: 'repair' });
  const other = await lenient.hello();
  for (const message of messages)
    assert.match((await deliver(other, '', ['fred'], message))[0]!, /^250/, message);
});

test('bare LF becomes CRLF, and ends no message', async () => {
  await using it = await setUp();
  const client = await it.hello();
  client.send('MAIL FROM:<>\r\nRCPT TO:<fred>\r\nDATA\r\n');
  for (let i = 0; i < 3; i++) await client.reply();
  client.send('Date: d\nMessage-ID: <1@x>\n\nHello\n.\nMAIL FROM:<evil>\r\n.\nx\n.\r\ny\r\n.\r\n');
  assert.match(await client.reply(), /^250 2\.1\.5/);
  const [message = ''] = await it.inbox('fred');
  assert.ok(message.endsWith('\r\n\r\nHello\r\n.\r\nMAIL FROM:<evil>\r\n\r\nx\r\n.\r\ny\r\n'));
});

test('a store that fails defers everybody; one mailbox that fails, its owner alone', async () => {
  await using it = await setUp();
  const client = await it.hello();
  hooks.tap('message.appending', ({ mailbox }) => {
    if (mailbox.name.owner === 'fred') throw new MailError('OVERQUOTA', 'Over quota');
  });
  const replies = await deliver(client, '', ['fred', 'wilma'], text);
  assert.equal(replies[0], '452 4.2.2 Over quota');
  assert.match(replies[1]!, /^250/);
  it.store.stage = () => Promise.reject(new Error('/disk is full'));
  for (const reply of await deliver(client, '', ['fred', 'wilma'], text)) {
    assert.equal(reply, '451 4.3.0 Internal error, try again later');
  }
  client.send('MAIL FROM:<>\r\nRCPT TO:<fred>\r\nBDAT 4\r\nabcdNOOP\r\n');
  for (const code of ['250', '250', '451', '250']) assert.equal((await client.reply()).slice(0, 3), code);
});

test('a sender may be refused', async () => {
  await using it = await setUp();
  const client = await it.hello();
  const tap = hooks.tap('delivery.starting', ({ sender }) => {
    if (sender === 'evil@x') throw new MailError('NOPERM', 'Go away');
  });
  assert.equal(await client.command('MAIL FROM:<evil@x>'), '550 5.7.1 Go away');
  assert.equal(await client.command('MAIL FROM:<good@x>'), '250 2.1.0 Ok');
  tap[Symbol.dispose]();
});

test('ten thousand recipients: a bound, and a reply for each', async () => {
  await using it = await setUp();
  const client = await it.hello();
  const rcpts = Array.from({ length: 10_000 }, () => 'RCPT TO:<fred>\r\n').join('');
  client.send(`MAIL FROM:<>\r\n${rcpts}DATA\r\n`);
  await client.reply();
  const replies: string[] = [];
  for (let i = 0; i < 10_000; i++) replies.push(await client.reply());
  assert.equal(replies.filter((reply) => reply === '250 2.1.5 Ok').length, 1000);
  assert.equal(replies.filter((reply) => reply.startsWith('452 4.5.3')).length, 9000);
  assert.match(await client.reply(), /^354/);
  client.send(`${text}.\r\n`);
  for (let i = 0; i < 1000; i++) assert.match(await client.reply(), /^250 2\.1\.5 Success/);
  assert.equal((await it.inbox('fred')).length, 1);
});

test('from elsewhere one has to log in, as somebody who may deliver', async () => {
  await using it = await setUp({ deliverers: ['wilma'] });
  const client = await it.hello(far);
  assert.equal(await client.command('MAIL FROM:<>'), '530 5.7.0 Authentication required');
  const plain = (user: string, password = `${user} pw`) =>
    Buffer.from(`\0${user}\0${password}`).toString('base64');
  assert.equal(await client.command(`AUTH PLAIN ${plain('wilma', 'x')}`), '535 5.7.8 Authentication failed');
  assert.equal(await client.command(`AUTH PLAIN ${plain('fred')}`), '535 5.7.8 You may not hand mail over');
  assert.equal(await client.command('AUTH X-NONE'), '504 5.5.4 Unknown authentication mechanism');
  assert.match(await client.command('AUTH'), /^501 5\.5\.4 /);
  assert.equal(await client.command('AUTH PLAIN'), '334 ');
  assert.equal(await client.command('*'), '501 5.7.0 Authentication cancelled');
  assert.equal(await client.command('AUTH PLAIN'), '334 ');
  assert.equal(await client.command('x'), '501 5.5.2 Malformed response: not base64');
  assert.equal(await client.command('AUTH LOGIN'), '334 VXNlcm5hbWU6');
  assert.equal(await client.command(Buffer.from('wilma').toString('base64')), '334 UGFzc3dvcmQ6');
  assert.equal(await client.command(Buffer.from('wilma pw').toString('base64')), '235 2.7.0 Authenticated');
  assert.equal(await client.command(`AUTH PLAIN ${plain('admin')}`), '503 5.5.1 Already authenticated');
  assert.doesNotMatch(await client.command('LHLO x'), /AUTH/);
  assert.match((await deliver(client, '', ['fred'], text))[0]!, /^250/);
  assert.match((await it.inbox('fred'))[0]!, /with LMTPA id/);
});

test('a listen entry may demand a login of everybody, or of nobody', async () => {
  await using it = await setUp();
  const strict = await it.hello({ listenOptions: { auth: 'required' } });
  assert.match(await strict.command('MAIL FROM:<>'), /^530/);
  const open = await it.hello({ ...far, listenOptions: { auth: 'none' } });
  assert.match(await open.command('MAIL FROM:<>'), /^250/);
  const socket = await it.hello({ remote: { address: 'unix', port: 0 } });
  assert.match(await socket.command('MAIL FROM:<>'), /^250/);
});

test('silence ends a session, sooner inside a transaction', async () => {
  await using it = await setUp({ idleTimeoutSeconds: 60, transactionTimeoutSeconds: 30 });
  const idle = await it.hello();
  const busy = await it.hello();
  await busy.command('MAIL FROM:<>');
  const sending = await it.hello();
  sending.send('MAIL FROM:<>\r\nRCPT TO:<fred>\r\nDATA\r\nA: b\r\n');
  for (let i = 0; i < 3; i++) await sending.reply();
  for (let i = 0; i < 35; i++) await it.clock.advance(1000);
  assert.match(await busy.end(), /^421 4\.4\.2 /);
  assert.match(await sending.end(), /^421 4\.4\.2 /);
  assert.match(await idle.command('NOOP'), /^250/);
  for (let i = 0; i < 65; i++) await it.clock.advance(1000);
  assert.match(await idle.end(), /^421 4\.4\.2 /);
  assert.deepEqual(await it.inbox('fred'), []);
});

test('a server that goes down says so', async () => {
  await using it = await setUp();
  const client = await it.hello();
  it.kernel.connections[0]!.beginDrain(() => {});
  assert.match(await client.end(), /^421 4\.3\.2 /);
});

test('who does not speak LMTP is not listened to for long', async () => {
  await using it = await setUp();
  const client = await it.hello();
  client.send('GET / HTTP/1.1\r\n'.repeat(30));
  assert.match(await client.end(), /(500 5\.5\.1 Unknown command GET\r\n){20}421 4\.7\.0 [^\n]*\n$/);
});
