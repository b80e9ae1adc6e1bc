/** Contracts of features that meet others, offered by plugins of their own; small, so each fits here. */
import { type Contract, contract, type RegistryContract, registry } from '../di.js';
import type { NumberSet } from '../model/number-set.js';
import type { MailboxEntry, MailboxId } from './catalogue.js';
import type { AppendMark, QuotaUsage, StagedMessage } from './mail-store.js';
import type { RecordOwner } from './records.js';

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

/** One text to look for. */
export interface SearchTerm {
  readonly field: 'from' | 'to' | 'cc' | 'bcc' | 'subject' | 'header' | 'body' | 'text' | 'filename';
  /** Folded with `fold` of the message toolkit. */
  readonly text: string;
  /** Match by meaning, not by substring (RFC 6203). */
  readonly isFuzzy: boolean;
}

/** An accelerator: it nominates, the caller verifies; without it messages are read. */
export interface SearchIndex {
  /**
   * UIDs that may match all terms: a superset of the true answer among `indexed`; the caller reads whatever is outside of
   * `indexed` itself. Undefined: cannot help with these terms.
   */
  candidates(
    mailbox: MailboxId,
    terms: readonly SearchTerm[],
  ): Promise<{ readonly uids: NumberSet; readonly indexed: NumberSet } | undefined>;
}
export const SEARCH_INDEX: Contract<SearchIndex> = contract('search-index', 1);

/** A job runs on one worker at a time; a run is skipped while the last one goes on. */
export interface Job {
  readonly name: string;
  /** `{ everyMs }`, or `{ at: '0200' }` local time daily (Cyrus EVENTS). */
  readonly schedule: { readonly everyMs: number } | { readonly at: string };
  run(signal: AbortSignal): Promise<void>;
}
export const JOBS: RegistryContract<Job> = registry('jobs', 1);

/** Pages and API of the HTTP service. */
export interface HttpRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `/metrics`, `/api/users/:user`. */
  readonly path: string;
  readonly access: 'public' | 'user' | 'admin';
  handle(request: Request, parameters: Readonly<Record<string, string>>): Promise<Response>;
}
export const HTTP_ROUTES: RegistryContract<HttpRoute> = registry('http-routes', 1);
