/** What Thunderbird 115 and K-9 say to a server that they meet for the first time, in their order and spelling. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib';
import { ImapTestClient } from '@angarium/testing';
import { imapSession } from '../support/imap.js';
import { plainMessage } from '../support/mail.js';
import { TestServer } from '../support/server.js';

const headers =
  'BODY.PEEK[HEADER.FIELDS (From To Cc Bcc Resent-Message-ID Subject Date Message-ID Priority X-Priority References Newsgroups In-Reply-To Content-Type Reply-To)]';

async function serverWithMail(): Promise<TestServer> {
  const server = await TestServer.start({ users: { fred: 'secret' } });
  const client = await imapSession(server.port('imap'), 'fred', 'secret');
  await client.ok('CREATE INBOX.Sent');
  await client.ok('SUBSCRIBE INBOX.Sent');
  for (let n = 1; n <= 3; n++) await client.append('INBOX', plainMessage(n));
  await client.logout();
  return server;
}

test("Thunderbird's first sync", async () => {
  await using server = await serverWithMail();
  const client = await ImapTestClient.connect(server.port('imap'));
  await client.response();
  const capability = (await client.ok('capability')).untagged.join();
  assert.match(capability, /AUTH=PLAIN.*|SASL-IR/);
  await client.ok(`authenticate PLAIN ${Buffer.from('\0fred\0secret').toString('base64')}`);
  const offered = (await client.ok('capability')).untagged.join();
  for (const word of [
    'ID',
    'NAMESPACE',
    'XLIST',
    'SPECIAL-USE',
    'COMPRESS=DEFLATE',
    'CONDSTORE',
    'IDLE',
    'MOVE',
  ])
    assert.match(offered, new RegExp(` ${word}( |$)`));
  assert.match((await client.ok('ID ("name" "Thunderbird" "version" "115.0")')).untagged.join(), /^ID \(/);
  assert.match((await client.ok('namespace')).untagged.join(), /^NAMESPACE \(\("INBOX\." "\."\)\)/);
  assert.match(
    (await client.ok('list (subscribed) "" "INBOX.*" return (special-use)')).untagged.join(),
    /INBOX\.Sent/,
  );
  assert.match((await client.ok('lsub "" "*"')).untagged.join('\n'), /LSUB \([^)]*\) "\." "?INBOX\.Sent/);
  assert.match((await client.ok('xlist "" "%"')).untagged.join('\n'), /XLIST \([^)]*\\Inbox/i);
  assert.match((await client.ok('list "" "INBOX"')).untagged.join(), /LIST \([^)]*\) "\." "?INBOX/);
  await client.ok('create "INBOX.Trash"');
  await client.ok('subscribe "INBOX.Trash"');

  const opened = (await client.ok('select "INBOX" (CONDSTORE)')).untagged.join('\n');
  for (const word of ['3 EXISTS', 'UIDVALIDITY', 'UIDNEXT 4', 'HIGHESTMODSEQ', 'PERMANENTFLAGS'])
    assert.match(opened, new RegExp(word));
  assert.match((await client.ok('getquotaroot "INBOX"')).untagged.join('\n'), /QUOTAROOT "?INBOX/);
  assert.match((await client.ok('myrights "INBOX"')).untagged.join(), /MYRIGHTS "?INBOX"? \w+/);
  assert.match((await client.ok('getacl "INBOX"')).untagged.join(), /ACL "?INBOX"? fred/);
  assert.equal((await client.ok('UID fetch 1:* (FLAGS)')).untagged.length, 3);
  const fetched = (await client.ok(`UID fetch 1:3 (UID RFC822.SIZE FLAGS ${headers})`)).untagged;
  assert.equal(fetched.length, 3);
  assert.match(fetched[0]!, /Subject: Relay 1 /);
  const body = (await client.ok('UID fetch 2 (UID RFC822.SIZE BODY.PEEK[])')).untagged[0]!;
  assert.ok(body.includes(plainMessage(2)));
  await client.ok('uid store 2 +FLAGS (\\Seen)');
  assert.match((await client.ok('uid store 3 +FLAGS ($label1 NonJunk)')).untagged.join(), /\$label1 NonJunk/);
  assert.match((await client.ok('uid move 1 "INBOX.Trash"')).untagged.join(), /COPYUID \d+ 1 1.*1 EXPUNGE/);
  assert.match(
    (await client.ok('STATUS "INBOX.Trash" (UIDNEXT MESSAGES UNSEEN RECENT)')).untagged.join(),
    /MESSAGES 1/,
  );

  const idle = client.start('IDLE');
  assert.match(await client.response(), /^\+/);
  const other = await imapSession(server.port('imap'), 'fred', 'secret');
  await other.append('INBOX', plainMessage(4));
  assert.equal(await client.response(), '* 3 EXISTS');
  client.sendLine('DONE');
  await client.finish(idle);
  assert.match((await client.ok(`UID fetch 4:* (FLAGS)`)).untagged.join(), /UID 4/);
  await client.ok('noop');
  await other.logout();
  await client.logout();
});

test('Thunderbird compresses the connection, and reads on', async () => {
  await using server = await serverWithMail();
  const socket = connect(server.port('imap'), '127.0.0.1');
  const plain = new ImapTestClient(socket);
  await plain.login('fred', 'secret');
  await plain.ok('COMPRESS DEFLATE');
  socket.removeAllListeners('data');
  const deflate = createDeflateRaw({ flush: constants.Z_SYNC_FLUSH });
  const inflate = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
  deflate.pipe(socket);
  socket.pipe(inflate);
  const client = new ImapTestClient(Duplex.from({ readable: inflate, writable: deflate }));
  await client.ok('select "INBOX"');
  const fetched = (await client.ok(`UID fetch 1:* (UID RFC822.SIZE FLAGS ${headers} BODY.PEEK[])`)).untagged;
  assert.equal(fetched.length, 3);
  for (const [n, text] of fetched.entries()) assert.ok(text.includes(plainMessage(n + 1)));
  assert.equal((await client.append('INBOX', plainMessage(4))).status, 'OK');
  assert.equal((await client.command('COMPRESS DEFLATE')).status, 'BAD');
  socket.destroy();
});
