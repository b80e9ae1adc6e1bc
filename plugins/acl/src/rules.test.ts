import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  anonymousIdentity,
  type Identity,
  type MailboxEntry,
  type MailboxId,
  type MailboxName,
  personalMailbox,
  Right,
  sharedMailbox,
  type UserId,
} from '@angarium/sdk';
import fc from 'fast-check';
import type { AclConfig } from './config.js';
import { printRights } from './letters.js';
import { AccessRules, type Acl } from './rules.js';

const config: AclConfig = {
  defaultacl: 'anyone lrs',
  implicit_owner_rights: 'lkxan',
  deleteright: 'c',
  allowsetacl: true,
  anyoneuseracl: true,
  crossdomains: false,
};
const rules = new AccessRules(config);

function who(user: string, more: Partial<Identity> = {}): Identity {
  return { user: user as UserId, groups: [], admin: 'none', isAnonymous: false, mechanism: 'PLAIN', ...more };
}

function box(name: MailboxName, acl: Acl = {}): MailboxEntry {
  return {
    id: 'id' as MailboxId,
    name,
    uidValidity: 1,
    partition: 'default',
    acl,
    quotaRoot: undefined,
    specialUse: [],
    sharedSeen: false,
    attributes: {},
    createdMs: 0,
  };
}

const held = (identity: Identity, entry: MailboxEntry) =>
  printRights(rules.rights(identity, entry), rules.old);
const joes = (...path: string[]) => personalMailbox('joe' as UserId, path);
const news = sharedMailbox(['news']);
const fred = who('fred', { groups: ['staff', 'news'] });

const cases: readonly (readonly [string, Identity, MailboxEntry, string])[] = [
  ['nobody is named', fred, box(news), ''],
  [
    'several entries add up',
    fred,
    box(news, { fred: 'l', anyone: 'r', 'group:staff': 's', 'group:x': 'w' }),
    'lrs',
  ],
  [
    'negative ones take from all of them',
    fred,
    box(news, { anyone: 'lrs', fred: 's', '-group:news': 's' }),
    'lr',
  ],
  ['negative ones of others do not', fred, box(news, { anyone: 'lrs', '-joe': 'l', '-group:x': 'r' }), 'lrs'],
  ['old letters of another program', fred, box(news, { fred: 'lrcd?' }), 'lrkxtecd'],
  ['what objects have anyway is no entry', who('constructor'), box(news), ''],
  ['a name like a negative entry', who('-joe'), box(news, { '-joe': 'lr' }), ''],
  ['a name like a group', who('group:x'), box(news, { 'group:x': 'lr' }), ''],
  ['a user called owner', who('owner'), box(news, { owner: 'lr' }), ''],
  ['owner is nobody where nobody owns', fred, box(news, { owner: 'lr' }), ''],
  ['owner is whoever owns it', who('joe'), box(joes('a'), { owner: 'lrs', '-owner': 's' }), 'lrkxcan'],
  ['owner is nobody else', fred, box(joes('a'), { owner: 'lrs' }), ''],
  ['an owner has his rights without an entry', who('joe'), box(joes('a')), 'lkxcan'],
  ['no negative right takes them', who('joe'), box(joes('a'), { joe: 'lrs', '-joe': 'lra' }), 'lskxcan'],
  [
    'an administrator sees and sets',
    who('admin', { admin: 'all' }),
    box(joes('a'), { '-admin': 'la' }),
    'la',
  ],
  ['and reads when he may', who('admin', { admin: 'all' }), box(joes('a'), { admin: 'r' }), 'lra'],
  ['everybody may send mail to an INBOX', fred, box(joes()), 'p'],
  ['and an MTA, whom nobody knows', anonymousIdentity, box(joes()), 'p'],
  ['of whatever domain', anonymousIdentity, box(personalMailbox('ann@example.org' as UserId)), 'p'],
  ['elsewhere it must be allowed', anonymousIdentity, box(joes('plug')), ''],
  ['by anyone', anonymousIdentity, box(joes('plug'), { anyone: 'p' }), 'p'],
  ['or by anonymous', anonymousIdentity, box(joes('plug'), { anonymous: 'p', joe: 'lr' }), 'p'],
  ['and may be denied', anonymousIdentity, box(joes('plug'), { anyone: 'p', '-anonymous': 'p' }), ''],
  ['anonymous is not anyone who logged in', fred, box(joes('plug'), { anonymous: 'p' }), ''],
  ['another domain', who('ann@example.org'), box(news, { anyone: 'lr', 'ann@example.org': 'lr' }), ''],
  [
    'its own domain',
    who('ann@example.org'),
    box(sharedMailbox(['n'], 'example.org'), { anyone: 'lr' }),
    'lr',
  ],
];

