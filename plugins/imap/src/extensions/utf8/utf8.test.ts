import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TestServer } from '../../server.test.support.js';
import { refusing8bitHeader } from './append.js';

const subject = Buffer.from('Grüße aus 東京').latin1Slice();
const international = `From: <j\xc3\xb6rg@example.org>\r\nSubject: ${subject}\r\n\r\nHallo\r\n`;

test('offered as ACCEPT, ONLY or not at all', async () => {
  for (const [utf8, word] of [
    ['accept', 'UTF8=ACCEPT'],
    ['only', 'UTF8=ONLY'],
    ['off', undefined],
  ] as const) {
    await using server = await TestServer.start({ imap: { utf8 } });
    const client = await server.loggedIn();
    const words = (await client.ok('CAPABILITY')).untagged[0]!.split(' ');
    assert.deepEqual(
      words.filter((one) => one.startsWith('UTF8')),
      word === undefined ? [] : [word],
    );
    assert.deepEqual((await client.ok('ENABLE UTF8=ONLY')).untagged, ['ENABLED']);
    const answer = word === undefined ? 'ENABLED' : 'ENABLED UTF8=ACCEPT';
    assert.deepEqual((await client.ok('ENABLE UTF8=ACCEPT')).untagged, [answer]);
  }
});

test('names in UTF-8 once enabled, quoted and as literals; what is no UTF-8 is BAD (RFC 6855 §3)', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  const name = Buffer.from('INBOX.Ä').latin1Slice();
  await client.ok('CREATE INBOX.&AMQ-');
  await client.ok('ENABLE UTF8=ACCEPT');
  assert.deepEqual((await client.ok('LIST "" INBOX.%')).untagged, [`LIST (\\HasNoChildren) "." "${name}"`]);
  await client.ok(`SUBSCRIBE "${name}"`);
  assert.deepEqual((await client.ok('LSUB "" INBOX.%')).untagged, [`LSUB () "." "${name}"`]);
  assert.deepEqual((await client.ok(`STATUS "${name}" (MESSAGES)`)).untagged, [
    `STATUS "${name}" (MESSAGES 0)`,
  ]);
  for (const wrong of ['SELECT "\xc4"', 'SELECT "\xed\xa0\x80"', 'SELECT "\xc0\x80"', 'ID ("x" "\xff")'])
    assert.equal((await client.command(wrong)).status, 'BAD', wrong);
  for (const wrong of ['INBOX.\x7f', Buffer.from('INBOX.\u2028').latin1Slice(), 'INBOX.\xc2\x85'])
    assert.match((await client.command(`CREATE "${wrong}"`)).text, /^\[CANNOT\]/, wrong);
});

test('UTF8=ONLY: NO [CANNOT] before ENABLE for what could need it (RFC 6855 §6)', async () => {
  await using server = await TestServer.start({ imap: { utf8: 'only' } });
  const client = await server.loggedIn();
  for (const command of [
    'SELECT INBOX',
    'LIST "" *',
    'CREATE INBOX.x',
    'STATUS INBOX (MESSAGES)',
    'NAMESPACE',
  ]) {
    const { status, text } = await client.command(command);
    assert.equal(status, 'NO', command);
    assert.match(text, /^\[CANNOT\] \S+ needs ENABLE UTF8=ACCEPT/);
  }
  assert.match((await client.append('INBOX', international)).text, /^\[CANNOT\]/);
  for (const command of ['NOOP', 'CAPABILITY', 'ID NIL', 'ENABLE UTF8=ACCEPT', 'SELECT INBOX'])
    await client.ok(command);
});

test('APPEND with 8-bit headers: refused before ENABLE, then by UTF8 (~{}) and as a plain literal', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  const refused = await client.append('INBOX', international);
  assert.deepEqual([refused.status, refused.text.slice(0, 8)], ['NO', '[CANNOT]']);
  const octets = Buffer.from(international, 'latin1');
  const utf8Literal = `UTF8 (~{${octets.length}+}\r\n${international})`;
  assert.match((await client.command(`APPEND INBOX ${utf8Literal}`)).text, /^\[CANNOT\]/);
  await client.append('INBOX', 'Subject: x\r\n\r\nKörper\r\n');
  await client.ok('ENABLE UTF8=ACCEPT');
  assert.match((await client.ok(`APPEND INBOX ${utf8Literal}`)).text, /^\[APPENDUID \d+ 2\]/);
  assert.match((await client.append('INBOX', international)).text, /^\[APPENDUID \d+ 3\]/);
  assert.match(
    (await client.ok(`APPEND INBOX (\\Seen) ${utf8Literal} (\\Flagged) ${utf8Literal}`)).text,
    /^\[APPENDUID \d+ 4:5\]/,
  );
  await client.ok('SELECT INBOX');
  assert.deepEqual(
    (await client.ok('SEARCH SUBJECT "東京"'.replace(/[^\x00-\x7f]+/, (s) => Buffer.from(s).latin1Slice())))
      .untagged,
    ['SEARCH 2 3 4 5'],
  );
  for (const wrong of [
    `UTF8 ({${octets.length}+}\r\n${international})`,
    `UTF8 (~{${octets.length}+}\r\n${international}`,
    'UTF8 ("x")',
    'UTF8 ()',
  ])
    assert.equal((await client.command(`APPEND INBOX ${wrong}`)).status, 'BAD', wrong.slice(0, 20));
  await client.ok('NOOP');
  assert.deepEqual(server.faults, []);
});

test('append8bitHeaders lets old clients in', async () => {
  for (const imap of [{ append8bitHeaders: true }, { utf8: 'off' }]) {
    await using server = await TestServer.start({ imap });
    const client = await server.loggedIn();
    assert.equal((await client.append('INBOX', international)).status, 'OK');
  }
});

test('SEARCH with a charset is BAD after ENABLE (RFC 6855 §3)', async () => {
  await using server = await TestServer.start();
  const client = await server.selected(1);
  await client.ok('SEARCH CHARSET UTF-8 SUBJECT x');
  await client.ok('ENABLE UTF8=ACCEPT');
  assert.equal((await client.command('SEARCH CHARSET UTF-8 SUBJECT x')).status, 'BAD');
  await client.ok('SEARCH SUBJECT x');
});

test('where the header ends is found however the octets come', async () => {
  const lineEnd = fc.constantFrom('\r\n', '\n');
  const lines = fc.array(fc.constantFrom('A: b', ' c', 'D:', 'x\r', '\xfc'), { maxLength: 5 });
  const message = fc.tuple(lines, lines, lineEnd);
  await fc.assert(
    fc.asyncProperty(
      message,
      fc.infiniteStream(fc.integer({ min: 1, max: 4 })),
      async ([head, body, end], cuts) => {
        const text = `${head.map((line) => line + end).join('')}${end}${body.join(end)}`;
        const separator = /(^|\n)\r?\n/.exec(text);
        const header = separator === null ? text : text.slice(0, separator.index);
        const chunks: Buffer[] = [];
        for (let at = 0; at < text.length; ) {
          const to = at + cuts.next().value!;
          chunks.push(Buffer.from(text.slice(at, to), 'latin1'));
          at = to;
        }
        const source = (async function* () {
          yield* chunks;
        })();
        let read = '';
        const reading = (async () => {
          for await (const chunk of refusing8bitHeader(source)) read += chunk.latin1Slice();
        })();
        if (header.includes('\xfc')) await assert.rejects(reading, /ENABLE UTF8/);
        else {
          await reading;
          assert.equal(read, text);
        }
      },
    ),
  );
});
