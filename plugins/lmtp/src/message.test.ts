/** Messages by DATA and BDAT, whole, broken and hostile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MailError } from '@angarium/sdk';
import { everySplit } from '@angarium/testing';
import { deliver, hooks, setUp, text } from './server.test.support.js';

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
  const messages = ['no header\r\n', 'no header\r\n\r\n', 'Message-ID:\r\n\r\nx\r\n', `${text}\0\r\n`];
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

test('a message without a body is delivered (RFC 5322 §3.5)', async () => {
  await using it = await setUp();
  const client = await it.hello();
  assert.match((await deliver(client, '', ['fred'], 'Subject: x\r\n'))[0]!, /^250/);
  const [message = ''] = await it.inbox('fred');
  assert.ok(message.endsWith('\r\nSubject: x\r\n\r\n'), message);
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