for (const [text, identity, entry, rights] of cases) {
  test(`rights: ${text}`, () => assert.equal(held(identity, entry), rights));
}

test('nothing but being an owner or administrator gives what no entry gives, and negative entries only take', () => {
  const identifiers = ['fred', 'joe', 'anyone', 'anonymous', 'group:staff', 'group:x', 'owner'];
  const letters = fc.string({ unit: fc.constantFrom(...'lrswipkxtean09'), maxLength: 6 });
  const acls = fc.dictionary(
    fc.constantFrom(...identifiers, ...identifiers.map((name) => `-${name}`)),
    letters,
  );
  fc.assert(
    fc.property(acls, fc.constantFrom(fred, who('joe'), anonymousIdentity), (acl, identity) => {
      const positive = Object.fromEntries(Object.entries(acl).filter(([name]) => !name.startsWith('-')));
      const given = new Set(Object.values(positive).join(''));
      const all = rules.held(identity, box(news, positive));
      const some = rules.held(identity, box(news, acl));
      assert.equal(some & ~all, 0);
      for (const letter of printRights(all, rules.old))
        if (!'cd'.includes(letter)) assert.ok(given.has(letter));
      const { identifiers: named } = rules.reach(identity)!;
      if (some & Right.lookup)
        assert.ok(
          named.some((name) => Object.hasOwn(acl, name)),
          'reach finds it',
        );
    }),
  );
});

test('who may create what', () => {
  const parent = box(joes('a'), { fred: 'lk', '-jane': 'k', 'group:staff': 'k' });
  assert.equal(rules.mayCreate(fred, joes('a', 'b'), parent), true);
  assert.equal(rules.mayCreate(who('jane', { groups: ['staff'] }), joes('a', 'b'), parent), false);
  assert.equal(rules.mayCreate(who('joe'), joes('a', 'b'), parent), true);
  assert.equal(rules.mayCreate(who('joe'), joes('a'), undefined), true, 'his own tree');
  assert.equal(rules.mayCreate(fred, joes('a'), undefined), false);
  assert.equal(rules.mayCreate(fred, news, undefined), false);
  assert.equal(rules.mayCreate(who('admin', { admin: 'all' }), news, undefined), true);
  const root = who('root@example.org', { admin: ['example.org'] });
  assert.equal(rules.mayCreate(root, sharedMailbox(['x'], 'example.org'), undefined), true);
  assert.equal(rules.mayCreate(root, news, undefined), false);
  assert.equal(rules.mayCreate(root, joes('a', 'b'), box(joes('a'), { anyone: 'lk' })), false);
});

test('ACLs of new mailboxes', () => {
  assert.deepEqual(rules.initialAcl(news, undefined), { anyone: 'lrs' });
  assert.deepEqual(rules.initialAcl(joes(), undefined), { joe: 'lrswipkxtean' });
  assert.deepEqual(rules.initialAcl(joes('a', 'b'), box(joes('a'), { fred: 'l' })), { fred: 'l' });
  const ann = personalMailbox('ann@example.org' as UserId);
  assert.deepEqual(rules.initialAcl(ann, undefined), { 'ann@example.org': 'lrswipkxtean' });
});
