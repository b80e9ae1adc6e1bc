/** Shapes shared by writer, reader, scan and compaction of pack files. No behaviour here. */

/**
 * A pack's number: series * 2^24 + number within the series. A safe integer, 6 bytes in an SQLite row.
 * `packPath` turns it into a path; `packId` and `splitPackId` go between the two forms.
 */
export type PackId = number;

/** Where a record is. `offset` is that of the 64-byte header (8-aligned), `length` the body's bytes. */
export interface PackRef {
  readonly pack: PackId;
  readonly offset: number;
  readonly length: number;
}

/** Hints kept with the body for locality and rebuilds; both are unsigned 32-bit. */
export interface RecordMeta {
  /** Any number that groups a mailbox's messages (compaction order); 0 when unknown. */
  readonly mailboxHint: number;
  readonly internalDateSec: number;
}

/** A body in memory. The chunks must not change until the append has settled: they are written without a copy. */
export interface ChunksBody {
  readonly chunks: readonly Buffer[];
}

/** A body in a spool file; its check sum was taken while it was received and is compared when it is copied. */
export interface SpooledBody {
  readonly path: string;
  readonly length: number;
  readonly crc32: number;
}

/** One message to append. `guid` is the SHA-256 of the body, 32 bytes; the writer does not compute it again. */
export interface PackRecord {
  readonly guid: Buffer;
  readonly body: ChunksBody | SpooledBody;
  readonly meta: RecordMeta;
}

/** What a pack holds, as the planner of compaction and of reconstruct sees it. */
export interface PackInfo {
  readonly id: PackId;
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  /** Bytes up to the last valid record, once nobody writes to the pack any more; undefined while it is active. */
  readonly sealedBytes: number | undefined;
  /** What its records would take as they came, once it is sealed. */
  readonly rawBytes: number | undefined;
}
