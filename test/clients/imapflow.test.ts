import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ImapFlow } from 'imapflow';
import { createTransport } from 'nodemailer';
import { plainMessage } from '../support/mail.js';
import { TestServer } from '../support/server.js';

let server: TestServer;
let client: ImapFlow;

before(async () => {
  server = await TestServer.start({ users: { fred: 'secret' } });
  client = new ImapFlow({
    host: '127.0.0.1',
    port: server.port('imap', 1),
    secure: true,
    tls: { rejectUnauthorized: false },
    auth: { user: 'fred', pass: 'secret' },
    logger: false,
  });
  await client.connect();
});

after(async () => {
  await client.logout();
  await server[Symbol.asyncDispose]();
});

test('nodemailer delivers by LMTP, imapflow is told at once', async () => {
  await client.mailboxOpen('INBOX');
  const told = new Promise<{ count: number }>((resolve) => client.once('exists', resolve));
  const idling = client.idle();
  const transport = createTransport({
    host: '127.0.0.1',
    port: server.port('lmtp'),
    lmtp: true,
    ignoreTLS: true,
  } as never);
  await transport.sendMail({
    from: 'a@example.org',
    to: 'fred@example.net',
    subject: 'Grüße',
    text: 'Hello\n.dot\n',
  });
  assert.equal((await told).count, 1);
  void idling;
  const message = await client.fetchOne('1', {
    envelope: true,
    source: true,
    bodyStructure: true,
    internalDate: true,
  });
  assert.ok(message);
  assert.equal(message.envelope?.subject, 'Grüße');
  assert.match(message.source?.toString() ?? '', /^Return-Path: <a@example.org>/);
  assert.match(message.source?.toString() ?? '', /\n\.dot/);
});

test('append, flag, search, copy, move, delete', async () => {
  await client.mailboxCreate('INBOX.Work');
  const appended = await client.append('INBOX.Work', plainMessage(1), ['\\Flagged', '$Label1'], new Date(0));
  assert.ok(appended && appended.uid === 1);
  await client.append('INBOX.Work', plainMessage(2));
  await client.mailboxOpen('INBOX.Work');
  assert.deepEqual(await client.search({ flagged: true }, { uid: true }), [1]);
  assert.deepEqual(await client.search({ subject: 'relay 2' }), [2]);
  assert.deepEqual(await client.search({ keyword: '$label1' }), [1]);
  await client.messageFlagsAdd('2', ['\\Seen']);
  assert.deepEqual(await client.search({ seen: true }), [2]);
  const copied = await client.messageCopy('1:*', 'INBOX');
  assert.ok(copied && copied.uidMap?.size === 2);
  await client.mailboxCreate('INBOX.Archive');
  const moved = await client.messageMove('1', 'INBOX.Archive');
  assert.ok(moved && moved.uidMap?.get(1) === 1);
  assert.deepEqual(await client.status('INBOX.Archive', { messages: true }), {
    path: 'INBOX.Archive',
    messages: 1,
  });
  await client.messageDelete('1');
  assert.deepEqual(await client.status('INBOX.Work', { messages: true }), {
    path: 'INBOX.Work',
    messages: 0,
  });
});

test('the tree of mailboxes', async () => {
  await client.mailboxCreate('INBOX.Ünïcode.deep');
  const paths = (await client.list()).map(({ path }) => path);
  assert.ok(paths.includes('INBOX.Ünïcode.deep'), paths.join());
  await client.mailboxRename('INBOX.Ünïcode', 'INBOX.Plain');
  assert.ok((await client.list()).some(({ path }) => path === 'INBOX.Plain.deep'));
  await client.mailboxDelete('INBOX.Plain.deep');
  assert.ok(!(await client.list()).some(({ path }) => path === 'INBOX.Plain.deep'));
});

test('quota, special uses, ids, labels and Gmail searches', async () => {
  const capabilities = client.capabilities;
  for (const word of ['COMPRESS=DEFLATE', 'QUOTA', 'SPECIAL-USE', 'OBJECTID', 'X-GM-EXT-1', 'LIST-STATUS'])
    assert.ok(capabilities.has(word), word);
  const quota = await client.getQuota('INBOX');
  assert.ok(quota === false || quota.path === 'INBOX');
  const status = await client.list({ statusQuery: { messages: true, unseen: true } });
  assert.equal(typeof status.find(({ path }) => path === 'INBOX')?.status?.messages, 'number');
  await client.mailboxCreate('INBOX.Ids');
  await client.append('INBOX.Ids', plainMessage(31));
  await client.append('INBOX.Ids', plainMessage(32), ['\\Seen']);
  const opened = await client.mailboxOpen('INBOX.Ids');
  assert.match(opened.mailboxId ?? '', /^\S+$/);
  const message = await client.fetchOne('1', { threadId: true, labels: true, flags: true, size: true });
  assert.ok(message);
  assert.match(message.emailId ?? '', /^\S+$/);
  assert.match(message.threadId ?? '', /^\S+$/);
  assert.equal(message.size, plainMessage(31).length);
  assert.deepEqual(await client.search({ gmraw: 'subject:"relay 32"' }), [2]);
  assert.deepEqual(await client.search({ emailId: message.emailId! }), [1]);
  assert.deepEqual(await client.search({ or: [{ seen: true }, { subject: 'relay 31' }] }), [1, 2]);
  const { content } = await client.download('2');
  assert.ok(content);
  const pieces: Buffer[] = [];
  for await (const piece of content) pieces.push(piece as Buffer);
  assert.equal(Buffer.concat(pieces).toString('latin1'), plainMessage(32));
});
