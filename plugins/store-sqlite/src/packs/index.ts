/**
 * Pack files: append-only, group-committed, addressed by SHA-256. Plain files, no database.
 *
 * A partition's pack folder is shared by all processes: `<packs>/<series>/<number>.pack`. Every writer owns one
 * series and creates each pack with O_EXCL; a pack is never reopened for writing. Anybody reads any pack.
 * Order for an append: `await writer.append(...)` (durable), COMMIT the rows, then `writer.journal(...)` (no sync).
 * PackWriter (store thread) and PackReader (main thread) share nothing but the files.
 * SIGNATURES FIRST: bodies follow; names and shapes below are what will be there.
 */
import type { PackError } from './errors.js';
import type { JournalEntry } from './journal.js';
import type { ChunksBody, PackId, PackInfo, PackRecord, PackRef, RecordMeta, SpooledBody } from './types.js';

export * from './errors.js';
export * from './journal.js';
export * from './types.js';

export interface PackWriterOptions {
  /** The partition's pack folder; created when absent. */
  readonly packsDir: string;
  /** Roll to a new pack at this size; default 256 MB. */
  readonly rollBytes?: number;
  /** A body above this gets a pack of its own; default 4 MB. */
  readonly ownPackBytes?: number;
  /** Bytes in memory that may wait; beyond, `append` waits before it queues; default 64 MB. */
  readonly queueBytes?: number;
  /** Told of what nobody awaits: an abandoned pack, journal entries dropped. For the log. */
  readonly onIncident?: (incident: PackIncident) => void;
}
export interface PackIncident {
  readonly kind: 'pack-abandoned' | 'journal-lost' | 'seal-failed';
  readonly pack?: PackId;
  readonly error: PackError;
}

/** One a process and partition. Claims a series (a dead process's if there is one, whose packs it seals). */
export declare class PackWriter {
  static open(options: PackWriterOptions): Promise<PackWriter>;
  readonly series: number;
  /**
   * Resolves when every record is on disk (fdatasync done, directory entry too), places in the order given.
   * Rejects with PackError (`no-space`, `io`, `spool`, `closed`) when any of these records is not safe.
   * `lane: 'bulk'` keeps compaction's copies in packs of their own, away from new mail.
   */
  append(records: readonly PackRecord[], options?: { lane?: 'bulk' }): Promise<PackRef[]>;
  /** Queues journal entries; call after COMMIT. Written soon, synced with the next append, roll, flush or close. */
  journal(entries: readonly JournalEntry[]): void;
  /** Resolves when all that was queued before, journal included, is on disk. */
  flush(): Promise<void>;
  /** Writes what is queued, syncs, seals its packs, gives the series back. Further appends fail with `closed`. */
  close(): Promise<void>;
}

export interface PackReaderOptions {
  readonly packsDir: string;
  /** Open files kept; default 64. */
  readonly maxOpen?: number;
}
export interface ReadRequest {
  readonly ref: PackRef;
  /** Compared with the record's header when given. */
  readonly guid?: Buffer;
  /** Byte range of the body, `to` exclusive; default the whole body. */
  readonly from?: number;
  readonly to?: number;
}
export interface WholeRecord {
  readonly guid: Buffer;
  readonly meta: RecordMeta;
  readonly body: Buffer;
}
/** Any number of readers, any thread. Every failure is a PackError: missing | short | corrupt | unsupported | io. */
export declare class PackReader {
  constructor(options: PackReaderOptions);
  /** The bytes [from, to) of the body. The header is always verified, the body's crc when all of it is read. */
  read(ref: PackRef, from?: number, to?: number, guid?: Buffer): Promise<Buffer>;
  readWhole(ref: PackRef, guid?: Buffer): Promise<WholeRecord>;
  /** In order, about 8 reads in flight; one failure is the item of its request, the rest go on. */
  readMany(requests: Iterable<ReadRequest>): AsyncGenerator<Buffer | PackError>;
  /** A long body in pieces with one piece read ahead; the crc of a whole body is checked before the last piece. */
  stream(ref: PackRef, from?: number, to?: number, guid?: Buffer): AsyncGenerator<Buffer>;
  /** Closes the pack's file if open (after it was compacted away). */
  forget(pack: PackId): void;
  close(): Promise<void>;
}

