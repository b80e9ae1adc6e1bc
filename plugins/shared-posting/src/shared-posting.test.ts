import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ACCESS_POLICY,
  type AccessPolicy,
  anonymousIdentity,
  DELIVERY,
  definePlugin,
  type Identity,
  injectable,
  MAIL_STORE,
  MailError,
  ownerPolicy,
  provide,
  rightsFromLetters,
  sharedMailbox,
  type UserId,
} from '@angarium/sdk';
import { accountsOf, createTestKernel, memoryStore, testEnvelope } from '@angarium/testing';

@injectable()
class FakePolicy implements AccessPolicy {
  rights(identity: Identity, { acl }: Parameters<AccessPolicy['rights']>[1]): number {
    return rightsFromLetters(`${acl['anyone'] ?? ''}${acl[identity.user] ?? ''}`);
  }
  mayCreate = ownerPolicy.mayCreate;
  initialAcl = ownerPolicy.initialAcl;
}

const accounts = accountsOf(
  (user) => (user === 'bb' || user === 'fred' ? {} : undefined),
  (text) => {
    if (text.endsWith('@bad')) throw new MailError('CANNOT', 'no name');
    return text.toLowerCase().replace(/@default\.example$/, '') as UserId;
  },
);
const policy = {
  name: 'test-policy',
  manifest: { provides: ['access-policy@1'] },
  definition: definePlugin({ provides: [provide(ACCESS_POLICY, FakePolicy)] }),
};

async function setUp(config: Record<string, unknown> = {}, domains?: Record<string, unknown>) {
  const kernel = await createTestKernel({
    plugins: [
      accounts,
      policy,
      memoryStore,
      { name: 'namespace', config: { altnamespace: false, unixhierarchysep: false } },
      ...(domains === undefined ? [] : [{ name: 'virtual-hosting', config: domains }]),
      'delivery',
      { name: 'shared-posting', config },
    ],
  });
  const store = kernel.get(MAIL_STORE);
  const create = (rights: string, path: readonly string[], domain?: string) =>
    store.catalogue.create(sharedMailbox(path, domain), { acl: { anyone: rights } });
  const recipient = (address: string, identity = anonymousIdentity) => {
    const at = address.lastIndexOf('@');
    const localPart = at < 0 ? address : address.slice(0, at);
    return kernel
      .get(DELIVERY)
      .recipient(
        { address, localPart, domain: at < 0 ? undefined : address.slice(at + 1), parameters: {} },
        { ...testEnvelope, identity },
      );
  };
  /** `shared/x`, `user fred`, or the status of the refusal. */
  const place = async (address: string, identity = anonymousIdentity) => {
    const { user, targets, outcome } = await recipient(address, identity);
    if (outcome?.is === 'refused') return outcome.error.enhancedStatus;
    if (user !== undefined) return `user ${user}`;
    const { domain, path } = targets[0]!.mailbox;
    return [...path, ...(domain === undefined ? [] : [`@${domain}`])].join('/');
  };
  return {
    kernel,
    store,
    create,
    recipient,
    place,
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}

test('postuser and mailbox name a shared mailbox, where the sender may post', async () => {
  await using it = await setUp();
  await it.create('lrsp', ['shared']);
  await it.create('p', ['shared', 'announcements']);
  await it.create('lrs', ['readable']);
  await it.create('', ['hidden']);
  const cases: readonly [string, string | undefined][] = [
    ['bb+shared', 'shared'],
    ['bb+shared.announcements@x.example', 'shared/announcements'],
    ['BB+shared.announcements', 'shared/announcements'],
    ['"bb+shared"@x.example', 'shared'],
    ['bb+readable', '5.7.1'],
    ['bb+hidden', '5.1.1'],
    ['bb+absent', '5.1.1'],
    ['bb+Shared', '5.1.1'],
    ['bb+', '5.1.1'],
    ['bb+user.fred', '5.1.1'],
    ['bb+INBOX', '5.1.1'],
    ['bb', 'user bb'],
    ['bbb+shared', '5.1.1'],
    ['fred+shared', 'user fred'],
  ];
  for (const [address, expected] of cases) assert.equal(await it.place(address), expected, address);
  const known: Identity = { ...anonymousIdentity, user: 'fred' as UserId, isAnonymous: false };
  await it.store.catalogue.create(sharedMailbox(['staff']), { acl: { fred: 'p' } });
  assert.equal(await it.place('bb+staff', known), 'staff');
  assert.equal(await it.place('bb+staff'), '5.1.1');
});

test('what is delivered there is there, and nowhere else', async () => {
  await using it = await setUp();
  const { id } = await it.create('p', ['news']);
  const recipient = await it.recipient('bb+news');
  await using message = await it.store.stage([Buffer.from('Subject: x\r\n\r\nHi\r\n')], { maxBytes: 1000 });
  const envelope = { ...(await sampleEnvelope()) };
  await it.kernel.get(DELIVERY).deliver(message, envelope, [recipient]);
  assert.equal(recipient.outcome?.is, 'delivered');
  assert.equal((await it.store.mailbox(id).snapshot()).count, 1);
  assert.equal((await it.store.catalogue.list({})).length, 1);
  await it.store.catalogue.delete(sharedMailbox(['news']));
  const late = await it.recipient('bb+news');
  assert.ok(late.outcome?.is === 'refused' && !late.outcome.error.temporary);
});

async function sampleEnvelope() {
  return {
    sender: '',
    identity: anonymousIdentity,
    via: 'lmtp',
    session: 's',
    remoteAddress: 'unix',
    isUtf8: false,
    parameters: {},
  };
}

test('an empty postuser, other separators, nearest mailboxes', async () => {
  await using it = await setUp({ postuser: '', detailSeparator: '+-', separators: '/', match: 'fuzzy' });
  await it.create('p', ['Team Talk']);
  await it.create('p', ['Team Talk', 'x']);
  assert.equal(await it.place('+teamtalk/x'), 'Team Talk/x');
  assert.equal(await it.place('-TEAMTALK/y'), 'Team Talk');
  assert.equal(await it.place('bb+teamtalk'), 'user bb');
});

test('each domain has its own shared mailboxes; where domains do not count they are one', async () => {
  await using separate = await setUp({}, { virtdomains: 'userid' });
  await separate.create('p', ['news'], 'a.example');
  await separate.create('p', ['news']);
  await separate.create('p', ['only']);
  assert.equal(await separate.place('bb+news@A.example'), 'news/@a.example');
  assert.equal(await separate.place('bb+news@default.example'), 'news');
  assert.equal(await separate.place('bb+only@a.example'), '5.1.1');
  assert.equal(await separate.place('bb+news@bad'), '5.1.1');
  await using off = await setUp();
  await off.create('p', ['news']);
  assert.equal(await off.place('bb+news@any.example'), 'news');
});

test('always: without a look at rights', async () => {
  await using it = await setUp({ post: 'always' });
  await it.create('', ['hidden']);
  assert.equal(await it.place('bb+hidden'), 'hidden');
});
