/**
 * Where mail is kept. Everything takes and gives batches or ranges, so that an embedded engine is fast and an SQL
 * server or object store is possible; nothing here assumes the embedded one.
 *
 * Duties of a provider: a change is durable before its promise resolves; every change of a mailbox takes a modseq
 * above all earlier ones of that mailbox (RFC 7162); the hooks `mailbox.*` and `message.*` are called by the provider,
 * before-hooks ahead of the write, after-hooks once it is durable, once a batch; changes are told to CHANGE_FEED
 * listeners of all workers. Rights are the caller's business (AccessPolicy).
 */
import { type Contract, contract } from '../di.js';
import type { Lease } from '../kernel/connection.js';
import type { SummaryView } from '../message/index.js';
import type { FlagChange, FlagSet } from '../model/flags.js';
import type { UserId } from '../model/identity.js';
import type { NumberSet } from '../model/number-set.js';
import type { MailboxSnapshot } from '../model/snapshot.js';
import type { MailboxCatalogue, MailboxId } from './catalogue.js';
import type { Origin } from './origin.js';

export const MAIL_STORE: Contract<MailStore> = contract('mail-store', 1);

export interface MailStore {
  readonly catalogue: MailboxCatalogue;

  /**
   * A handle; no I/O. `viewer` decides whose \Seen is shown and set: in mailboxes of others without `sharedSeen`
   * it is the viewer's own.
   */
  mailbox(id: MailboxId, viewer?: UserId): Mailbox;

  /** Counters of many mailboxes at once, same order; undefined for those that are gone. */
  status(ids: readonly MailboxId[], viewer?: UserId): Promise<readonly (MailboxStatus | undefined)[]>;

  /**
   * Takes a message in: hashes, parses, holds it in memory or spools it. Not yet durable, not yet anywhere.
   * CRLF line ends are the caller's business. On an error the source is not read further; the caller skips the rest.
   * @throws MailError TOOBIG above `maxBytes`, before the source is touched when `sizeHint` is; UNAVAILABLE when there
   * is no room.
   */
  stage(
    source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options: StageOptions,
  ): Promise<StagedMessage>;

  /**
   * Appends to one or many mailboxes. Each target is atomic (RFC 3502) and has its own outcome; identical messages
   * are stored once. Durable when resolved.
   */
  append(targets: readonly AppendTarget[], origin?: Origin): Promise<readonly AppendOutcome[]>;

  /** What counts against a quota root now. */
  usage(quotaRoot: string): Promise<QuotaUsage>;
  /**
   * Octets of message annotations that count against a quota root (RFC 9208 §5.4), those of expunged messages that are
   * still kept included. Reads every annotation there is: not for every message.
   */
  annotationUsage(quotaRoot: string): Promise<number>;

  /** Names of the partitions, default first. */
  readonly partitions: readonly string[];
}

/** How a message is taken in. */
export interface StageOptions {
  readonly maxBytes: number;
  /** Expected size, when known: decides between memory and spool file, and refuses what is announced as too big. */
  readonly sizeHint?: number;
}

/** A message on its way in. Dispose it when done with it, filed or not. */
export interface StagedMessage extends AsyncDisposable {
  /** SHA-256 of the content. */
  readonly guid: Buffer;
  /** Octets. */
  readonly size: number;
  /** Envelope, structure, header cache. */
  readonly summary: SummaryView;
  read(from: number, to: number): Promise<Buffer>;
}

/** One message to append, with what it starts with. */
export interface AppendItem {
  readonly message: StagedMessage;
  readonly flags: FlagSet;
  /** Milliseconds; stored in whole seconds of 1970 to 2106: what is before or after becomes the first or the last of them. */
  readonly internalDateMs: number;
  /** Shared message annotations (RFC 5257): entry → value. */
  readonly annotations?: ReadonlyMap<string, Uint8Array>;
  /** The same of the target's viewer alone. */
  readonly privateAnnotations?: ReadonlyMap<string, Uint8Array>;
}

/** What goes into one mailbox; atomic. */
export interface AppendTarget {
  readonly mailbox: MailboxId;
  readonly items: readonly AppendItem[];
  /** Whose \Seen it is, as in MailStore.mailbox. */
  readonly viewer?: UserId;
  /** Checked in the same transaction; taps of `message.appending` add theirs. */
  readonly limits?: readonly UsageLimit[];
  /** Handed to the taps of `message.appending`: quotas do not hold for this one (LMTP's IGNOREQUOTA). */
  readonly ignoresQuota?: boolean;
  /**
   * Messages that go in the same step (RFC 8508): all of them and the append, or nothing; what they take of the quota root
   * is free for what comes. Where the store cannot do both in one step the append comes first, and a crash may leave both.
   * The target's error is EXPUNGEISSUED when one of them is gone already.
   */
  readonly replaces?: { readonly mailbox: MailboxId; readonly uids: NumberSet };
  /** Appends only if this mark is not there yet, and sets it, all in one transaction. */
  readonly once?: AppendMark;
}