export interface SpoolOptions {
  /** Folder for large messages, on the packs' file system or not. */
  readonly dir: string;
  /** Messages above this go to a file; default 1 MB. */
  readonly memoryBytes?: number;
  /** Bytes in memory of all messages together; default 32 MB. Beyond, even small ones go to a file. */
  readonly totalMemoryBytes?: number;
}
export interface SpooledMessage extends AsyncDisposable {
  readonly guid: Buffer;
  readonly length: number;
  /** Goes into PackRecord.body as it is. */
  readonly body: ChunksBody | SpooledBody;
  /** First bytes at most, from memory or file, for parsing. */
  read(from: number, to: number): Promise<Buffer>;
  /** Frees memory or removes the file. Call when the append has settled. */
  dispose(): Promise<void>;
}
/** Takes messages as streams, hashing and counting; cleans up what dead processes left. */
export declare class Spool {
  static open(options: SpoolOptions): Promise<Spool>;
  /** `too-big` beyond maxBytes: the source is not read further. `expectedBytes` (a literal's size) saves copies. */
  receive(
    source: AsyncIterable<Buffer>,
    options: { readonly maxBytes: number; readonly expectedBytes?: number },
  ): Promise<SpooledMessage>;
  close(): Promise<void>;
}

export type ScanEvent =
  | ({
      readonly kind: 'message';
      readonly ref: PackRef;
      readonly seq: number;
      readonly guid: Buffer;
    } & RecordMeta)
  | {
      readonly kind: 'journal';
      readonly ref: PackRef;
      readonly seq: number;
      readonly entries: JournalEntry[];
    }
  /** Bytes [from, to) hold no valid record, but valid ones follow. */
  | { readonly kind: 'damage'; readonly from: number; readonly to: number; readonly reason: string }
  /** Always last: everything before validBytes was accounted for; `torn` when bytes follow it. */
  | { readonly kind: 'end'; readonly validBytes: number; readonly fileBytes: number; readonly torn: boolean };
export interface ScanOptions {
  /** Offset of a record to begin at (what an earlier scan ended with); default the first record. */
  readonly fromOffset?: number;
  /** Also compare each body with its GUID (SHA-256). */
  readonly verifyGuid?: boolean;
}
/** Reads a pack from end to end: recovery, reconstruct, fsck. */
export declare function scanPack(path: string, options?: ScanOptions): AsyncGenerator<ScanEvent>;

/** All packs of a partition, in order of id. */
export declare function listPacks(packsDir: string): Promise<PackInfo[]>;
/** Seals what dead processes left in any series (PackWriter.open does it for its own). Answers the ids. */
export declare function sealDeadPacks(packsDir: string): Promise<PackId[]>;
export declare function packPath(packsDir: string, id: PackId): string;

export interface LiveRecord {
  readonly guid: Buffer;
  readonly offset: number;
  readonly length: number;
}
export type Moved =
  | { readonly guid: Buffer; readonly from: PackRef; readonly to: PackRef }
  | { readonly guid: Buffer; readonly from: PackRef; readonly error: PackError };
export interface CompactOptions {
  readonly packsDir: string;
  readonly pack: PackId;
  readonly live: AsyncIterable<LiveRecord>;
  readonly writer: PackWriter;
  readonly reader: PackReader;
  /** Journal entries of the old pack: the entry to keep (may be reduced), or undefined to drop. Default keeps all. */
  readonly keepJournal?: (entry: JournalEntry) => JournalEntry | undefined;
}
/**
 * Copies live records, in the order given, to new packs. Yields batches whose copies are durable, so that the caller
 * updates its rows as it goes. `busy` when the pack is still being written. Does not remove the old pack.
 */
export declare function compactPack(options: CompactOptions): AsyncGenerator<Moved[]>;
/** Removes a sealed pack, for good. The caller has waited its grace and found no row that points to it. */
export declare function unlinkPack(packsDir: string, pack: PackId): Promise<void>;
