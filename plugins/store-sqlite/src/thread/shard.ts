/** The writing side of one shard: rows of mailboxes, chunks, cold records and blobs. Called inside a transaction. */
import { MailError } from '@angarium/sdk';
import { nonexistent } from '../errors.js';
import { type Columns, decodeColumns, encodeColumns } from '../model/chunk.js';
import { MAX_MAILBOX_NUMBER, MAX_UID, rowOf } from '../model/ids.js';
import type { PackRef } from '../packs/index.js';
import type { Db } from '../sql/open.js';
import type { MailboxRef } from './protocol.js';

export const MailboxRowState = { live: 0, deleted: 1, gone: 2 } as const;

/** A row of `mbx`; changed in memory, then saved whole. */
export interface MailboxRow {
  /** The mailbox's number in this shard. */
  readonly id: number;
  readonly uniqueId: string;
  state: number;
  version: number;
  key: string;
  uidValidity: number;
  partition: number;
  quotaRoot: string | null;
  uidNext: number;
  highestModSeq: number;
  exists: number;
  unseen: number;
  deleted: number;
  deletedBytes: number;
  bytes: number;
  recentFrom: number;
  lastAppendMs: number;
  vanishedFrom: number;
  keywords: string[];
}

export interface ChunkRow {
  readonly id: number;
  readonly columns: Columns;
}

export interface ColdRow {
  readonly id: number;
  readonly guid: Buffer;
  readonly summary: Buffer;
}

export interface Usage {
  readonly bytes: number;
  readonly messages: number;
}

const COLUMNS = `id, uniqueid, state, version, key, uidvalidity, partition, quota_root, uidnext, highestmodseq, exists_,
  unseen, deleted, deleted_bytes, bytes, recent_from, last_append_ms, vanished_from, keywords`;

/** From the annotations' side: mostly there are none. */
export const ANNOTATION_BYTES = `SELECT ifnull(sum(length(annotation.value)), 0)
  FROM annotation CROSS JOIN mbx ON mbx.id = annotation.id >> 32 WHERE mbx.quota_root = ? AND mbx.state = 0`;

type RawMailbox = [
  number,
  string,
  number,
  number,
  string,
  number,
  number,
  string | null,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  string,
];

export class ShardWriter {
  private readonly statements;

  constructor(
    readonly number: number,
    readonly db: Db,
  ) {
    this.statements = prepareStatements(db);
  }

  /**
   * The mailbox's row; made when absent, since creating a mailbox writes the list alone. A newer entry of the list
   * than the row has seen is taken over. @throws MailError NONEXISTENT when it was deleted.
   * @param making is called before a row is made: what it throws keeps it from being made.
   */
  mailbox(ref: MailboxRef, making?: () => void): MailboxRow {
    const row = this.peek(ref.id) ?? this.create(ref, making);
    if (ref.version > row.version && row.state !== MailboxRowState.gone) this.adopt(row, ref);
    if (row.state !== MailboxRowState.live) throw nonexistent();
    return row;
  }

  /** Without making or changing it. */
  peek(id: string): MailboxRow | undefined {
    const raw = this.statements.mailbox.get(id) as RawMailbox | undefined;
    return raw === undefined ? undefined : fromRaw(raw);
  }

  private create(ref: MailboxRef, making?: () => void): MailboxRow {
    making?.();
    const { id, version, key, uidValidity, partition, quotaRoot } = ref;
    const made = this.statements.createMailbox.run(id, version, key, uidValidity, partition, quotaRoot);
    if (Number(made.lastInsertRowid) > MAX_MAILBOX_NUMBER) {
      throw new MailError('LIMIT', 'Too many mailboxes in this shard');
    }
    return fromRaw(this.statements.mailbox.get(id) as RawMailbox);
  }

  private adopt(row: MailboxRow, ref: MailboxRef): void {
    row.version = ref.version;
    row.key = ref.key;
    row.state = MailboxRowState.live;
    this.setQuotaRoot(row, ref.quotaRoot);
    this.save(row);
  }

  /** Takes the mailbox's use from the old root to the new one. The row is the caller's to save. */
  setQuotaRoot(row: MailboxRow, root: string | null): void {
    if (row.quotaRoot === root) return;
    this.addUsage(row.quotaRoot, -row.bytes, -row.exists);
    row.quotaRoot = root;
    this.addUsage(root, row.bytes, row.exists);
  }

