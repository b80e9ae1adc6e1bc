/** What travels between the main thread and the store thread: plain values, buffers shared and not copied. */
import type { AppendMark, ChangeKind, CopyOptions, FlagChange, FlagSet, UsageLimit } from '@angarium/sdk';
import type { ErrorValue } from '../errors.js';
import type { KnownPartition, StorePaths } from '../layout.js';
import type { PackRef } from '../packs/index.js';

/** A mailbox as the list had it when the caller looked. */
export interface MailboxRef {
  readonly id: string;
  readonly shard: number;
  /** Of the entry: a newer one is taken over by the mailbox's row. */
  readonly version: number;
  readonly key: string;
  readonly uidValidity: number;
  readonly partition: number;
  readonly quotaRoot: string | null;
}

export type MessageBody =
  | { readonly bytes: Uint8Array }
  | { readonly path: string; readonly length: number; readonly crc32: number };

/** One message of an append, once, however many mailboxes get it. */
export interface MessageSource {
  readonly guid: Uint8Array;
  readonly size: number;
  readonly summary: Uint8Array;
  readonly body: MessageBody;
}

export interface AppendRow {
  /** Index into `messages`. */
  readonly message: number;
  readonly flags: FlagSet;
  readonly internalDateMs: number;
  /** User ('' for shared ones), entry, value. */
  readonly annotations: readonly (readonly [user: string, entry: string, value: Uint8Array])[];
}

export interface AppendPart {
  readonly ref: MailboxRef;
  /** Whose own \Seen to set; undefined: everybody's. */
  readonly viewer: string | undefined;
  readonly limits: readonly UsageLimit[];
  readonly rows: readonly AppendRow[];
  readonly once: AppendMark | undefined;
  /** Expunged in the same step (RFC 8508). */
  readonly replaces: Replaced | undefined;
}

export interface Replaced {
  readonly ref: MailboxRef;
  readonly uids: Ranges;
}

export type AppendResult =
  | { readonly uids: readonly number[]; readonly modSeq: number; readonly expungeModSeq?: number }
  | { readonly isRepeat: true }
  /** Meanwhile under another quota root than the one whose limits were asked for: nothing is filed, ask again. */
  | { readonly isElsewhere: true }
  | { readonly error: ErrorValue };

/** Ranges are start, end, start, end … */
export type Ranges = readonly number[];

export interface CopyRequest {
  readonly from: MailboxRef;
  readonly to: MailboxRef;
  readonly uids: Ranges;
  /** Whose \Seen is read in the source and set in the target; undefined: everybody's. */
  readonly viewerFrom: string | undefined;
  readonly viewerTo: string | undefined;
  /** Whose private annotations go along; undefined: nobody's. */
  readonly annotator: string | undefined;
  readonly keep: CopyOptions['keep'];
  readonly limits: readonly UsageLimit[];
  readonly isMove: boolean;
  readonly nowMs: number;
}

export interface CopyResult {
  readonly source: readonly number[];
  readonly target: readonly number[];
  readonly modSeq: number;
  /** Of the source mailbox; 0 for copies. */
  readonly expungeModSeq: number;
}

export interface FlagsResult {
  readonly changed: Ranges;
  readonly modified: Ranges;
  readonly modSeq: number;
}

export interface RecordWrite {
  readonly key: string;
  readonly value: Uint8Array | undefined;
  readonly expiresMs: number | undefined;
  readonly expect: 'absent' | Uint8Array | undefined;
}

/** Columns of the list's `mailbox` table. */
export interface ListRow {
  readonly id: string;
  readonly key: string;
  readonly state: number;
  readonly version: number;
  readonly uidValidity: number;
  readonly partition: number;
  readonly acl: string;
  readonly quotaRoot: string | null;
  readonly specialUse: string;
  readonly sharedSeen: number;
  readonly attributes: string;
  readonly createdMs: number;
  readonly deletedMs: number;
}

export interface NewListRow {
  readonly id: string;
  readonly key: string;
  readonly partition: number;
  readonly acl: string;
  readonly quotaRoot: string | null;
  /** Of `quotaRoot`, this one included. */
  readonly maxMailboxes?: number;
  readonly specialUse: string;
  readonly soleUse?: boolean;
  readonly attributes: string;
  readonly nowMs: number;
}

/** What a change of the list has changed. */
export interface ChangedRows {
  readonly row: ListRow;
  /** Others that have lost a special use (`soleUse`). */
  readonly others: readonly { readonly before: ListRow; readonly row: ListRow }[];
}

export interface ListPatch {
  readonly acl?: string;
  readonly expectedAcl?: string;
  readonly quotaRoot?: string | null;
  readonly specialUse?: string;
  readonly soleUse?: boolean;
  readonly sharedSeen?: number;
  readonly attributes?: Readonly<Record<string, string | undefined>>;
}

