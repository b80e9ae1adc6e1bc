/** What no well-behaved client sends, against a running server: a clear answer, bounded memory, everyone else served. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ImapTestClient, LineClient, LmtpTestClient } from '@angarium/testing';
import { imapSession } from '../support/imap.js';
import { randomNumbers } from '../support/mail.js';
import { memoryBytes } from '../support/processes.js';
import { TestServer } from '../support/server.js';
import { eventually } from '../support/tools.js';

const MB = 1 << 20;
/** What a server's heap may grow by as it warms up; floods are more than twice as large. */
const LIMIT = 128 * MB;
let server: TestServer;

before(async () => {
  server = await TestServer.start({ users: { fred: 'secret' }, set: { workers: '1' } });
});

after(() => server[Symbol.asyncDispose]());

/** The server answers others as if nothing had happened. */
async function stillServes(): Promise<void> {
  const client = await imapSession(server.port('imap'), 'fred', 'secret');
  await client.ok('SELECT INBOX');
  await client.logout();
}

/** Runs `abuse`; the server's memory may not grow by what was thrown at it. */
async function within(limitBytes: number, abuse: () => Promise<void>): Promise<void> {
  const before = memoryBytes(server.pid);
  await abuse();
  await stillServes();
  await eventually(() => memoryBytes(server.pid) - before < limitBytes || undefined, 30_000);
}

const doors = { imap: () => server.port('imap'), lmtp: () => server.port('lmtp') };

for (const [name, port] of Object.entries(doors)) {
  test(`${name}: bytes that are no protocol`, async () => {
    await within(LIMIT, async () => {
      const random = randomNumbers(7);
      const client = await LineClient.connect(port());
      const noise = Buffer.from(Array.from({ length: 1 << 16 }, () => Math.floor(random() * 256)));
      for (let i = 0; i < 16; i++) client.send(noise);
      client.halfClose();
      await client.end();
    });
  });

  test(`${name}: TLS hello on the plain port`, async () => {
    await assert.rejects(LineClient.connectTls(port(), { timeout: 5000 }));
    await stillServes();
  });

  test(`${name}: a line without end`, async () => {
    await within(LIMIT, async () => {
      const client = await LineClient.connect(port());
      await client.line();
      const piece = Buffer.alloc(MB, 'a');
      for (let i = 0; i < 300 && !client.stream.destroyed; i++) {
        await Promise.race([client.sendSlowly(piece), client.end(60_000)]);
      }
      client.destroy();
    });
  });

  test(`${name}: NULs`, async () => {
    const client = await LineClient.connect(port());
    await client.line();
    client.send('\0\0\0 NO\0OP\r\n');
    assert.match(await client.line(), /^(\* BAD|\S+ BAD|5\d\d )/);
    client.destroy();
    await stillServes();
  });

  test(`${name}: 200 connections that send nothing and leave`, async () => {
    await within(LIMIT, async () => {
      const clients = await Promise.all(Array.from({ length: 200 }, () => LineClient.connect(port())));
      for (const client of clients) client.destroy();
    });
  });
}

test('imap: literals: huge, negative, overflowing', async () => {
  await within(LIMIT, async () => {
    const client = await imapSession(server.port('imap'), 'fred', 'secret');
    for (const size of ['99999999999', '4294967295', '-1', '1e3', '18446744073709551616', '']) {
      const { status } = await client.command(`APPEND INBOX {${size}}`);
      assert.match(status, /NO|BAD/, size);
    }
    assert.match((await client.command('LIST "" {2000000000}')).status, /NO|BAD/);
    await client.ok('NOOP');
    await client.logout();
  });
});

test('imap: a non-synchronising literal above the limit is skipped or ends the connection, in bounded memory', async () => {
  await within(LIMIT, async () => {
    const client = await imapSession(server.port('imap'), 'fred', 'secret');
    const size = 300 * MB;
    client.send(`big APPEND INBOX {${size}+}\r\n`);
    const piece = Buffer.alloc(MB, 'x');
    for (let sent = 0; sent < size && !client.stream.destroyed; sent += MB) {
      await Promise.race([client.sendSlowly(piece), client.end(60_000)]);
    }
    client.send('\r\n');
    const answer = await client.line(60_000).catch(() => 'closed');
    assert.match(answer, /^(big (NO|BAD)|\* BYE|closed)/);
    client.destroy();
  });
});

