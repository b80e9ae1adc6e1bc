/** Access control lists for whoever shows and changes them: IMAP, commands, the web. What they mean is AccessPolicy's. */
import { type Contract, contract } from '../di.js';
import type { Identity } from '../model/identity.js';
import type { Rights } from './access-policy.js';
import type { MailboxEntry } from './catalogue.js';
import type { Origin } from './origin.js';

export const ACCESS_LISTS: Contract<AccessLists> = contract('access-lists', 1);

/** A change of what one identifier has on one mailbox. */
export interface AccessChange {
  /** As it stands in the list, see `AccessLists.identifier`. */
  readonly identifier: string;
  /** 'set' with no rights takes it out. */
  readonly mode: 'set' | 'add' | 'remove';
  readonly rights: Rights;
}

export interface AccessLists {
  /** Letters → bits, the old `c` and `d` (RFC 4314 §2.1.1) taken apart. @throws MailError CANNOT: `The z right is not supported` */
  parseRights(letters: string): Rights;
  /** Bits → letters in the order in which they are told to clients, with `c` and `d` where a member of their group is held. */
  printRights(rights: Rights): string;
  /**
   * An identifier as somebody types it, as it stands in lists: normalised, and a user's whole id (somebody of a domain need
   * not type it). Nobody of that name need exist. @throws MailError CANNOT: `Invalid identifier`
   */
  identifier(text: string, by: Identity): string;
  /** The other way round. */
  identifierFor(viewer: Identity, identifier: string): string;
  /** In the order in which they were given. */
  entries(mailbox: MailboxEntry): readonly (readonly [identifier: string, rights: Rights])[];
  /** What the identifier has on the mailbox whatever its list says (LISTRIGHTS, RFC 4314 §3.7). */
  always(mailbox: MailboxEntry, identifier: string): Rights;
  /** `AccessPolicy.rights` without the post right that everybody has on an INBOX (MYRIGHTS). */
  held(identity: Identity, mailbox: MailboxEntry): Rights;
  /**
   * Durable when it resolves, whatever others do to the same list meanwhile. The right `a` of `origin.identity` is the
   * caller's business; what else a list must keep is seen to here. @throws MailError NOPERM, NONEXISTENT, LIMIT
   */
  change(mailbox: MailboxEntry, change: AccessChange, origin: Origin): Promise<MailboxEntry>;
}
