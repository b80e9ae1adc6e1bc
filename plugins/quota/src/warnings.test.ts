import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mailboxKey, personalMailbox, type UserId } from '@angarium/sdk';
import type { ImapTestClient } from '@angarium/testing';
import { letter, QuotaServer } from './server.test.support.js';

const root = mailboxKey(personalMailbox('fred' as UserId));

async function subjects(client: ImapTestClient): Promise<string[]> {
  await client.ok('SELECT INBOX');
  const { untagged } = await client.ok('UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])');
  return untagged.map((text) => /Subject: (.*)\r\n/.exec(text)?.[1]).filter((text) => text !== undefined);
}

test('a user is told by mail once, even where nothing fits any more, and again after there was room', async () => {
  await using server = await QuotaServer.start({ warnByMail: true, quotawarnpercent: 80 });
  const client = await server.imap('fred');
  for (const size of [1000, 1000, 1000]) await client.append('INBOX', letter(size));
  await server.ledger.setLimits(root, { bytes: 3500, mailboxes: 1 });
  await server.job('quota-warnings');
  assert.deepEqual(await subjects(client), ['hello', 'hello', 'hello', 'Your mailbox is 85% full']);
  await server.job('quota-warnings');
  assert.equal((await subjects(client)).length, 4, 'once');
  await server.ledger.setLimits(root, { bytes: 4700 });
  await server.job('quota-warnings');
  await server.ledger.setLimits(root, { bytes: 4400 });
  await server.job('quota-warnings');
  assert.equal((await subjects(client)).length, 4, 'a little below the threshold it is not armed again');
  await server.ledger.setLimits(root, { bytes: 100_000 });
  await server.job('quota-warnings');
  await server.ledger.setLimits(root, { bytes: 2000 });
  await server.job('quota-warnings');
  assert.deepEqual((await subjects(client)).slice(4), ['Your mailbox is full']);
  const { untagged } = await client.ok('UID FETCH 4 (BODY.PEEK[])');
  assert.match(untagged[0]!, /\r\nAuto-Submitted: auto-generated\r\n/);
  assert.match(untagged[0]!, /Your mailboxes hold 2 of 3 KiB\./);
  const wilma = await server.imap('wilma');
  assert.deepEqual(await subjects(wilma), []);
});

test('without warnByMail there is no job', async () => {
  await using server = await QuotaServer.start();
  await assert.rejects(server.job('quota-warnings'));
});
