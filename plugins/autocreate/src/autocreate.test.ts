import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ACCESS_POLICY,
  type AccessPolicy,
  anonymousIdentity,
  DELIVERY,
  definePlugin,
  type Identity,
  INBOX_PROVISION,
  injectable,
  MAIL_STORE,
  type MailboxEntry,
  MailError,
  mailboxKey,
  ownerPolicy,
  PROVISION_STEPS,
  personalMailbox,
  provide,
  QUOTA_LEDGER,
  type QuotaLedger,
  type QuotaLimits,
  sharedMailbox,
  type UserId,
} from '@angarium/sdk';
import { accountsOf, createTestKernel, HookProbe, memoryStore } from '@angarium/testing';

const fred = 'fred' as UserId;

const accounts = accountsOf(
  (user) => (user === 'nobody' ? undefined : { groups: user === 'wilma' ? ['staff'] : [] }),
  (text) => text as UserId,
);

/** The owner's rights on a new INBOX, and below it the parent's, as an ACL plugin does it. */
@injectable()
class FakePolicy implements AccessPolicy {
  rights = ownerPolicy.rights;
  mayCreate = ownerPolicy.mayCreate;
  initialAcl(identity: Identity, _: unknown, parent: MailboxEntry | undefined) {
    return parent?.acl ?? { [identity.user]: 'lrswipkxtecdan' };
  }
}

@injectable()
class FakeQuota implements QuotaLedger {
  readonly all = new Map<string, QuotaLimits | undefined>();
  async rootsOf() {
    return [];
  }
  async limits(root: string) {
    return this.all.get(root);
  }
  async setLimits(root: string, limits: QuotaLimits | undefined) {
    this.all.set(root, limits);
  }
  async usage() {
    return { bytes: 0, messages: 0, mailboxes: 0 };
  }
  async hasRoom() {
    return true;
  }
}

const probe = new HookProbe();

const fakes = {
  name: 'test-fakes',
  manifest: { provides: ['access-policy@1', 'quota-ledger@1'] },
  definition: definePlugin({
    provides: [provide(ACCESS_POLICY, FakePolicy), provide(QUOTA_LEDGER, FakeQuota)],
  }),
};

const origin = { identity: anonymousIdentity, via: 'test' };

