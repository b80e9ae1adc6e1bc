/** The reading side of one shard: a read-only connection of the main thread. Each call sees the newest commit. */

import { isMailError, type Logger } from '@angarium/sdk';
import { toMailError } from '../errors.js';
import { MAX_UID, rowOf } from '../model/ids.js';
import type { PackRef } from '../packs/index.js';
import { type Db, openReader } from '../sql/open.js';
import { ANNOTATION_BYTES, type ChunkRow } from '../thread/shard.js';

/** What a mailbox's row says; a mailbox without a row is empty. */
export interface MailboxHeadRow {
  readonly id: number;
  readonly state: number;
  readonly version: number;
  readonly partition: number;
  readonly uidNext: number;
  readonly highestModSeq: number;
  readonly exists: number;
  readonly unseen: number;
  readonly deleted: number;
  readonly deletedBytes: number;
  readonly bytes: number;
  readonly recentFrom: number;
  readonly lastAppendMs: number;
  readonly vanishedFrom: number;
  /** JSON list. */
  readonly keywords: string;
  readonly quotaRoot: string | null;
}

type RawHead = [
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
  number,
  number,
  number,
  number,
  string,
  string | null,
];

/** A row of `hot` as bytes. */
export type RawChunk = [id: number, bytes: Buffer];

/** Cold records ascending by UID. */
export interface ColdPage {
  readonly uids: readonly number[];
  readonly lengths: readonly number[];
  /** One behind the other; longer ones than `maxPacked` octets are left out: see `coldBytes`. */
  readonly packed: Buffer;
  readonly maxPacked: number;
}

/** Where the body of a message is. */
export interface PlacedBody {
  readonly uid: number;
  readonly guid: Buffer;
  readonly ref: PackRef;
}

/** Longer records are rare, and gathering them would cost their memory twice. */
const MAX_PACKED_BYTES = 32_768;
const noPage: ColdPage = { uids: [], lengths: [], packed: Buffer.alloc(0), maxPacked: MAX_PACKED_BYTES };

export class ShardReader {
  private opened: { readonly db: Db; readonly statements: ReturnType<typeof prepareStatements> } | undefined;

  constructor(
    private readonly path: string,
    private readonly log: Logger,
  ) {}

  get db(): Db {
    return this.open().db;
  }

  private open() {
    if (this.opened === undefined) {
      const db = openReader(this.path);
      this.opened = { db, statements: prepareStatements(db) };
    }
    return this.opened;
  }

  private get sql() {
    return this.open().statements;
  }

  close(): void {
    this.opened?.db.close();
    this.opened = undefined;
  }

  /** All reads of `work` see one state. Must not await. */
  consistently<T>(work: () => T): T {
    return this.read(() => this.sql.transaction(work) as T);
  }

  /** @throws MailError CORRUPTION, UNAVAILABLE */
  private read<T>(work: () => T): T {
    try {
      return work();
    } catch (err) {
      const error = toMailError(err);
      if (!isMailError(err) && error.code === 'CORRUPTION') {
        this.log.error('the store is damaged: see store check, reconstruct', { path: this.path, err });
      }
      throw error;
    }
  }

  head(uniqueId: string): MailboxHeadRow | undefined {
    const raw = this.read(() => this.sql.head.get(uniqueId) as RawHead | undefined);
    if (raw === undefined) return undefined;
    return {
      id: raw[0],
      state: raw[1],
      version: raw[2],
      partition: raw[3],
      uidNext: raw[4],
      highestModSeq: raw[5],
      exists: raw[6],
      unseen: raw[7],
      deleted: raw[8],
      deletedBytes: raw[9],
      bytes: raw[10],
      recentFrom: raw[11],
      lastAppendMs: raw[12],
      vanishedFrom: raw[13],
      keywords: raw[14],
      quotaRoot: raw[15],
    };
  }