/**
 * A record of the mailbox (RECORDS, owner `{ mailbox }`) that says that a message is there. A live one makes the append a
 * repeat: nothing is written. A mark that cannot be read or written does not keep the message out.
 */
export interface AppendMark {
  readonly space: string;
  readonly key: string;
  readonly value: Uint8Array;
  readonly expiresMs: number;
}

/** A limit on what a quota root may hold after the change; undefined resources are free. */
export interface UsageLimit {
  readonly quotaRoot: string;
  readonly bytes?: number;
  readonly messages?: number;
  /** Octets of message annotations; checked only where the change adds some. */
  readonly annotationBytes?: number;
  /** Octets and messages: refused only where the root is over already; what comes may cross the limit. */
  readonly mayCross?: boolean;
}

/** What counts against a quota root. */
export interface QuotaUsage {
  readonly bytes: number;
  readonly messages: number;
  readonly mailboxes: number;
}

/** `error` is a MailError: OVERQUOTA, NONEXISTENT, LIMIT (keywords, UIDs), UNAVAILABLE (disk), or what a tap threw. */
export type AppendOutcome =
  | {
      readonly ok: true;
      readonly uidValidity: number;
      readonly uids: readonly number[];
      readonly modSeq: number;
      /** Of the mailbox that `replaces` named, after its messages have gone; undefined without it. */
      readonly expungeModSeq?: number;
    }
  | { readonly ok: false; readonly error: Error; readonly isRepeat?: false }
  /** The mark of `AppendTarget.once` was there already; the error says it for those who do not look. */
  | { readonly ok: false; readonly error: Error; readonly isRepeat: true };

/** Counters of a mailbox, without opening it. */
export interface MailboxStatus {
  readonly messages: number;
  readonly recent: number;
  /** As the viewer sees it. */
  readonly unseen: number;
  readonly deleted: number;
  readonly deletedBytes: number;
  /** Sum of message sizes, octets. */
  readonly bytes: number;
  readonly uidNext: number;
  readonly uidValidity: number;
  readonly highestModSeq: number;
  /** Time of the last append; 0 for never. */
  readonly lastAppendMs: number;
}

/** Any number of UIDs may be asked for; those that do not exist are passed over unless said otherwise. */
export interface Mailbox {
  readonly id: MailboxId;

  /** The current view; the same object as before while nothing has changed. @throws MailError NONEXISTENT */
  snapshot(): Promise<MailboxSnapshot>;

  /**
   * Ends \Recent for what has arrived until now (RFC 3501 §2.3.2): answers the lowest UID that no session has been
   * told of as recent. Call for SELECT, not for EXAMINE.
   */
  claimRecent(): Promise<number>;
  /** The same without claiming. */
  recentFrom(): Promise<number>;

  /**
   * UIDs expunged after `modSeq` (RFC 7162 §3.2.10), among `within` if given. When the store remembers less far back,
   * `complete` is false and the caller takes whatever is not in the snapshot as vanished.
   */
  vanishedSince(
    modSeq: number,
    within?: NumberSet,
  ): Promise<{ readonly uids: NumberSet; readonly complete: boolean }>;

  /** The cold records, ascending by UID, in batches. Also of messages expunged a short while ago, so that sessions finish. */
  summaries(uids: NumberSet): AsyncIterable<SummaryBatch>;

  /** @throws MailError EXPUNGEISSUED when it is gone for good. */
  open(uid: number): Promise<StoredMessage>;

  /**
   * Octet ranges of many messages in the order asked; reading runs ahead. A long range may come in several
   * pieces: `index` tells for which request a piece is, `isLast` ends it. A message that is gone yields one empty last piece
   * with `isMissing`.
   */
  contents(requests: readonly ContentRequest[]): AsyncIterable<ContentPiece>;

  /**
   * Evaluated inside the store. UIDs above `unchangedSince` in modseq stay as they are and are answered as `modified`
   * (RFC 7162 §3.1.3). @throws MailError LIMIT (keywords, `MAX_KEYWORDS`): nothing is changed
   */
  updateFlags(uids: NumberSet, change: FlagChange, options?: UpdateOptions): Promise<FlagUpdate>;

  /** `onlyDeleted`: of these UIDs those with \Deleted. */
  expunge(
    uids: NumberSet,
    options: { readonly onlyDeleted: boolean; readonly origin?: Origin },
  ): Promise<{ readonly uids: NumberSet; readonly modSeq: number }>;