async function setUp(config: Record<string, unknown> = {}) {
  const kernel = await createTestKernel({
    plugins: [
      accounts,
      fakes,
      probe,
      memoryStore,
      { name: 'delivery', config: { autocreateInbox: false } },
      { name: 'autocreate', config },
    ],
  });
  const { catalogue } = kernel.get(MAIL_STORE);
  const names = async (user: string) =>
    (await catalogue.list({ owner: user as UserId })).map(({ name }) => name.path.join('/') || 'INBOX');
  const subscribed = async (user: string) =>
    (await catalogue.subscriptions(user as UserId)).map(({ owner, path }) =>
      owner === undefined ? `shared/${path.join('/')}` : path.join('/') || 'INBOX',
    );
  const login = (user: string, admin: Identity['admin'] = 'none', isTrial = false) => {
    const identity: Identity = { ...anonymousIdentity, user: user as UserId, admin, isAnonymous: false };
    const attempt = {
      service: 'imap',
      mechanism: 'PLAIN',
      remoteAddress: '',
      session: 's',
      isSecured: true,
      user,
      isTrial,
    };
    return probe.hooks.hook('auth.authorising').call(attempt, identity);
  };
  const recipient = (localPart: string) =>
    kernel.get(DELIVERY).recipient(
      { address: localPart, localPart, domain: undefined, parameters: {} },
      {
        sender: '',
        identity: anonymousIdentity,
        via: 'lmtp',
        session: 's',
        remoteAddress: 'unix',
        isUtf8: false,
        parameters: {},
      },
    );
  return {
    kernel,
    catalogue,
    names,
    subscribed,
    login,
    recipient,
    provision: kernel.get(INBOX_PROVISION).items[0]!,
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}

const full = {
  quotaKiB: 100,
  quotaMessages: 7,
  folders: [
    { name: 'Sent', specialUse: '\\Sent' },
    'Lists/x',
    { name: 'Drop', acl: { anyone: 'p' }, subscribe: false },
  ],
  subscribeShared: ['news', 'absent/one'],
};

test('a first login makes everything, subscribed, limited, with rights', async () => {
  await using it = await setUp(full);
  await it.catalogue.create(sharedMailbox(['news']));
  await it.login('fred');
  assert.deepEqual(await it.names('fred'), ['INBOX', 'Drop', 'Lists', 'Lists/x', 'Sent']);
  assert.deepEqual((await it.subscribed('fred')).sort(), ['INBOX', 'Lists/x', 'Sent', 'shared/news']);
  const find = async (...path: string[]) => (await it.catalogue.find(personalMailbox(fred, path)))!;
  assert.deepEqual((await find('Sent')).specialUse, ['\\Sent']);
  assert.deepEqual((await find('Drop')).acl, { fred: 'lrswipkxtecdan', anyone: 'p' });
  assert.deepEqual((await find('Lists', 'x')).acl, { fred: 'lrswipkxtecdan' });
  const root = mailboxKey(personalMailbox(fred));
  for (const path of [[], ['Lists', 'x']]) assert.equal((await find(...path)).quotaRoot, root);
  assert.deepEqual(await it.kernel.get(QUOTA_LEDGER).limits(root), { bytes: 102_400, messages: 7 });
});

test('a first mail makes it when the message comes, not at RCPT', async () => {
  await using it = await setUp(full);
  const recipient = await it.recipient('fred');
  assert.deepEqual(recipient.outcome, undefined);
  assert.deepEqual(await it.names('fred'), []);
  await using message = await it.kernel
    .get(MAIL_STORE)
    .stage([Buffer.from('Subject: x\r\n\r\n')], { maxBytes: 1000 });
  const envelope = { ...origin, sender: '', session: 's', remoteAddress: '', isUtf8: false, parameters: {} };
  await it.kernel.get(DELIVERY).deliver(message, envelope, [recipient]);
  assert.deepEqual(recipient.outcome, { is: 'delivered' });
  assert.equal((await it.names('fred')).length, 5);
});

test('`auth test` makes nothing', async () => {
  await using it = await setUp(full);
  await it.login('fred', 'none', true);
  assert.deepEqual(await it.names('fred'), []);
});

test('each occasion can be off; who has an INBOX keeps what he has', async () => {
  await using off = await setUp({ ...full, login: false, post: false });
  await off.login('fred');
  assert.deepEqual(await off.names('fred'), []);
  assert.equal((await off.recipient('fred')).outcome?.is, 'refused');
  await using it = await setUp(full);
  await it.catalogue.create(personalMailbox(fred));
  await it.login('fred');
  assert.deepEqual(await it.names('fred'), ['INBOX']);
});

test('who gets one', async () => {
  await using anyone = await setUp();
  await anyone.login('boss', 'all');
  await anyone.login('nobody');
  assert.deepEqual([await anyone.names('boss'), await anyone.names('nobody')], [[], []]);
  await using some = await setUp({ users: ['group:staff', '@a.example', 'boss'] });
  const users = ['fred', 'wilma', 'joe@a.example', 'joe@b.example'];
  for (const user of users) await some.login(user);
  await some.login('boss', 'all');
  const has = await Promise.all([...users, 'boss'].map(async (user) => (await some.names(user)).length));
  assert.deepEqual(has, [0, 1, 1, 0, 1]);
});

test('any number of logins and mails at once make one of everything', async () => {
  await using it = await setUp(full);
  const entries = await Promise.all(
    Array.from({ length: 10 }, async (_, i) => {
      await (i % 2 === 0 ? it.login('fred') : undefined);
      return it.provision.ensure(fred, 'delivery', origin);
    }),
  );
  assert.equal(new Set(entries.map((entry) => entry?.id)).size, 1);
  assert.equal((await it.names('fred')).length, 5);
});

test('another worker is at it as well', async () => {
  await using it = await setUp(full);
  const find = it.catalogue.find.bind(it.catalogue);
  const seen = new Set<string>();
  // Between the look and the making, the other makes it.
  it.catalogue.find = async (name) => {
    const found = await find(name);
    const key = mailboxKey(name);
    if (found === undefined && name.owner === 'fred' && !seen.has(key)) {
      seen.add(key);
      if (name.path.length > 0) await it.catalogue.create(name);
    }
    return found;
  };
  const entry = await it.provision.ensure(fred, 'delivery', origin);
  assert.equal(entry?.name.path.length, 0);
  assert.equal((await it.names('fred')).length, 5);
});

test('what breaks in the middle is made good by the next', async () => {
  await using it = await setUp(full);
  const create = it.catalogue.create.bind(it.catalogue);
  it.catalogue.create = (name, ...rest) =>
    name.path[0] === 'Drop' ? Promise.reject(new MailError('UNAVAILABLE', 'disk')) : create(name, ...rest);
  await it.login('fred');
  assert.ok(!(await it.names('fred')).includes('INBOX'), 'no INBOX before all is there');
  it.catalogue.create = create;
  await it.login('fred');
  assert.equal((await it.names('fred')).length, 5);
});

test('other plugins have their steps, before the INBOX', async () => {
  await using it = await setUp();
  const calls: string[] = [];
  const step = (name: string, order: number) => ({
    name,
    order,
    run: async (user: UserId, occasion: string) => {
      calls.push(`${name} ${user} ${occasion} ${(await it.names(user)).length}`);
    },
  });
  it.kernel.get(PROVISION_STEPS).add(step('late', 2), step('early', 1));
  await it.login('fred');
  await it.login('fred');
  assert.deepEqual(calls, ['early fred login 0', 'late fred login 0']);
});
