/** Journal entries: what a rebuild needs to know beside the bodies. Placeholder of the codec, shapes are final. */

/** One message as it was filed. */
export interface FiledMessage {
  readonly uid: number;
  /** SHA-256 of the body, 32 bytes. */
  readonly guid: Buffer;
  /** System flag bits as the store defines them, unsigned 32-bit. */
  readonly flags: number;
  readonly keywords: readonly string[];
  /** Seconds since 1970, a safe integer, may be negative. */
  readonly internalDateSec: number;
  /** Zone of INTERNALDATE in minutes east of UTC. */
  readonly zoneMinutes: number;
}

/** Messages appended, copied or moved into a mailbox. `name` is the mailbox's name at that time. */
export interface FiledEntry {
  readonly kind: 'filed';
  readonly mailbox: string;
  readonly name: string;
  readonly modseq: number;
  readonly messages: readonly FiledMessage[];
}

/** A mailbox was created, renamed or changed its attributes: the state after it. `attributes` is the store's own JSON. */
export interface MailboxEntry {
  readonly kind: 'mailbox';
  readonly mailbox: string;
  readonly name: string;
  readonly modseq: number;
  readonly uidValidity: number;
  readonly attributes: string;
}

export interface MailboxDeletedEntry {
  readonly kind: 'mailbox-deleted';
  readonly mailbox: string;
  readonly modseq: number;
}

/** The flags that these UIDs have from now on (the result, not the change). */
export interface FlagsEntry {
  readonly kind: 'flags';
  readonly mailbox: string;
  readonly modseq: number;
  readonly flags: number;
  readonly keywords: readonly string[];
  readonly uids: readonly UidRange[];
}

export interface ExpungedEntry {
  readonly kind: 'expunged';
  readonly mailbox: string;
  readonly modseq: number;
  readonly uids: readonly UidRange[];
}

/** First and last UID, inclusive. */
export type UidRange = readonly [first: number, last: number];

/** `mailbox` is the unique id of the mailbox; entries of one mailbox replay in the order of `modseq`. */
export type JournalEntry = FiledEntry | MailboxEntry | MailboxDeletedEntry | FlagsEntry | ExpungedEntry;