test('imap: half-closed in the middle of a literal: nothing is stored', async () => {
  const client = await imapSession(server.port('imap'), 'fred', 'secret');
  client.send('a APPEND INBOX {1000+}\r\nSubject: half\r\n\r\nabc');
  client.halfClose();
  await client.end();
  const other = await imapSession(server.port('imap'), 'fred', 'secret');
  await other.ok('SELECT INBOX');
  assert.deepEqual((await other.ok('SEARCH SUBJECT half')).untagged, ['SEARCH']);
  await other.logout();
});

test('imap: 10,000 nested parentheses and 100,000 ranges', async () => {
  const client = await imapSession(server.port('imap'), 'fred', 'secret');
  await client.ok('SELECT INBOX');
  const deep = await client.command(`SEARCH ${'('.repeat(10_000)}ALL${')'.repeat(10_000)}`);
  assert.match(deep.status, /OK|NO|BAD/);
  const set = Array.from({ length: 5000 }, (_, i) => 2 * i + 1).join(',');
  assert.match((await client.command(`UID FETCH ${set} (FLAGS)`)).status, /OK/);
  await client.ok('NOOP');
  await client.logout();
});

test('imap: a reader that never reads costs bounded memory', async () => {
  const writer = await imapSession(server.port('imap'), 'fred', 'secret');
  await writer.ok('CREATE INBOX.slow');
  const message = Buffer.from(`Subject: big\r\n\r\n${'z'.repeat(5 * MB)}\r\n`);
  for (let i = 0; i < 12; i++) await writer.append('INBOX.slow', message);
  await writer.logout();
  const before = memoryBytes(server.pid);
  const client = await imapSession(server.port('imap'), 'fred', 'secret');
  await client.ok('SELECT INBOX.slow');
  client.pause();
  client.sendLine('f FETCH 1:* BODY.PEEK[]');
  await new Promise((resolve) => setTimeout(resolve, 2000));
  assert.ok(memoryBytes(server.pid) - before < 48 * MB, `${(memoryBytes(server.pid) - before) / MB} MB`);
  await stillServes();
  client.destroy();
});

test('lmtp: a sender that stalls in DATA does not stop others', async () => {
  const slow = await LmtpTestClient.connect(server.port('lmtp'));
  await slow.hello();
  for (const line of ['MAIL FROM:<a@example.org>', 'RCPT TO:<fred>', 'DATA']) await slow.command(line);
  slow.send('Subject: slow\r\n\r\nab');
  const quick = await LmtpTestClient.connect(server.port('lmtp'));
  await quick.hello();
  const [reply] = await quick.deliver('b@example.org', ['fred'], 'Subject: quick\r\n\r\n.\r\n');
  assert.match(reply!, /^250 /);
  slow.send('c\r\n.\r\n');
  assert.match(await slow.reply(), /^250 /);
  slow.destroy();
  quick.destroy();
});

test('lmtp: half-closed in the middle of DATA: nothing is delivered', async () => {
  const client = await LmtpTestClient.connect(server.port('lmtp'));
  await client.hello();
  for (const line of ['MAIL FROM:<a@example.org>', 'RCPT TO:<fred>', 'DATA']) await client.command(line);
  client.send('Subject: never\r\n\r\nunfinished');
  client.halfClose();
  await client.end();
  const imap = await ImapTestClient.connect(server.port('imap'));
  await imap.login('fred', 'secret');
  await imap.ok('SELECT INBOX');
  assert.deepEqual((await imap.ok('SEARCH SUBJECT never')).untagged, ['SEARCH']);
  await imap.logout();
});

test('lmtp: a message of 300 MB passes through bounded memory', async () => {
  await within(LIMIT, async () => {
    const client = await LmtpTestClient.connect(server.port('lmtp'));
    await client.hello();
    for (const line of ['MAIL FROM:<a@example.org>', 'RCPT TO:<fred>', 'DATA']) await client.command(line);
    client.send('Subject: huge\r\n\r\n');
    const piece = Buffer.from(`${'x'.repeat(76)}\r\n`.repeat(13_000));
    for (let sent = 0; sent < 300 * MB; sent += piece.length) await client.sendSlowly(piece);
    client.send('.\r\n');
    assert.match(await client.line(60_000), /^(250|552) /);
    client.destroy();
  });
});