  save(row: MailboxRow): void {
    this.statements.saveMailbox.run(
      row.state,
      row.version,
      row.key,
      row.uidValidity,
      row.partition,
      row.quotaRoot,
      row.uidNext,
      row.highestModSeq,
      row.exists,
      row.unseen,
      row.deleted,
      row.deletedBytes,
      row.bytes,
      row.recentFrom,
      row.lastAppendMs,
      row.vanishedFrom,
      JSON.stringify(row.keywords),
      row.id,
    );
  }

  addUsage(root: string | null, bytes: number, messages: number): void {
    if (root === null || (bytes === 0 && messages === 0)) return;
    this.statements.addUsage.run(root, bytes, messages);
  }

  usage(root: string): Usage {
    const raw = this.statements.usage.get(root) as [number, number] | undefined;
    return raw === undefined ? { bytes: 0, messages: 0 } : { bytes: raw[0], messages: raw[1] };
  }

  /** Octets of annotations of all messages under the root, expunged ones that are kept included. Reads all annotations. */
  annotationBytes(root: string): number {
    return this.statements.annotationBytes.get(root) as number;
  }

  /** The chunks that may hold one of these UIDs (start, end, start, end …), ascending, each once. */
  *chunks(mailboxNumber: number, ranges: readonly number[]): IterableIterator<ChunkRow> {
    let last = -1;
    for (let i = 0; i < ranges.length; i += 2) {
      const lowest = rowOf(mailboxNumber, 0);
      const start = rowOf(mailboxNumber, ranges[i]!);
      const end = rowOf(mailboxNumber, Math.min(ranges[i + 1]!, MAX_UID));
      let raw = (last >= start ? undefined : this.statements.chunkAtOrBelow.get(start, lowest)) as
        | [number, Buffer]
        | undefined;
      if (raw === undefined || raw[0] <= last) raw = this.nextChunk(Math.max(last, start - 1), end);
      while (raw !== undefined && raw[0] <= end) {
        last = raw[0];
        yield { id: raw[0], columns: decodeColumns(raw[1]) };
        raw = this.nextChunk(last, end);
      }
    }
  }

  private nextChunk(after: number, end: number): [number, Buffer] | undefined {
    return this.statements.chunkAfter.get(after, end) as [number, Buffer] | undefined;
  }

  chunkAfter(mailboxNumber: number, id: number): ChunkRow | undefined {
    const raw = this.nextChunk(id, rowOf(mailboxNumber, MAX_UID));
    return raw === undefined ? undefined : { id: raw[0], columns: decodeColumns(raw[1]) };
  }

  lastChunk(mailboxNumber: number): ChunkRow | undefined {
    const end = rowOf(mailboxNumber, MAX_UID);
    const raw = this.statements.chunkAtOrBelow.get(end, rowOf(mailboxNumber, 0)) as
      | [number, Buffer]
      | undefined;
    return raw === undefined ? undefined : { id: raw[0], columns: decodeColumns(raw[1]) };
  }

  /** `modSeq` is that of the change: an expunge changes the row and no message's modseq. */
  putChunk(id: number, columns: Columns, modSeq: number): void {
    this.statements.putChunk.run(id, modSeq, encodeColumns(columns));
  }

  deleteChunk(id: number): void {
    this.statements.deleteChunk.run(id);
  }

  putCold(id: number, guid: Buffer, summary: Buffer): void {
    this.statements.putCold.run(id, guid, summary);
  }

  cold(id: number): ColdRow | undefined {
    const raw = this.statements.cold.get(id) as [Buffer, Buffer] | undefined;
    return raw === undefined ? undefined : { id, guid: raw[0], summary: raw[1] };
  }

  deleteCold(id: number): void {
    this.statements.deleteCold.run(id);
  }

  blobPlace(partition: number, guid: Buffer): PackRef | undefined {
    const raw = this.statements.blob.get(partition, guid) as [number, number, number] | undefined;
    return raw === undefined ? undefined : { pack: raw[0], offset: raw[1], length: raw[2] };
  }

