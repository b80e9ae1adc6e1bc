/** Rights of an identity on a mailbox (RFC 4314). */
import { type Contract, contract } from '../di.js';
import { administers, type Identity } from '../model/identity.js';
import { type MailboxName, ownerOf } from '../model/mailbox-name.js';
import type { MailboxEntry } from './catalogue.js';

/** Rights as bits; letters as RFC 4314 §2.1. */
export const Right = {
  lookup: 1,
  read: 2,
  seen: 4,
  write: 8,
  insert: 16,
  post: 32,
  create: 64,
  delete: 128,
  deleteMessages: 256,
  expunge: 512,
  admin: 1024,
  annotate: 2048,
} as const;

/** Bits of `Right`, and above them ten of the site's own: the right `n` (0-9) is bit 12 + n. */
export type Rights = number;

/** Every bit of `Right`; the site's own are not among them. */
export const ALL_RIGHTS: Rights = 4095;

const letters = 'lrswipkxtean0123456789';

/** `lrs` → bits. Letters that are no right (the virtual c and d included) are passed over. */
export function rightsFromLetters(text: string): Rights {
  let rights = 0;
  for (const letter of text) {
    const bit = letters.indexOf(letter);
    if (bit >= 0) rights |= 1 << bit;
  }
  return rights;
}

/** Bits → letters in the order of RFC 4314 §2.1, then n and the digits. */
export function lettersOfRights(rights: Rights): string {
  let text = '';
  for (let bit = 0; bit < letters.length; bit++) if (rights & (1 << bit)) text += letters[bit];
  return text;
}

/** From where an identity may see mailboxes beside its own; a mailbox that is in neither place is hidden from it. */
export interface Reach {
  /** Those whose ACL has one of these identifiers (`MailboxListQuery.grantedTo`). */
  readonly identifiers: readonly string[];
  /** All of these domains; '' is the default domain. */
  readonly domains: readonly string[];
}

/** Pure functions of what they are given, so that a LIST of 100,000 mailboxes costs no promise a name. */
export interface AccessPolicy {
  rights(identity: Identity, mailbox: MailboxEntry): Rights;
  /** So that a LIST reads what can be seen and no more. undefined, or none: any mailbox may be visible. */
  reach?(identity: Identity): Reach | undefined;
  /** May it create `name`, whose nearest existing ancestor is `parent`? */
  mayCreate(identity: Identity, name: MailboxName, parent: MailboxEntry | undefined): boolean;
  /** The ACL of a new mailbox. */
  initialAcl(
    identity: Identity,
    name: MailboxName,
    parent: MailboxEntry | undefined,
  ): Readonly<Record<string, string>>;
}
export const ACCESS_POLICY: Contract<AccessPolicy> = contract('access-policy', 1);

/** What holds without an ACL plugin: owners do all with their own, administrators look up, create and delete. */
export const ownerPolicy: AccessPolicy = {
  rights(identity, mailbox) {
    if (!identity.isAnonymous && ownerOf(mailbox.name) === identity.user) return ALL_RIGHTS;
    if (administers(identity, mailbox.name.domain))
      return Right.lookup | Right.create | Right.delete | Right.admin;
    return 0;
  },
  reach({ admin }) {
    return admin === 'all' ? undefined : { identifiers: [], domains: admin === 'none' ? [] : admin };
  },
  mayCreate(identity, name) {
    if (administers(identity, name.domain)) return true;
    return !identity.isAnonymous && ownerOf(name) === identity.user;
  },
  initialAcl: () => ({}),
};
