/** QRESYNC over the embedded store, which remembers a bounded number of expunges (RFC 7162 §3.2.6, minmodseq). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAIL_STORE, MANAGED_ACCOUNTS, NumberSet, personalMailbox, type UserId } from '@angarium/sdk';
import { createTestKernel, ImapTestClient, type TestKernel } from '@angarium/testing';

const fred = 'fred' as UserId;
const plugins = ['store-sqlite', 'accounts-local', 'authentication', 'namespace', 'imap'];

async function session(kernel: TestKernel): Promise<ImapTestClient> {
  const client = new ImapTestClient(kernel.connect('imap'));
  await client.login('fred', 'secret');
  await client.ok('ENABLE QRESYNC');
  return client;
}

test('a client that was away for more expunges than are remembered is told of all of them', async () => {
  await using kernel = await createTestKernel({ plugins });
  await kernel.get(MANAGED_ACCOUNTS).create(fred, { password: 'secret' });
  const client = await session(kernel);
  const store = kernel.get(MAIL_STORE);
  const entry = await store.catalogue.find(personalMailbox(fred));
  await using message = await store.stage([Buffer.from('Subject: x\r\n\r\nx\r\n')], { maxBytes: 1000 });
  const item = { message, flags: { system: 0, keywords: [] }, internalDateMs: 0 };
  await store.append([{ mailbox: entry!.id, items: Array.from({ length: 4500 }, () => item) }]);
  const mailbox = store.mailbox(entry!.id, fred);
  const { head } = await mailbox.snapshot();
  // Every second one, each by itself: more than the store keeps rows for.
  const gone = Array.from({ length: 2150 }, (_, i) => i * 2 + 1);
  await Promise.all(gone.map((uid) => mailbox.expunge(NumberSet.of(uid), { onlyDeleted: false })));
  assert.equal((await mailbox.vanishedSince(head.highestModSeq)).complete, false);
  const { untagged } = await client.ok(
    `SELECT INBOX (QRESYNC (${head.uidValidity} ${head.highestModSeq} 1:4300))`,
  );
  const vanished = untagged.filter((line) => line.startsWith('VANISHED (EARLIER) '));
  const told = vanished.flatMap((line) => line.slice('VANISHED (EARLIER) '.length).split(',').map(Number));
  assert.deepEqual(told, gone);
  assert.ok(vanished.length > 1 && vanished.every((line) => line.length < 20_000));
  // What it knows of is left out, however far back (RFC 7162 §3.2.5.2).
  const knows = `${head.uidValidity} ${head.highestModSeq} 1:4300 (1:1000 ${evens(1000)})`;
  const less = await client.ok(`SELECT INBOX (QRESYNC (${knows}))`);
  const first = less.untagged.find((line) => line.startsWith('VANISHED'));
  assert.match(first!, /^VANISHED \(EARLIER\) 2001,2003,/);
});

function evens(count: number): string {
  return Array.from({ length: count }, (_, i) => i * 2 + 2).join();
}