  chunks(mailboxNumber: number): RawChunk[] {
    return this.read(
      () => this.sql.chunks.all(rowOf(mailboxNumber, 0), rowOf(mailboxNumber, MAX_UID)) as RawChunk[],
    );
  }

  chunkHeads(mailboxNumber: number): [id: number, modSeq: number][] {
    return this.read(
      () =>
        this.sql.chunkHeads.all(rowOf(mailboxNumber, 0), rowOf(mailboxNumber, MAX_UID)) as [number, number][],
    );
  }

  chunk(id: ChunkRow['id']): Buffer | undefined {
    return this.read(() => this.sql.chunk.get(id) as Buffer | undefined);
  }

  /** The chunk that may hold `uid`, and those behind it. */
  chunksFrom(mailboxNumber: number, uid: number): Buffer[] {
    const lowest = rowOf(mailboxNumber, 0);
    const start = rowOf(mailboxNumber, uid);
    return this.read(
      () => this.sql.chunksFrom.all(start, lowest, lowest, rowOf(mailboxNumber, MAX_UID)) as Buffer[],
    );
  }

  viewer(mailboxNumber: number, user: string): number | undefined {
    return this.read(() => this.sql.viewer.get(mailboxNumber, user) as number | undefined);
  }

  /** Rows [from, to) of `seen` that changed after `modSeq`. */
  seenBlocks(from: number, to: number, modSeq: number): RawChunk[] {
    return this.read(() => this.sql.seen.all(from, to, modSeq) as RawChunk[]);
  }

  /** At most `limit` cold records. One row for all: a Buffer a record would take twice the time. */
  coldPage(mailboxNumber: number, fromUid: number, toUid: number, limit: number): ColdPage {
    if (fromUid === toUid) return this.lonePage(mailboxNumber, fromUid);
    const raw = this.read(
      () =>
        this.sql.coldPage.get(rowOf(mailboxNumber, fromUid), rowOf(mailboxNumber, toUid), limit) as
          | [string, string, Buffer | null]
          | [null, null, null],
    );
    const [uids, lengths, packed] = raw;
    if (uids === null) return noPage;
    return {
      uids: JSON.parse(`[${uids}]`),
      lengths: JSON.parse(`[${lengths}]`),
      packed: packed ?? noPage.packed,
      maxPacked: MAX_PACKED_BYTES,
    };
  }

  private lonePage(mailboxNumber: number, uid: number): ColdPage {
    const packed = this.coldBytes(mailboxNumber, uid);
    if (packed === undefined) return noPage;
    return { uids: [uid], lengths: [packed.length], packed, maxPacked: packed.length };
  }

  coldBytes(mailboxNumber: number, uid: number): Buffer | undefined {
    return this.read(() => this.sql.coldBytes.get(rowOf(mailboxNumber, uid)) as Buffer | undefined);
  }

  /** Where a message's body is. */
  body(mailboxNumber: number, uid: number, partition: number): { guid: Buffer; ref: PackRef } | undefined {
    const raw = this.read(
      () =>
        this.sql.body.get(partition, rowOf(mailboxNumber, uid)) as
          | [Buffer, number, number, number]
          | undefined,
    );
    if (raw === undefined) return undefined;
    return { guid: raw[0], ref: { pack: raw[1], offset: raw[2], length: raw[3] } };
  }

  /** The same for a run of UIDs, in one query; ascending. */
  bodies(mailboxNumber: number, fromUid: number, toUid: number, partition: number): PlacedBody[] {
    const raw = this.read(
      () =>
        this.sql.bodies.all(partition, rowOf(mailboxNumber, fromUid), rowOf(mailboxNumber, toUid)) as [
          number,
          string,
          number,
          number,
          number,
        ][],
    );
    return raw.map(([uid, guid, pack, offset, length]) => ({
      uid,
      guid: Buffer.from(guid, 'hex'),
      ref: { pack, offset, length },
    }));
  }

