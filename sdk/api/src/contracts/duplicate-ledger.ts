import { type Contract, contract } from '../di.js';
import type { MailboxEntry } from './catalogue.js';
import type { AppendMark, StagedMessage } from './mail-store.js';
import type { RecordOwner } from './records.js';

/** What makes two deliveries the same one. */
export interface DeliveryKey {
  readonly messageId: string;
  /** Mailbox id, or a script's name. */
  readonly target: string;
  /** The Date field as written; part of the key as in Cyrus. */
  readonly date: string;
  /** With whom the memory of it lives; absent: the server. */
  readonly owner?: RecordOwner;
}

/** 'busy': the same key is being delivered elsewhere, defer. 'unknown': the ledger is unusable, deliver. */
export type DuplicateVerdict = 'first' | 'repeat' | 'busy' | 'unknown';

/**
 * Remembers deliveries, so that a second copy of a message is not filed. Filing into mailboxes goes by `mark`: the mark is
 * written in the message's own commit, so that there is no moment in which one is there without the other, and no sync more.
 * What has no such commit (a script that was run, a redirect) goes by `hold`: hold → do it → confirm.
 */
export interface DuplicateLedger {
  /**
   * For `AppendTarget.once`. Undefined: this message is never a repeat here (no Message-ID, a mailbox that takes
   * duplicates). Never rejects: what cannot be known is delivered.
   */
  mark(message: StagedMessage, mailbox: MailboxEntry): Promise<AppendMark | undefined>;
  /** The store found the mark: for counters and the list of what was suppressed. */
  suppressed(repeat: SuppressedDelivery): void;
  /** One verdict a key, same order. 'first' keys stay held until the hold ends; a crash ends it, so the MTA's retry is filed. */
  hold(keys: readonly DeliveryKey[]): Promise<DuplicateHold>;
}
/** A copy that was not filed. */
export interface SuppressedDelivery {
  readonly message: StagedMessage;
  readonly mailbox: MailboxEntry;
  /** As the protocol received it. */
  readonly recipient: string;
  readonly sender: string;
  readonly session: string;
}
/** Keys that are held while a message is filed; disposing lets go of them unconfirmed. */
export interface DuplicateHold extends AsyncDisposable {
  readonly verdicts: readonly DuplicateVerdict[];
  /** Call once the messages are durable: only now do they count as seen. */
  confirm(): Promise<void>;
}
export const DUPLICATE_LEDGER: Contract<DuplicateLedger> = contract('duplicate-ledger', 1);
