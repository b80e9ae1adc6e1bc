import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@angarium/testing';
import { letter, TestServer } from '../server.test.support.js';

function literal(text: string): string {
  return `{${text.length}+}\r\n${text}`;
}

test('APPEND takes flags and date, and says which UID it gave (RFC 3501 §6.3.11, RFC 4315 §3)', async () => {
  await using server = await TestServer.start({ clock: new ManualClock() });
  const client = await server.loggedIn();
  const date = '" 7-Feb-1994 21:52:25 -0800"';
  const forms = [
    `APPEND INBOX ${literal(letter('a'))}`,
    `APPEND INBOX (\\Seen $X) ${literal(letter('b'))}`,
    `APPEND inbox ${date} ${literal(letter('c'))}`,
    `append {5+}\r\nInBoX () ${date} ${literal(letter('d'))}`,
  ];
  for (const [i, form] of forms.entries()) {
    assert.match((await client.ok(form)).text, new RegExp(`^\\[APPENDUID \\d+ ${i + 1}\\] Completed$`), form);
  }
  await client.ok('SELECT INBOX');
  const { untagged } = await client.ok('FETCH 1:* (FLAGS INTERNALDATE)');
  assert.deepEqual(untagged, [
    '1 FETCH (FLAGS (\\Recent) INTERNALDATE " 1-Jan-2024 00:00:00 +0000")',
    '2 FETCH (FLAGS (\\Seen \\Recent $X) INTERNALDATE " 1-Jan-2024 00:00:00 +0000")',
    '3 FETCH (FLAGS (\\Recent) INTERNALDATE " 8-Feb-1994 05:52:25 +0000")',
    '4 FETCH (FLAGS (\\Recent) INTERNALDATE " 8-Feb-1994 05:52:25 +0000")',
  ]);
});

test('a message comes back as it was sent, with CRLF for bare LF', async () => {
  await using server = await TestServer.start();
  const client = await server.selected();
  const text = letter('x', 'caf\xe9 \r\n\r\n');
  assert.ok((await client.append('INBOX', text)).status === 'OK');
  await client.append('INBOX', text.replaceAll('\r\n', '\n'));
  const { untagged } = await client.ok('FETCH 1:2 BODY.PEEK[]');
  for (const [i, line] of untagged.entries())
    assert.equal(line, `${i + 1} FETCH (BODY[] {${text.length}}\r\n${text})`);
});

test('the client of the selected mailbox hears of its own message at once', async () => {
  await using server = await TestServer.start();
  const client = await server.selected();
  const tag = client.start(`APPEND INBOX ${literal(letter('a'))}`);
  assert.deepEqual((await client.finish(tag)).untagged, ['1 EXISTS', '1 RECENT']);
});

test('several messages at once, all or none (RFC 3502)', async () => {
  await using server = await TestServer.start();
  const client = await server.selected();
  const [a, b] = [literal(letter('a')), literal(letter('b'))];
  assert.match(
    (await client.ok(`APPEND INBOX (\\Seen) ${a} (\\Flagged) ${b}`)).text,
    /^\[APPENDUID \d+ 1:2\]/,
  );
  assert.equal((await client.command(`APPEND INBOX ${a} (\\Bogus) ${b}`)).status, 'BAD');
  assert.equal((await client.command(`APPEND INBOX ${a} {0+}\r\n`)).status, 'NO');
  assert.equal((await client.command(`APPEND INBOX ${a} x`)).status, 'BAD');
  assert.deepEqual((await client.ok('STATUS INBOX (MESSAGES)')).untagged, ['STATUS INBOX (MESSAGES 2)']);
});

test('what cannot be appended is refused before it is sent, where that is possible', async () => {
  await using server = await TestServer.start({ imap: { maxMessageBytes: 5000 } });
  const client = await server.loggedIn();
  const refused = (text: string) => client.withLiterals(text, Buffer.alloc(6000, 'x'));
  assert.match((await refused('APPEND INBOX ')).text, /^\[TOOBIG\] A message may have 5000 octets at most/);
  assert.equal((await refused('APPEND INBOX.none ')).text, '[TRYCREATE] Mailbox does not exist');
  assert.equal((await refused('APPEND user.joe ')).text, '[TRYCREATE] Mailbox does not exist');
  for (const wrong of ['APPEND INBOX (\\Recent) ', 'APPEND INBOX "x" ', 'APPEND INBOX  ', 'APPEND ']) {
    assert.equal((await refused(wrong)).status, 'BAD', wrong);
  }
  assert.match((await client.command(`APPEND INBOX ${literal('x'.repeat(6000))}`)).text, /^\[TOOBIG\]/);
  assert.match(
    (await client.command(`APPEND INBOX.none ${literal('x'.repeat(6000))}`)).text,
    /^\[TRYCREATE\]/,
  );
  assert.equal((await client.command('APPEND INBOX "text"')).status, 'BAD');
  assert.match((await client.command('APPEND INBOX {0+}\r\n')).text, /^\[CANNOT\]/);
  assert.match((await client.command(`APPEND INBOX ${literal('a\0b')}`)).text, /NUL/);
  await client.ok(`APPEND INBOX ${literal(letter('fits'))}`);
  assert.deepEqual((await client.ok('STATUS INBOX (MESSAGES)')).untagged, ['STATUS INBOX (MESSAGES 1)']);
  assert.deepEqual(server.faults, []);
});

test('LITERAL- refuses a message that comes unasked (RFC 7888 §5)', async () => {
  await using server = await TestServer.start({ imap: { literals: 'LITERAL-' } });
  const client = await server.loggedIn();
  const big = await client.command(`APPEND INBOX ${literal('x'.repeat(4097))}`);
  assert.deepEqual([big.status, big.text], ['BAD', '[TOOBIG] The literal is too big']);
  assert.equal((await client.command(`APPEND INBOX ${literal(letter('x'))}`)).status, 'OK');
  assert.equal((await client.append('INBOX', 'x'.repeat(4097))).status, 'OK');
  assert.ok((await client.ok('CAPABILITY')).untagged[0]!.split(' ').includes('LITERAL-'));
});

test('a message that breaks off is not stored', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  client.send('a APPEND INBOX {100+}\r\nFrom: x\r\n');
  client.halfClose();
  await client.end();
  const other = await server.loggedIn();
  assert.deepEqual((await other.ok('STATUS INBOX (MESSAGES)')).untagged, ['STATUS INBOX (MESSAGES 0)']);
});
