/** Why somebody may or may not, in plain words. */
import {
  administers,
  type Identity,
  type MailboxEntry,
  ownerOf,
  Right,
  type Rights,
  splitUserId,
} from '@angarium/sdk';
import { printRights } from './letters.js';
import { type AccessRules, ADMIN_RIGHTS, ANONYMOUS, ANYONE, OWNER } from './rules.js';

/** What each right is for, in the order in which rights are printed. */
const deeds: readonly (readonly [Rights, string, string])[] = [
  [Right.lookup, 'l', 'see that it is there'],
  [Right.read, 'r', 'open it and read'],
  [Right.seen, 's', 'keep what is read and what is new'],
  [Right.write, 'w', 'set flags and keywords'],
  [Right.insert, 'i', 'put messages in'],
  [Right.post, 'p', 'send mail to it'],
  [Right.create, 'k', 'create mailboxes below it'],
  [Right.delete, 'x', 'delete or rename it'],
  [Right.deleteMessages, 't', 'mark messages as deleted'],
  [Right.expunge, 'e', 'expunge what is marked'],
  [Right.admin, 'a', 'change its access control list'],
  [Right.annotate, 'n', 'annotate messages'],
];

export interface Explanation {
  readonly user: string;
  readonly mailbox: string;
  readonly rights: string;
  /** Where the rights come from and what takes some, one sentence each. */
  readonly reasons: readonly string[];
  readonly may: readonly string[];
  readonly mayNot: readonly string[];
}

export function explain(
  rules: AccessRules,
  identity: Identity,
  entry: MailboxEntry,
  mailbox: string,
): Explanation {
  const rights = rules.rights(identity, entry);
  const may = deeds.filter(([bit]) => rights & bit);
  const mayNot = deeds.filter(([bit]) => !(rights & bit));
  const text = ([, letter, deed]: (typeof deeds)[number]) => `${deed} (${letter})`;
  return {
    user: identity.user,
    mailbox,
    rights: printRights(rights, rules.old),
    reasons: reasonsOf(rules, identity, entry),
    may: may.map(text),
    mayNot: mayNot.map(text),
  };
}

function reasonsOf(rules: AccessRules, identity: Identity, entry: MailboxEntry): string[] {
  const { user } = identity;
  const { domain, owner, path } = entry.name;
  if (!rules.mayReach(identity, domain)) return [otherDomain(identity, domain)];
  const print = (rights: Rights) => printRights(rights, rules.old) || 'nothing';
  const reasons: string[] = [];
  for (const [identifier, rights] of rules.matching(identity, entry)) {
    const isNegative = identifier.startsWith('-');
    const who = whoIs(isNegative ? identifier.slice(1) : identifier, user);
    reasons.push(
      `the entry "${identifier}" ${isNegative ? 'takes' : 'gives'} ${print(rights)} ${isNegative ? 'from' : 'to'} ${who}`,
    );
  }
  if (reasons.length === 0) reasons.push(`no entry of the access control list means ${user}`);
  if (!identity.isAnonymous && ownerOf(entry.name) === user)
    reasons.push(
      `${user} owns the mailbox, and so has ${print(rules.implicitOwnerRights)} whatever the list says`,
    );
  if (administers(identity, domain))
    reasons.push(`${user} is an administrator, and so has ${print(ADMIN_RIGHTS)} whatever the list says`);
  if (owner !== undefined && path.length === 0)
    reasons.push('it is an INBOX, which anybody may send mail to (p)');
  return reasons;
}

function otherDomain({ user, admin }: Identity, domain: string | undefined): string {
  const where = domain === undefined ? 'the default domain' : `the domain ${domain}`;
  const { domain: own } = splitUserId(user);
  const why =
    admin === 'none'
      ? `${user} is of ${own === undefined ? 'the default domain' : own}, and crossdomains is off`
      : `${user} administers ${[...admin].join(', ')} alone`;
  return `the mailbox is of ${where}, but ${why}: the access control list is not even asked`;
}

function whoIs(identifier: string, user: string): string {
  if (identifier === ANYONE) return 'everybody';
  if (identifier === ANONYMOUS) return 'whoever has not logged in';
  if (identifier === OWNER) return 'the owner of the mailbox';
  if (identifier.startsWith('group:')) return `the members of the group ${identifier.slice('group:'.length)}`;
  return user;
}
