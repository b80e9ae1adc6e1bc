/** Mailbox changed: to sessions of all workers. */
import { type Contract, contract } from '../di.js';
import type { UserId } from '../model/identity.js';
import type { MailboxName } from '../model/mailbox-name.js';
import type { MailboxEntry, MailboxId } from './catalogue.js';

export const CHANGE_FEED: Contract<ChangeFeed> = contract('change-feed', 1);

/** What sort of change it was; 'catalogue' is name, ACL and attributes. */
export type ChangeKind = 'appended' | 'flags' | 'expunged' | 'annotations' | 'catalogue' | 'deleted';

/** That a mailbox has changed; what exactly is in the next snapshot. */
export interface MailboxChanged {
  readonly mailbox: MailboxId;
  /** The mailbox's highest modseq after the change; 0 for 'catalogue' and 'deleted'. */
  readonly modSeq: number;
  readonly kind: ChangeKind;
}

/** What has become of the mailbox list, of subscriptions and metadata. Plain values: they travel between processes. */
export type CatalogueChanged = {
  /** `Origin.session` of who did it, so that he need not be told. */
  readonly session: string | undefined;
} & (
  | { readonly kind: 'created' | 'deleted'; readonly mailbox: MailboxEntry }
  /** The one that was renamed; those below it went along. `from` equals its name when only the partition is another. */
  | { readonly kind: 'renamed'; readonly from: MailboxName; readonly mailbox: MailboxEntry }
  /** ACL, quota root, special use or attributes. */
  | { readonly kind: 'changed'; readonly before: MailboxEntry; readonly mailbox: MailboxEntry }
  | { readonly kind: 'subscribed' | 'unsubscribed'; readonly user: UserId; readonly name: MailboxName }
  /** `user` undefined: shared entries. `mailbox` undefined: of the server. */
  | {
      readonly kind: 'metadata';
      readonly mailbox: MailboxEntry | undefined;
      readonly user: UserId | undefined;
      readonly entries: readonly string[];
    }
);

/**
 * A hint that there is something to read: after several changes one call may come. It can be lost when a process dies,
 * so sessions also look at the snapshot now and then (NOOP, an IDLE tick).
 */
export interface ChangeFeed {
  watch(mailbox: MailboxId, listener: (change: MailboxChanged) => void): Disposable;
  /** Every change of every mailbox: for indexes, NOTIFY and replication. */
  watchAll(listener: (change: MailboxChanged) => void): Disposable;
  /** Each change by itself, after it is durable. */
  watchCatalogue(listener: (change: CatalogueChanged) => void): Disposable;
}
