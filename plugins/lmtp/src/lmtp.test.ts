/** The commands, over a connection. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MailError } from '@angarium/sdk';
import { deliver, far, hooks, setUp, text } from './server.test.support.js';

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

test('after some wrong passwords one has to connect again', async () => {
  await using it = await setUp();
  const client = await it.hello(far);
  const wrong = Buffer.from('\0fred\0wrong').toString('base64');
  for (let n = 1; n <= 5; n++) assert.match(await client.command(`AUTH PLAIN ${wrong}`), /^535 5\.7\.8 /);
  await client.end();
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
