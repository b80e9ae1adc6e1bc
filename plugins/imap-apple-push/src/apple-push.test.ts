import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  definePlugin,
  MAIL_STORE,
  MANAGED_ACCOUNTS,
  noFlags,
  PUSH_SENDER,
  type PushNotice,
  type PushOutcome,
  type PushSender,
  personalMailbox,
  provide,
  type UserId,
} from '@angarium/sdk';
import {
  createTestKernel,
  ImapTestClient,
  ManualClock,
  memoryStore,
  type TestKernel,
  type TestPlugin,
} from '@angarium/testing';

const joe = 'joe' as UserId;

/** A push service that notes what it is given. */
class FakeService {
  readonly sent: PushNotice[] = [];
  outcome: PushOutcome = 'sent';
  topicName: string | undefined = 'com.apple.mail.XServer.test';

  plugin(): TestPlugin {
    const service = this;
    class Sender implements PushSender {
      topic(): string | undefined {
        return service.topicName;
      }

      async send(notices: readonly PushNotice[]): Promise<readonly PushOutcome[]> {
        service.sent.push(...notices);
        return notices.map(() => service.outcome);
      }
    }
    return {
      name: 'fake-push',
      manifest: { provides: ['push-sender@1'] },
      definition: definePlugin({ provides: [provide(PUSH_SENDER, Sender)] }),
    };
  }
}

async function start(clock: ManualClock, ...more: TestPlugin[]): Promise<TestKernel> {
  const kernel = await createTestKernel({
    clock,
    plugins: [
      memoryStore,
      'accounts-local',
      'authentication',
      'namespace',
      { name: 'imap', config: { listen: [] } },
      ...more,
      'imap-apple-push',
    ],
  });
  await kernel.get(MANAGED_ACCOUNTS).create(joe, { password: 'secret' });
  return kernel;
}

async function login(kernel: TestKernel): Promise<ImapTestClient> {
  const client = new ImapTestClient(kernel.connect('imap'));
  await client.login('joe', 'secret');
  return client;
}

/** As LMTP would. */
async function deliver(kernel: TestKernel, path: readonly string[] = []): Promise<void> {
  const store = kernel.get(MAIL_STORE);
  const entry = await store.catalogue.find(personalMailbox(joe, path));
  await using message = await store.stage([Buffer.from('Subject: x\r\n\r\nx')], { maxBytes: 1000 });
  const items = [{ message, flags: noFlags, internalDateMs: 0 }];
  await store.append([{ mailbox: entry!.id, items }]);
}

const registration = (token: string, more = ''): string =>
  `XAPPLEPUSHSERVICE aps-version 2 aps-account-id ACCOUNT aps-device-token ${token} aps-subtopic com.apple.mobilemail${more}`;

test('a device registers, and is told of what is delivered', async () => {
  const service = new FakeService();
  await using kernel = await start(new ManualClock(), service.plugin());
  const client = await login(kernel);
  await client.ok('CREATE INBOX.Notes');
  assert.match((await client.ok('CAPABILITY')).untagged[0]!, / XAPPLEPUSHSERVICE/);
  const { untagged } = await client.ok(registration('ABCD12', ' mailboxes (INBOX INBOX.Notes INBOX.none)'));
  assert.deepEqual(untagged, ['XAPPLEPUSHSERVICE aps-version "2" aps-topic "com.apple.mail.XServer.test"']);
  await client.ok(registration('ee'));
  await deliver(kernel);
  await deliver(kernel, ['Notes']);
  const accountId = 'ACCOUNT';
  const notes = createHash('md5').update('INBOX.Notes').digest('hex');
  assert.deepEqual(service.sent, [
    { accountId, deviceToken: 'abcd12', mailboxes: [] },
    { accountId, deviceToken: 'ee', mailboxes: [] },
    { accountId, deviceToken: 'abcd12', mailboxes: [notes] },
  ]);
  // What the client does itself it knows of.
  await client.append('INBOX', 'Subject: own\r\n\r\nx');
  assert.equal(service.sent.length, 3);
});

test('a device that is gone is forgotten, so is one that does not come again, and the oldest of many', async () => {
  const service = new FakeService();
  const clock = new ManualClock();
  await using kernel = await start(clock, service.plugin());
  const client = await login(kernel);
  await client.ok(registration('aa'));
  service.outcome = 'gone';
  await deliver(kernel);
  await deliver(kernel);
  assert.equal(service.sent.length, 1);
  service.outcome = 'failed';
  for (let i = 0; i < 34; i++) {
    await clock.advance(1);
    await client.ok(registration(`${1000 + i}`));
  }
  service.sent.length = 0;
  await deliver(kernel);
  assert.equal(service.sent.length, 32);
  assert.ok(service.sent.every(({ deviceToken }) => Number(deviceToken) >= 1002));
  await clock.advance(32 * 86_400_000);
  service.sent.length = 0;
  await deliver(kernel);
  assert.equal(service.sent.length, 0);
});

test('registrations that are wrong', async () => {
  const service = new FakeService();
  await using kernel = await start(new ManualClock(), service.plugin());
  const client = await login(kernel);
  for (const wrong of [
    'XAPPLEPUSHSERVICE',
    registration('xyz'),
    registration('aa', ' mailboxes ()'),
    registration('aa', ' x'),
    registration('a'.repeat(300)),
  ])
    assert.equal((await client.command(wrong)).status, 'BAD', wrong);
  assert.match((await client.command(registration('aa').replace('mobilemail', 'other'))).text, /^\[CANNOT\]/);
  service.topicName = undefined;
  assert.match((await client.command(registration('aa'))).text, /^\[UNAVAILABLE\]/);
  assert.doesNotMatch((await client.ok('CAPABILITY')).untagged[0]!, /XAPPLE/);
});

test('without a way to the service nothing is there', async () => {
  await using kernel = await start(new ManualClock());
  const client = await login(kernel);
  assert.doesNotMatch((await client.ok('CAPABILITY')).untagged[0]!, /XAPPLE/);
  assert.match((await client.command(registration('aa'))).text, /Unknown command/);
});
