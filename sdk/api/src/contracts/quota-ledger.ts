import { type Contract, contract } from '../di.js';
import type { MailboxEntry } from './catalogue.js';
import type { QuotaUsage } from './mail-store.js';

/** RFC 9208 resources that are limited; bytes, not KiB. */
export interface QuotaLimits {
  readonly bytes?: number;
  readonly messages?: number;
  readonly mailboxes?: number;
  readonly annotationBytes?: number;
}

/**
 * Limits of quota roots; what is used is kept by the store. A root is the `mailboxKey` of a name: of a mailbox, of one that
 * is not there (yet), or of a whole domain (`{ domain, path: [] }`).
 */
export interface QuotaLedger {
  /** The roots that count this mailbox, nearest first. */
  rootsOf(mailbox: MailboxEntry): Promise<readonly string[]>;
  /** Undefined: there is no such root. Without any limit in it: the root counts and nothing is limited. */
  limits(root: string): Promise<QuotaLimits | undefined>;
  /** Mailboxes below follow. undefined removes the root. */
  setLimits(root: string, limits: QuotaLimits | undefined): Promise<void>;
  usage(root: string): Promise<QuotaUsage>;
  /** Would this much more still fit? For RCPT and autocreate. */
  hasRoom(mailbox: MailboxEntry, bytes: number, messages: number): Promise<boolean>;
}
export const QUOTA_LEDGER: Contract<QuotaLedger> = contract('quota-ledger', 1);
