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
  ownerPolicy,
  personalMailbox,
  provide,
  rightsFromLetters,
  type UserId,
} from '@angarium/sdk';
import { accountsOf, createTestKernel, memoryStore, testEnvelope } from '@angarium/testing';

const fred = 'fred' as UserId;

/** `anyone` and ids as the ACL says; owners and administrators as without a plugin. */
@injectable()
class FakePolicy implements AccessPolicy {
  rights(identity: Identity, mailbox: Parameters<AccessPolicy['rights']>[1]): number {
    const { acl } = mailbox;
    const own = rightsFromLetters(`${acl['anyone'] ?? ''}${acl[identity.user] ?? ''}`);
    return own | ownerPolicy.rights(identity, mailbox);
  }
  mayCreate = ownerPolicy.mayCreate;
  initialAcl = ownerPolicy.initialAcl;
}

const accounts = accountsOf((user) => (user === fred ? {} : undefined));
const acl = {
  name: 'test-acl',
  manifest: { provides: ['access-policy@1'] },
  definition: definePlugin({ provides: [provide(ACCESS_POLICY, FakePolicy)] }),
};

interface Options {
  readonly config?: Record<string, unknown>;
  readonly namespace?: Record<string, unknown>;
  readonly withAcl?: boolean;
}

async function setUp({ config = {}, namespace = {}, withAcl = true }: Options = {}) {
  const kernel = await createTestKernel({
    plugins: [
      accounts,
      memoryStore,
      ...(withAcl ? [acl] : []),
      { name: 'namespace', config: { altnamespace: false, unixhierarchysep: false, ...namespace } },
      'delivery',
      { name: 'subaddress', config },
    ],
  });
  const { catalogue } = kernel.get(MAIL_STORE);
  const create = (letters: string, ...path: string[]) =>
    catalogue.create(personalMailbox(fred, path), letters === '' ? {} : { acl: { anyone: letters } });
  await create('', ...[]);
  /** Where mail for this address goes: `INBOX`, `Lists/x`. */
  const folder = async (localPart: string, identity = anonymousIdentity) => {
    const recipient = await kernel
      .get(DELIVERY)
      .recipient(
        { address: `${localPart}@x.example`, localPart, domain: 'x.example', parameters: {} },
        { ...testEnvelope, identity },
      );
    assert.equal(recipient.outcome, undefined);
    const [target, ...more] = recipient.targets;
    assert.equal(more.length, 0);
    return { path: target!.mailbox.path.join('/') || 'INBOX', trace: recipient.trace };
  };
  return { kernel, create, folder, [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose]() };
}

test('the detail names a folder where the sender may post', async () => {
  await using it = await setUp();
  await it.create('p', 'plug');
  await it.create('lrs', 'private');
  await it.create('p', 'Lists');
  await it.create('p', 'Lists', 'x.y');
  const cases: readonly [string, string][] = [
    ['fred+plug', 'plug'],
    ['FRED+plug', 'plug'],
    ['fred+private', 'INBOX'],
    ['fred+absent', 'INBOX'],
    ['fred+Plug', 'INBOX'],
    ['fred+Lists.x^y', 'Lists/x.y'],
    ['fred+Lists..x', 'INBOX'],
    ['fred+', 'INBOX'],
    ['fred+a%b', 'INBOX'],
    ['fred', 'INBOX'],
    ['fred+user.fred.plug', 'INBOX'],
    ['"fred+plug"', 'plug'],
  ];
  for (const [address, path] of cases) assert.equal((await it.folder(address)).path, path, address);
  const { trace } = await it.folder('fred+private');
  assert.match(trace.at(-1)!.decision, /may not post/);
});

test('a sender who is known has his own rights', async () => {
  await using it = await setUp();
  await it.create('', 'plug');
  const identity: Identity = { ...anonymousIdentity, user: fred, isAnonymous: false };
  assert.equal((await it.folder('fred+plug')).path, 'INBOX');
  assert.equal((await it.folder('fred+plug', identity)).path, 'plug');
});

test('separators, case, blanks and parents as the operator wants', async () => {
  await using slashes = await setUp({ namespace: { altnamespace: true, unixhierarchysep: true } });
  await slashes.create('p', 'Lists', 'x');
  assert.equal((await slashes.folder('fred+Lists/x')).path, 'Lists/x');
  assert.equal((await slashes.folder('fred+Other Users/joe')).path, 'INBOX');
  await using chosen = await setUp({ config: { separators: '/-', match: 'nocase' } });
  await chosen.create('p', 'Lists', 'My List');
  assert.equal((await chosen.folder('fred+lists/my list')).path, 'Lists/My List');
  assert.equal((await chosen.folder('fred+LISTS-MY LIST')).path, 'Lists/My List');
  assert.equal((await chosen.folder('fred+lists/mylist')).path, 'INBOX');
  await using fuzzy = await setUp({ config: { match: 'fuzzy' } });
  await fuzzy.create('p', 'Lists');
  await fuzzy.create('p', 'Lists', 'My List');
  await fuzzy.create('p', 'Lists', 'mylist');
  assert.equal((await fuzzy.folder('fred+lists.MYLIST')).path, 'Lists/My List');
  assert.equal((await fuzzy.folder('fred+Lists.mylist')).path, 'Lists/mylist');
  assert.equal((await fuzzy.folder('fred+lists.other.deep')).path, 'Lists');
  assert.equal((await fuzzy.folder('fred+nothing')).path, 'INBOX');
});

test('without access rights everything goes to the INBOX, and the log says so; `always` files', async () => {
  await using none = await setUp({ withAcl: false });
  await none.create('p', 'plug');
  assert.equal((await none.folder('fred+plug')).path, 'INBOX');
  assert.ok(none.kernel.log.lines.some(({ level, text }) => level === 'warn' && /INBOX/.test(text)));
  await using always = await setUp({ withAcl: false, config: { post: 'always' } });
  await always.create('', 'plug');
  assert.equal((await always.folder('fred+plug')).path, 'plug');
  assert.ok(!always.kernel.log.lines.some(({ level }) => level === 'warn'));
});
