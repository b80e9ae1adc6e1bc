/** The mailbox list: names, attributes, subscriptions. Part of the MailStore contract. */
import type { UserId } from '../model/identity.js';
import type { MailboxName } from '../model/mailbox-name.js';
import type { Origin } from './origin.js';

/** Opaque, stable through renames, never used again (RFC 8474 MAILBOXID: `[A-Za-z0-9_-]{1,255}`). */
export type MailboxId = string & { readonly __unit: 'mailbox id' };

/** A mailbox as the list knows it; what is in it is the Mailbox's. */
export interface MailboxEntry {
  readonly id: MailboxId;
  readonly name: MailboxName;
  /** RFC 3501 §2.3.1.1; kept by renames. */
  readonly uidValidity: number;
  readonly partition: string;
  /** Identifier (`fred`, `anyone`, `group:staff`, `-fred`) → rights letters (RFC 4314). Not interpreted by the store. */
  readonly acl: Readonly<Record<string, string>>;
  /** Key of the quota root that counts this mailbox (a `mailboxKey`); use is kept per root by the store. */
  readonly quotaRoot: string | undefined;
  /** `\Sent`, `\Trash`, … (RFC 6154). */
  readonly specialUse: readonly string[];
  /** True: one \Seen for all (Cyrus `sharedseen`). False: everybody but the owner has his own. */
  readonly sharedSeen: boolean;
  /** Anything else that belongs to a mailbox: plugins use keys prefixed with their name. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly createdMs: number;
}

/** Which mailboxes to list; conditions are joined by and, none of them means all. */
export interface MailboxListQuery {
  /** Only this user's tree. */
  readonly owner?: UserId;
  /** Only shared mailboxes (of `domain`). */
  readonly shared?: boolean;
  /** Only names of this domain; '' is the default domain. */
  readonly domain?: string;
  /** Only this mailbox and those below it. */
  readonly below?: MailboxName;
  /** Only mailboxes whose ACL has one of these identifiers; that of the mailbox's owner does not count. */
  readonly grantedTo?: readonly string[];
}

/** What a new mailbox starts with. */
export interface CreateMailbox {
  /** Absent: the store's default. */
  readonly partition?: string;
  readonly acl?: Readonly<Record<string, string>>;
  readonly quotaRoot?: string;
  /** With this one `quotaRoot` may have no more mailboxes than that; checked in the same transaction. */
  readonly maxMailboxes?: number;
  readonly specialUse?: readonly string[];
  /** MailError USEATTR when another mailbox of the same owner has one of `specialUse`; looked at in the same transaction. */
  readonly soleUse?: boolean;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Every field that is there replaces the old value; attributes are merged, an undefined value removes the key. */
export interface MailboxChanges {
  readonly acl?: Readonly<Record<string, string>>;
  /** Nothing is changed, and MailError INUSE is thrown, when the ACL is not this one any more. */
  readonly expectedAcl?: Readonly<Record<string, string>>;
  readonly quotaRoot?: string | undefined;
  readonly specialUse?: readonly string[];
  /** The owner's other mailboxes lose what `specialUse` gives to this one, in the same transaction. */
  readonly soleUse?: boolean;
  readonly sharedSeen?: boolean;
  readonly attributes?: Readonly<Record<string, string | undefined>>;
}

/** One mailbox that a rename moved. */
export interface Renamed {
  readonly from: MailboxName;
  readonly entry: MailboxEntry;
}

/** All changes are durable when the promise resolves, and atomic each. */
export interface MailboxCatalogue {
  find(name: MailboxName): Promise<MailboxEntry | undefined>;
  byId(id: MailboxId): Promise<MailboxEntry | undefined>;
  /** In `mailboxKey` order, so that a parent comes right before its children. */
  list(query: MailboxListQuery): Promise<readonly MailboxEntry[]>;
  /**
   * Creates exactly this mailbox; parents are the caller's business.
   * @throws MailError ALREADYEXISTS; CANNOT for a partition that is not there; OVERQUOTA (`maxMailboxes`); USEATTR
   * (`soleUse`); what a `mailbox.creating` tap throws.
   */
  create(name: MailboxName, options?: CreateMailbox, origin?: Origin): Promise<MailboxEntry>;
  /**
   * Renames the mailbox and all below it, or moves it to another partition when `to` equals `from`.
   * Ids, UIDs and UIDVALIDITY stay; a quota root among those that move is renamed with them.
   * @throws MailError NONEXISTENT, ALREADYEXISTS (any of the targets), CANNOT.
   */
  rename(
    from: MailboxName,
    to: MailboxName,
    options?: { readonly partition?: string },
    origin?: Origin,
  ): Promise<readonly Renamed[]>;
  /**
   * Deletes one mailbox with its messages; children stay. With the store's delayed deletion it can be brought
   * back for a while. @throws MailError NONEXISTENT.
   */
  delete(name: MailboxName, options?: { readonly immediate?: boolean }, origin?: Origin): Promise<void>;
  /** @throws MailError NONEXISTENT; INUSE, see `expectedAcl`. */
  change(id: MailboxId, changes: MailboxChanges, origin?: Origin): Promise<MailboxEntry>;
  /** Deleted mailboxes that can still be brought back, newest first. */
  deleted(query: MailboxListQuery): Promise<readonly DeletedMailbox[]>;
  /** @throws MailError ALREADYEXISTS when `as` is taken, NONEXISTENT when it is gone for good. */
  undelete(id: MailboxId, as: MailboxName, origin?: Origin): Promise<MailboxEntry>;

  /** Names need not exist (RFC 3501 §6.3.6). In `mailboxKey` order. */
  subscriptions(user: UserId): Promise<readonly MailboxName[]>;
  subscribe(user: UserId, name: MailboxName, origin?: Origin): Promise<void>;
  unsubscribe(user: UserId, name: MailboxName, origin?: Origin): Promise<void>;

  /** Mailbox annotations (RFC 5464): `/shared/…` with user undefined, `/private/…` with the user. undefined removes. */
  metadata(id: MailboxId | 'server', user: UserId | undefined): Promise<ReadonlyMap<string, Uint8Array>>;
  setMetadata(
    id: MailboxId | 'server',
    user: UserId | undefined,
    entries: ReadonlyMap<string, Uint8Array | undefined>,
    origin?: Origin,
  ): Promise<void>;
}

/** A deleted mailbox that can still be brought back. */
export interface DeletedMailbox {
  readonly entry: MailboxEntry;
  readonly deletedMs: number;
}