  vanished(mailboxNumber: number, modSeq: number): string[] {
    return this.read(() => this.sql.vanished.all(mailboxNumber, modSeq) as string[]);
  }

  expunged(mailboxNumber: number): [expungedMs: number, bytes: Buffer][] {
    return this.read(() => this.sql.expunged.all(mailboxNumber) as [number, Buffer][]);
  }

  annotations(
    mailboxNumber: number,
    fromUid: number,
    toUid: number,
    user: string,
  ): [number, string, Buffer][] {
    return this.read(
      () =>
        this.sql.annotations.all(rowOf(mailboxNumber, fromUid), rowOf(mailboxNumber, toUid), user) as [
          number,
          string,
          Buffer,
        ][],
    );
  }

  annotationUsage(root: string): number {
    return this.read(() => this.sql.annotationUsage.get(root) as number);
  }

  usage(root: string): [bytes: number, messages: number] | undefined {
    return this.read(() => this.sql.usage.get(root) as [number, number] | undefined);
  }
}

function prepareStatements(db: Db) {
  const raw = (sql: string) => db.prepare(sql).raw();
  return {
    transaction: db.transaction((work: () => unknown) => work()),
    head: raw(
      `SELECT id, state, version, partition, uidnext, highestmodseq, exists_, unseen, deleted, deleted_bytes, bytes,
       recent_from, last_append_ms, vanished_from, keywords, quota_root FROM mbx WHERE uniqueid = ?`,
    ),
    chunks: raw('SELECT id, b FROM hot WHERE id BETWEEN ? AND ? ORDER BY id'),
    chunkHeads: raw('SELECT id, modseq FROM hot WHERE id BETWEEN ? AND ? ORDER BY id'),
    chunk: db.prepare('SELECT b FROM hot WHERE id = ?').pluck(),
    chunksFrom: db
      .prepare(
        `SELECT b FROM hot WHERE id >= coalesce((SELECT max(id) FROM hot WHERE id <= ? AND id >= ?), ?) AND id <= ?
         ORDER BY id`,
      )
      .pluck(),
    viewer: db.prepare('SELECT id FROM viewer WHERE mbx = ? AND user = ?').pluck(),
    seen: raw('SELECT id, b FROM seen WHERE id >= ? AND id < ? AND modseq > ?'),
    // group_concat takes octets as they are, NUL and all. length() of a column does not read what overflows its page.
    coldPage: raw(
      `SELECT group_concat(uid), group_concat(n), CAST(group_concat(b, '') AS BLOB) FROM (
         SELECT id & ${MAX_UID} AS uid, length(b) AS n, CASE WHEN length(b) <= ${MAX_PACKED_BYTES} THEN b END AS b
         FROM cold WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?)`,
    ),
    coldBytes: db.prepare('SELECT b FROM cold WHERE id = ?').pluck(),
    body: raw(
      `SELECT cold.guid, blob.pack, blob.off, blob.len FROM cold JOIN blob ON blob.part = ? AND blob.guid = cold.guid
       WHERE cold.id = ?`,
    ),
    // A Buffer of SQLite's has memory of its own, which costs more than hexadecimal digits and back.
    bodies: raw(
      `SELECT cold.id & ${MAX_UID}, hex(cold.guid), blob.pack, blob.off, blob.len FROM cold
       JOIN blob ON blob.part = ? AND blob.guid = cold.guid WHERE cold.id BETWEEN ? AND ? ORDER BY cold.id`,
    ),
    vanished: db.prepare('SELECT uids FROM vanished WHERE mbx = ? AND modseq > ?').pluck(),
    expunged: raw('SELECT expunged_ms, b FROM expunged WHERE mbx = ?'),
    annotations: raw('SELECT id, entry, value FROM annotation WHERE id BETWEEN ? AND ? AND user = ?'),
    annotationUsage: db.prepare(ANNOTATION_BYTES).pluck(),
    usage: raw('SELECT bytes, messages FROM quota_usage WHERE root = ?'),
  };
}
