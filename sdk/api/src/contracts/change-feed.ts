/** Mailbox changed: to sessions of all workers. */
import { type Contract, contract } from '../di.js';
import type { MailboxId } from './catalogue.js';

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

/**
 * A hint that there is something to read: after several changes one call may come. It can be lost when a process dies,
 * so sessions also look at the snapshot now and then (NOOP, an IDLE tick).
 */
export interface ChangeFeed {
  watch(mailbox: MailboxId, listener: (change: MailboxChanged) => void): Disposable;
  /** Every change of every mailbox: for indexes, NOTIFY and replication. */
  watchAll(listener: (change: MailboxChanged) => void): Disposable;
}
