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

/** Bits of `Right`. */
export type Rights = number;

/** Every bit of `Right`. */
export const ALL_RIGHTS: Rights = 4095;

const letters = 'lrswipkxtean';

/** `lrs` → bits. Letters that are no right (c, d, 0-9 included) are passed over. */
export function rightsFromLetters(text: string): Rights {
  let rights = 0;
  for (const letter of text) {
    const bit = letters.indexOf(letter);
    if (bit >= 0) rights |= 1 << bit;
  }
  return rights;
}

/** Bits → letters in the order of RFC 4314 §2.1. */
export function lettersOfRights(rights: Rights): string {
  let text = '';
  for (let bit = 0; bit < letters.length; bit++) if (rights & (1 << bit)) text += letters[bit];
  return text;
}

/** Pure functions of what they are given, so that a LIST of 100,000 mailboxes costs no promise a name. */
export interface AccessPolicy {
  rights(identity: Identity, mailbox: MailboxEntry): Rights;
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
  mayCreate(identity, name) {
    if (administers(identity, name.domain)) return true;
    return !identity.isAnonymous && ownerOf(name) === identity.user;
  },
  initialAcl: () => ({}),
};
