/** imapflow comes back to a mailbox with QRESYNC, and with IMAP4rev2 where the server offers it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ImapFlow } from 'imapflow';
import { plainMessage } from '../support/mail.js';
import { TestServer } from '../support/server.js';

let server: TestServer;

before(async () => {
  server = await TestServer.start({ users: { fred: 'secret' } });
});
after(() => server[Symbol.asyncDispose]());

interface Expunged {
  readonly uid?: number;
  readonly vanished: boolean;
  readonly earlier?: boolean;
}

async function connected(): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: server.port('imap', 1),
    secure: true,
    tls: { rejectUnauthorized: false },
    auth: { user: 'fred', pass: 'secret' },
    logger: false,
    qresync: true,
  } as ConstructorParameters<typeof ImapFlow>[0]);
  await client.connect();
  return client;
}

test('what was deleted and flagged meanwhile is told on opening', async () => {
  const worker = await connected();
  for (let i = 1; i <= 6; i++) await worker.append('INBOX', plainMessage(i));
  // Its fields go on changing.
  const { highestModseq, uidValidity } = await worker.mailboxOpen('INBOX');
  const client = await connected();
  const expunged: Expunged[] = [];
  const flagged: number[] = [];
  client.on('expunge', (event) => expunged.push(event as Expunged));
  client.on('flags', (event) => flagged.push(event.uid ?? 0));
  await worker.messageDelete('2,5', { uid: true });
  await worker.messageFlagsAdd('3', ['\\Flagged'], { uid: true });
  const known = { changedSince: highestModseq, uidValidity };
  const box = await client.mailboxOpen('INBOX', known as never);
  assert.equal(box.exists, 4);
  assert.deepEqual(
    expunged.map(({ uid, vanished, earlier }) => [uid, vanished, earlier]),
    [
      [2, true, true],
      [5, true, true],
    ],
  );
  assert.deepEqual(flagged, [3]);
  const heard = new Promise<Expunged>((resolve) => {
    client.once('expunge', (event) => resolve(event as Expunged));
  });
  const idling = client.idle();
  await worker.messageDelete('6', { uid: true });
  const { uid, vanished } = await heard;
  assert.deepEqual([uid, vanished], [6, true]);
  void idling;
  const changes = [];
  for await (const message of client.fetch(
    '1:*',
    { flags: true },
    { uid: true, changedSince: highestModseq! },
  ))
    changes.push(message.uid);
  assert.deepEqual(changes, [3]);
  await client.logout();
  await worker.logout();
});