/** Every operation of the store thread: its arguments and its result. */
export interface Operations {
  append: {
    in: { messages: readonly MessageSource[]; parts: readonly AppendPart[]; nowMs: number };
    out: AppendResult[];
  };
  flags: {
    in: {
      ref: MailboxRef;
      uids: Ranges;
      change: FlagChange;
      unchangedSince: number | undefined;
      viewer: string | undefined;
    };
    out: FlagsResult;
  };
  expunge: {
    in: { ref: MailboxRef; uids: Ranges; onlyDeleted: boolean; nowMs: number };
    out: { uids: Ranges; modSeq: number };
  };
  copy: { in: CopyRequest; out: CopyResult };
  claimRecent: { in: { ref: MailboxRef }; out: number };
  annotate: {
    in: {
      ref: MailboxRef;
      uids: Ranges;
      user: string;
      entries: ReadonlyMap<string, Uint8Array | undefined>;
      limits: readonly UsageLimit[];
      unchangedSince: number | undefined;
      /** Whose own \Seen counts for `unchangedSince`. */
      viewer: string | undefined;
    };
    out: { modSeq: number; modified: Ranges };
  };
  unexpunge: { in: { ref: MailboxRef; uids: Ranges; nowMs: number }; out: CopyResult };
  purge: { in: { ref: MailboxRef; beforeMs: number }; out: { messages: number; bytes: number } };
  purgeAll: { in: { shard: number; beforeMs: number }; out: { messages: number; bytes: number } };
  /** Follows a deletion in the list; `gone` takes the data too. */
  dropMailbox: { in: { ref: MailboxRef; isGone: boolean }; out: undefined };
  /** Follows a change of the list: name, quota root, coming back. */
  syncMailbox: { in: { ref: MailboxRef }; out: undefined };
  relocate: { in: { ref: MailboxRef; partition: number }; out: undefined };
  /** Octets written. */
  rewritePack: { in: { partition: number; pack: number }; out: number | undefined };
  compact: {
    in: { partition: number; liveBelow: number };
    /** `empty`: sealed packs that no row points to. */
    out: { rewritten: number; movedBytes: number; empty: number[] };
  };
  unlinkPack: { in: { partition: number; pack: number }; out: boolean };
  /** Forgets rows of mailboxes gone before. */
  listPrune: { in: { beforeMs: number }; out: number };
  listNewUidValidity: { in: { id: string; nowMs: number }; out: ListRow };
  sealDead: { in: Record<never, never>; out: number };
  recordWrite: {
    in: { shard: number; space: string; owner: string; writes: readonly RecordWrite[]; nowMs: number };
    out: boolean;
  };
  recordPrune: { in: { space: string; nowMs: number; keep: number | undefined }; out: number };
  moveUser: { in: { from: string; to: string; fromShard: number; toShard: number }; out: undefined };
  listCreate: { in: NewListRow; out: ListRow };
  listRename: { in: { fromKey: string; toKey: string }; out: { from: string; row: ListRow }[] };
  /** The mailbox `id`, if it still has this name. */
  listDelete: { in: { id: string; key: string; isImmediate: boolean; nowMs: number }; out: ListRow };
  /** False when it is not a deleted mailbox any more: somebody brought it back. */
  listForget: { in: { id: string; nowMs: number }; out: boolean };
  listChange: { in: { id: string; patch: ListPatch }; out: ChangedRows };
  listPartition: { in: { id: string; partition: number }; out: ListRow };
  listUndelete: { in: { id: string; key: string }; out: ListRow };
  /** False when it was so before. */
  subscribe: { in: { user: string; key: string; isOn: boolean }; out: boolean };
  setMetadata: {
    in: { mailbox: string; user: string; entries: ReadonlyMap<string, Uint8Array | undefined> };
    out: undefined;
  };
  reconstruct: { in: { ref: MailboxRef; isFull: boolean; isDry: boolean }; out: RepairReport };
  restore: {
    in: { ref: MailboxRef; messages: readonly RestoredMessage[]; uidNext: number; modSeq: number };
    out: undefined;
  };
  listRestore: { in: { rows: readonly ListRow[] }; out: number };
  repairBlobs: {
    in: { shard: number; isDry: boolean };
    out: { wrongRefs: number; orphans: number; missing: number };
  };
  repairUsage: { in: { shard: number; isDry: boolean }; out: readonly WrongUsage[] };
  flush: { in: Record<never, never>; out: undefined };
  counts: { in: Record<never, never>; out: ThreadCounts };
}

/** A quota root whose use in one shard was wrong. */
export interface WrongUsage {
  readonly root: string;
  readonly was: { readonly bytes: number; readonly messages: number };
  readonly is: { readonly bytes: number; readonly messages: number };
}

export interface RepairReport {
  readonly messages: number;
  /** One line each, for the operator. */
  readonly faults: readonly string[];
}

/** A message as a rebuild from packs found it. */
export interface RestoredMessage {
  readonly uid: number;
  readonly guid: Uint8Array;
  readonly place: PackRef;
  /** The partition of `place`; the body is copied when the mailbox is in another one. */
  readonly from: number;
  readonly flags: number;
  readonly keywords: readonly string[];
  readonly internalDateMs: number;
  readonly summary: Uint8Array;
}

export interface ThreadCounts {
  readonly commits: number;
  readonly jobs: number;
  readonly busyRetries: number;
}

export type OperationName = keyof Operations;
export type In<N extends OperationName> = Operations[N]['in'];
export type Out<N extends OperationName> = Operations[N]['out'];

export interface Request {
  readonly id: number;
  readonly name: OperationName;
  readonly input: unknown;
}

/** After a commit, to whoever shows the mailbox. */
export interface Change {
  readonly mailbox: string;
  readonly kind: ChangeKind;
  /** Highest modseq before; with it a cached view knows whether `chunks` is all that is new. */
  readonly from: number;
  readonly modSeq: number;
  /** Rows of `hot` that were written or removed; undefined: too many to tell. */
  readonly chunks: readonly number[] | undefined;
}

export type ThreadMessage =
  | {
      readonly kind: 'replies';
      readonly replies: readonly {
        readonly id: number;
        readonly value?: unknown;
        readonly error?: ErrorValue;
      }[];
      readonly changes: readonly Change[];
    }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly error: ErrorValue }
  | {
      readonly kind: 'log';
      readonly level: 'warn' | 'error';
      readonly text: string;
      readonly reason: string;
    };

export interface ThreadSettings {
  readonly paths: StorePaths;
  readonly partitions: readonly KnownPartition[];
  readonly packBytes: number;
}
