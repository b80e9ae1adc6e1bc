/** Clients that go away or do not read while there is something to tell. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { personalMailbox, type UserId } from '@angarium/sdk';
import { imapServer } from '@angarium/testing';

const fred = 'fred' as UserId;

test('a client that goes away while it watches leaves nothing behind', async () => {
  await using server = await imapServer(['imap-notify']);
  const clients = await Promise.all(Array.from({ length: 5 }, () => server.loggedIn()));
  for (const client of clients) {
    await client.ok('SELECT INBOX');
    await client.ok(
      'NOTIFY SET (selected (MessageNew (UID) MessageExpunge)) (personal (MessageNew MessageExpunge MailboxName))',
    );
  }
  for (const client of clients.slice(1)) client.destroy();
  const { catalogue } = server.store;
  for (let i = 0; i < 20; i++) await catalogue.create(personalMailbox(fred, [`m${i}`]));
  const [first] = clients;
  const { untagged } = await first!.ok('NOOP');
  assert.ok(
    untagged.some((line) => line.endsWith('INBOX.m19')),
    untagged.join('\n'),
  );
  assert.deepEqual(server.faults, []);
});

test('the selected mailbox is deleted by somebody else while the session waits', async () => {
  await using server = await imapServer(['imap-notify']);
  const client = await server.loggedIn();
  await client.ok('CREATE INBOX.gone');
  await client.ok('SELECT INBOX.gone');
  await client.ok('NOTIFY SET (selected (MessageNew MessageExpunge FlagChange))');
  const other = await server.loggedIn();
  await other.append('INBOX.gone', 'Subject: x\r\n\r\nHello\r\n');
  assert.equal(await client.response(), '* 1 EXISTS');
  assert.equal(await client.response(), '* 1 RECENT');
  await other.ok('DELETE INBOX.gone');
  client.start('NOOP');
  assert.match(await client.response(), /^\* BYE /);
  assert.deepEqual(server.faults, []);
});
