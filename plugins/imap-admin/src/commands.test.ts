import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  definePlugin,
  MAIL_STORE,
  MANAGED_ACCOUNTS,
  type MailboxId,
  type MailboxRepair,
  personalMailbox,
  provide,
  STORE_REPAIR,
  type StoreRepair,
  type UserId,
} from '@angarium/sdk';
import { createTestKernel, ImapTestClient, memoryStore, type TestPlugin } from '@angarium/testing';

const reconstructed: MailboxId[] = [];

class Repair implements StoreRepair {
  async reconstruct(id: MailboxId): Promise<MailboxRepair> {
    reconstructed.push(id);
    return { messages: 1, faults: reconstructed.length === 1 ? ['message 7 has no body\r\n'] : [] };
  }
  async recountUsage() {
    return [];
  }
}

const repair: TestPlugin = {
  name: 'test-repair',
  manifest: { provides: ['store-repair@1'] },
  definition: definePlugin({ provides: [provide(STORE_REPAIR, Repair)] }),
};

async function setUp(...more: TestPlugin[]) {
  const kernel = await createTestKernel({
    plugins: [
      memoryStore,
      ...more,
      'accounts-local',
      { name: 'authentication', config: { admins: ['cyrus', 'boss@example.org'] } },
      'namespace',
      'imap-admin',
      { name: 'imap', config: { listen: [] } },
    ],
  });
  const users = ['cyrus', 'fred', 'boss@example.org'] as UserId[];
  for (const user of users) await kernel.get(MANAGED_ACCOUNTS).create(user, { password: 'secret' });
  const { catalogue } = kernel.get(MAIL_STORE);
  for (const path of [[], ['a'], ['a', 'b']]) await catalogue.create(personalMailbox(users[1]!, path));
  const imap = async (user: string) => {
    const client = new ImapTestClient(kernel.connect('imap'));
    await client.login(user, 'secret');
    return client;
  };
  return { kernel, imap, [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose]() };
}

test('RECONSTRUCT is for administrators; RECURSIVE takes what is below; faults are told', async () => {
  await using server = await setUp(repair);
  const admin = await server.imap('cyrus');
  const { untagged } = await admin.ok('RECONSTRUCT user.fred');
  assert.deepEqual(untagged, ['OK user.fred: message 7 has no body??']);
  await admin.ok('RECONSTRUCT user.fred.a RECURSIVE');
  assert.equal(new Set(reconstructed).size, 3);
  assert.match((await admin.command('RECONSTRUCT user.nobody')).text, /^\[NONEXISTENT\]/);
  assert.equal((await admin.command('RECONSTRUCT user.fred ALL')).status, 'BAD');
  for (const user of ['fred', 'boss@example.org']) {
    const client = await server.imap(user);
    const name = user === 'fred' ? 'INBOX' : 'user.fred@';
    assert.match((await client.command(`RECONSTRUCT ${name}`)).text, /^\[NOPERM\]/);
  }
  assert.equal(reconstructed.length, 3, 'nothing more was touched');
});

test('a store that repairs nothing has no RECONSTRUCT; XFER says that it cannot be', async () => {
  await using server = await setUp();
  const admin = await server.imap('cyrus');
  assert.equal((await admin.command('RECONSTRUCT user.fred')).status, 'BAD');
  const { status, text } = await admin.command('XFER user.fred other.example default');
  assert.equal(`${status} ${text}`, 'NO [CANNOT] Operation is not supported on mailbox');
  assert.match((await admin.command('XFER user.nobody other.example')).text, /^\[NONEXISTENT\]/);
  const fred = await server.imap('fred');
  assert.match((await fred.command('XFER INBOX other.example')).text, /^\[NOPERM\]/);
});