  /**
   * Flags, keywords, internal date, annotations go along: shared ones, and of the private ones those of whoever copies
   * (RFC 5257 §4.6); \Recent for the copies. All or nothing.
   * @throws MailError NONEXISTENT (either mailbox), OVERQUOTA, LIMIT, or what a `message.appending` tap throws
   */
  copyTo(uids: NumberSet, to: MailboxId, options?: CopyOptions): Promise<Copied>;
  /** As copyTo and expunge in one (RFC 6851); within one store all or nothing, a crash may at worst leave both. */
  moveTo(
    uids: NumberSet,
    to: MailboxId,
    options?: CopyOptions,
  ): Promise<Copied & { readonly expungeModSeq: number }>;

  /**
   * Message annotations (RFC 5257), shared ones with user undefined: UID → entry → value. UIDs without any are not in
   * the answer.
   */
  annotations(
    uids: NumberSet,
    user: UserId | undefined,
  ): Promise<ReadonlyMap<number, ReadonlyMap<string, Uint8Array>>>;
  /**
   * undefined removes an entry. Messages that are there get a new modseq; when none is, nothing changes. UIDs above
   * `unchangedSince` in modseq stay as they are and are answered as `modified`: as in updateFlags, inside the store.
   * @throws MailError OVERQUOTA, or what a `message.annotating` tap throws: nothing is changed
   */
  setAnnotations(
    uids: NumberSet,
    user: UserId | undefined,
    entries: ReadonlyMap<string, Uint8Array | undefined>,
    options?: UpdateOptions,
  ): Promise<{ readonly modSeq: number; readonly modified: NumberSet }>;

  /** Expunged messages that are still kept. */
  expunged(): Promise<readonly ExpungedMessage[]>;
  /** Brings expunged messages back under new UIDs. */
  unexpunge(uids: NumberSet, origin?: Origin): Promise<Copied>;
  /** Gives up expunged messages older than this. */
  purge(expungedBeforeMs: number): Promise<{ readonly messages: number; readonly bytes: number }>;
}

/** Conditions of a change of flags or annotations. */
export interface UpdateOptions {
  readonly unchangedSince?: number;
  readonly origin?: Origin;
}

/** How messages go to another mailbox. */
export interface CopyOptions {
  /** Whose \Seen the copies get, and whose private annotations go along. */
  readonly viewer?: UserId;
  /** Which flags, and whether shared annotations, go along (RFC 4314 §4: the user's rights on the target). Absent: all. */
  readonly keep?: {
    readonly system: number;
    readonly keywords: boolean;
    readonly annotations?: boolean;
  };
  readonly limits?: readonly UsageLimit[];
  readonly origin?: Origin;
}

/** What a flag update did. */
export interface FlagUpdate {
  /** Messages whose flags are different now; they have `modSeq`. */
  readonly changed: NumberSet;
  /** Failed the UNCHANGEDSINCE test. */
  readonly modified: NumberSet;
  /** Of the mailbox, after the change. */
  readonly modSeq: number;
}

/** `source[i]` became `target[i]`; both ascending. */
export interface Copied {
  readonly uidValidity: number;
  readonly source: readonly number[];
  readonly target: readonly number[];
  readonly modSeq: number;
}

/** Cold records of some messages, side by side. */
export interface SummaryBatch {
  readonly uids: Uint32Array;
  /** One record a UID, for `new SummaryView`. They may share memory with the whole batch: copy what is kept for long. */
  readonly records: readonly Buffer[];
}

/** A message opened for reading. */
export interface StoredMessage {
  readonly uid: number;
  readonly size: number;
  readonly guid: Buffer;
  /** At most 1 MB at a time. @throws MailError EXPUNGEISSUED, CORRUPTION, UNAVAILABLE */
  read(from: number, to: number): Promise<Buffer>;
}

/** Which octets of which message. */
export interface ContentRequest {
  readonly uid: number;
  readonly from: number;
  /** Exclusive; Infinity for the end. */
  readonly to: number;
}

/** Some octets that were asked for. */
export interface ContentPiece {
  readonly index: number;
  readonly bytes: Buffer;
  readonly isLast: boolean;
  readonly isMissing: boolean;
  /** Of the memory that `bytes` lies in, when the store can use that again: to be released once for each piece, by who can. */
  readonly lease?: Lease | undefined;
}

/** A message that was expunged and can still be brought back. */
export interface ExpungedMessage {
  readonly uid: number;
  readonly size: number;
  readonly internalDateMs: number;
  readonly expungedMs: number;
  readonly flags: FlagSet;
}