  /** One more reference. `place` serves when the blob is new here; false when it is and there is none. */
  addBlobRef(partition: number, guid: Buffer, place: PackRef | undefined): boolean {
    if (this.statements.refBlob.run(partition, guid).changes === 1) return true;
    if (place === undefined) return false;
    this.statements.addBlob.run(partition, guid, place.pack, place.offset, place.length);
    return true;
  }

  /** What a message held: one that is being moved holds a reference in two partitions. */
  dropMessageRef(mailboxNumber: number, uid: number, partition: number, guid: Buffer): void {
    this.dropBlobRef(partition, guid);
    const other = this.statements.movingAt.get(mailboxNumber, uid, uid) as [number] | undefined;
    if (other !== undefined) this.dropBlobRef(other[0], guid);
  }

  /** One reference less; the row goes with the last. */
  dropBlobRef(partition: number, guid: Buffer): void {
    this.statements.unrefBlob.run(partition, guid);
    this.statements.deleteBlob.run(partition, guid);
  }
}

function prepareStatements(db: Db) {
  const raw = (sql: string) => db.prepare(sql).raw();
  return {
    mailbox: raw(`SELECT ${COLUMNS} FROM mbx WHERE uniqueid = ?`),
    createMailbox: db.prepare(
      'INSERT INTO mbx (uniqueid, version, key, uidvalidity, partition, quota_root) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    saveMailbox: db.prepare(
      `UPDATE mbx SET state = ?, version = ?, key = ?, uidvalidity = ?, partition = ?, quota_root = ?, uidnext = ?,
       highestmodseq = ?, exists_ = ?, unseen = ?, deleted = ?, deleted_bytes = ?, bytes = ?, recent_from = ?,
       last_append_ms = ?, vanished_from = ?, keywords = ? WHERE id = ?`,
    ),
    addUsage: db.prepare(
      `INSERT INTO quota_usage (root, bytes, messages) VALUES (?, ?, ?)
       ON CONFLICT (root) DO UPDATE SET bytes = bytes + excluded.bytes, messages = messages + excluded.messages`,
    ),
    usage: raw('SELECT bytes, messages FROM quota_usage WHERE root = ?'),
    annotationBytes: db.prepare(ANNOTATION_BYTES).pluck(),
    chunkAtOrBelow: raw('SELECT id, b FROM hot WHERE id <= ? AND id >= ? ORDER BY id DESC LIMIT 1'),
    chunkAfter: raw('SELECT id, b FROM hot WHERE id > ? AND id <= ? ORDER BY id LIMIT 1'),
    putChunk: db.prepare('INSERT OR REPLACE INTO hot (id, modseq, b) VALUES (?, ?, ?)'),
    deleteChunk: db.prepare('DELETE FROM hot WHERE id = ?'),
    putCold: db.prepare('INSERT INTO cold (id, guid, b) VALUES (?, ?, ?)'),
    cold: raw('SELECT guid, b FROM cold WHERE id = ?'),
    deleteCold: db.prepare('DELETE FROM cold WHERE id = ?'),
    blob: raw('SELECT pack, off, len FROM blob WHERE part = ? AND guid = ?'),
    refBlob: db.prepare('UPDATE blob SET refs = refs + 1 WHERE part = ? AND guid = ?'),
    addBlob: db.prepare('INSERT INTO blob (part, guid, refs, pack, off, len) VALUES (?, ?, 1, ?, ?, ?)'),
    movingAt: raw('SELECT other FROM moving WHERE mbx = ? AND first <= ? AND last >= ?'),
    unrefBlob: db.prepare('UPDATE blob SET refs = refs - 1 WHERE part = ? AND guid = ?'),
    deleteBlob: db.prepare('DELETE FROM blob WHERE part = ? AND guid = ? AND refs <= 0'),
  };
}

function fromRaw(raw: RawMailbox): MailboxRow {
  return {
    id: raw[0],
    uniqueId: raw[1],
    state: raw[2],
    version: raw[3],
    key: raw[4],
    uidValidity: raw[5],
    partition: raw[6],
    quotaRoot: raw[7],
    uidNext: raw[8],
    highestModSeq: raw[9],
    exists: raw[10],
    unseen: raw[11],
    deleted: raw[12],
    deletedBytes: raw[13],
    bytes: raw[14],
    recentFrom: raw[15],
    lastAppendMs: raw[16],
    vanishedFrom: raw[17],
    keywords: JSON.parse(raw[18]) as string[],
  };
}
