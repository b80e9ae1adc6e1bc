/** Messages coming into a mailbox, whatever brings them: append, copy, unexpunge. */

import { Flag, MailError, redateSummary, type UsageLimit } from '@angarium/sdk';
import { CHUNK_MESSAGES, concatColumns, emptyColumns } from '../model/chunk.js';
import { MAX_UID, rowOf } from '../model/ids.js';
import type { FiledMessage, PackRef } from '../packs/index.js';
import { sql } from '../sql/statements.js';
import { allocateBits, noBits, united } from './keywords.js';
import { ViewerSeen } from './seen.js';
import type { MailboxRow, ShardWriter, Usage } from './shard.js';

/** One message to file. `place` is where its body is, when the caller knows. */
export interface Incoming {
  readonly guid: Buffer;
  readonly size: number;
  readonly summary: Buffer;
  readonly place: PackRef | undefined;
  readonly flags: number;
  readonly keywords: readonly string[];
  readonly internalDateMs: number;
  readonly annotations: readonly AnnotationRow[];
}

export interface AnnotationRow {
  /** '' for shared ones. */
  readonly user: string;
  readonly entry: string;
  readonly value: Uint8Array;
}

/** The body is not (or no longer) in this shard and partition: put it there, then try again. */
export class BodyNeeded extends Error {
  override readonly name = 'BodyNeeded';
  constructor(
    readonly guid: Buffer,
    readonly partition: number,
  ) {
    super('the body has to be stored first');
  }
}

/** What roots hold in the other shards: exact use is known inside the transaction for this one alone. */
export type UsageElsewhere = (root: string, shard: number) => Usage;

/** @throws MailError OVERQUOTA when `row`'s root would hold more than a limit allows. */
export function checkLimits(
  shard: ShardWriter,
  row: MailboxRow,
  limits: readonly UsageLimit[],
  coming: Usage,
  elsewhere: UsageElsewhere,
): void {
  for (const { quotaRoot, bytes, messages } of limits) {
    if (quotaRoot !== row.quotaRoot) continue;
    const here = shard.usage(quotaRoot);
    const there = elsewhere(quotaRoot, shard.number);
    const isOver =
      (bytes !== undefined && here.bytes + there.bytes + coming.bytes > bytes) ||
      (messages !== undefined && here.messages + there.messages + coming.messages > messages);
    if (isOver) throw new MailError('OVERQUOTA', 'Mailbox is over quota');
  }
}

export interface FileOptions {
  readonly viewer: string | undefined;
  readonly nowMs: number;
}

export interface Filed {
  readonly uids: number[];
  readonly modSeq: number;
  readonly chunks: number[];
  /** For the journal. */
  readonly messages: readonly FiledMessage[];
}

/**
 * Files the messages under the next UIDs, in order, all with one new modseq. The row is changed and saved.
 * @throws BodyNeeded; MailError LIMIT (keywords, UIDs)
 */
export function fileMessages(
  shard: ShardWriter,
  row: MailboxRow,
  messages: Iterable<Incoming>,
  options: FileOptions,
): Filed {
  const modSeq = ++row.highestModSeq;
  const seen = options.viewer === undefined ? undefined : new ViewerSeen(shard, row.id, options.viewer);
  const tail = new ChunkTail(shard, row, modSeq);
  const uids: number[] = [];
  const filed: FiledMessage[] = [];
  let taken = noBits;
  let bytes = 0;
  for (const message of messages) {
    const uid = row.uidNext++;
    if (uid > MAX_UID) throw new MailError('LIMIT', 'Mailbox has used up its UIDs');
    if (!shard.addBlobRef(row.partition, message.guid, message.place)) {
      throw new BodyNeeded(message.guid, row.partition);
    }
    const { internalDateMs } = message;
    const date = Math.min(Math.max(0, Math.floor(internalDateMs / 1000)), 0xffffffff);
    shard.putCold(
      rowOf(row.id, uid),
      message.guid,
      redateSummary(message.summary, date * 1000, options.nowMs),
    );
    for (const { user, entry, value } of message.annotations)
      putAnnotation(shard, row.id, uid, user, entry, value);
    const isSeen = (message.flags & Flag.seen) !== 0;
    if (seen !== undefined && isSeen) seen.set(uid, true, modSeq);
    const flags = seen === undefined ? message.flags : message.flags & ~Flag.seen;
    const bits = allocateBits(shard, row, message.keywords, taken);
    taken = united(taken, bits);
    tail.add(uid, flags, bits, message.size, date);
    count(row, flags, message.size);
    bytes += message.size;
    uids.push(uid);
    const { guid, keywords } = message;
    filed.push({ uid, guid, flags, keywords, internalDateSec: date, zoneMinutes: 0 });
  }
  seen?.save();
  row.lastAppendMs = options.nowMs;
  shard.addUsage(row.quotaRoot, bytes, uids.length);
  shard.save(row);
  return { uids, modSeq, chunks: tail.finish(), messages: filed };
}

function count(row: MailboxRow, flags: number, size: number): void {
  row.exists++;
  row.bytes += size;
  if ((flags & Flag.seen) === 0) row.unseen++;
  if ((flags & Flag.deleted) !== 0) {
    row.deleted++;
    row.deletedBytes += size;
  }
}

export function putAnnotation(
  shard: ShardWriter,
  mailboxNumber: number,
  uid: number,
  user: string,
  entry: string,
  value: Uint8Array,
): void {
  sql(shard.db, 'INSERT OR REPLACE INTO annotation (id, user, entry, value) VALUES (?, ?, ?, ?)').run(
    rowOf(mailboxNumber, uid),
    user,
    entry,
    value,
  );
}

/** The end of a mailbox's index: fills the last chunk, then begins new ones. */
class ChunkTail {
  private readonly written: number[] = [];
  private id: number | undefined;
  private columns = emptyColumns(0);
  private fresh = emptyColumns(CHUNK_MESSAGES);
  private filled = 0;

  constructor(
    private readonly shard: ShardWriter,
    private readonly row: MailboxRow,
    private readonly modSeq: number,
  ) {
    const last = shard.lastChunk(row.id);
    if (last !== undefined && last.columns.count < CHUNK_MESSAGES) {
      this.id = last.id;
      this.columns = last.columns;
    }
  }

  add(uid: number, flags: number, keywords: readonly number[], size: number, date: number): void {
    if (this.columns.count + this.filled === CHUNK_MESSAGES) this.write();
    this.id ??= rowOf(this.row.id, uid);
    const at = this.filled++;
    this.fresh.uids[at] = uid;
    this.fresh.flags[at] = flags;
    this.fresh.sizes[at] = size;
    this.fresh.dates[at] = date;
    this.fresh.modseqs[at] = this.modSeq;
    this.fresh.keywords.set(keywords, 4 * at);
  }

  /** The rows written. */
  finish(): number[] {
    if (this.filled > 0) this.write();
    return this.written;
  }

  private write(): void {
    const { id, filled } = this;
    if (id === undefined) return;
    const columns = concatColumns(this.columns, { ...this.fresh, count: filled });
    this.shard.putChunk(id, columns, this.modSeq);
    this.written.push(id);
    this.id = undefined;
    this.columns = emptyColumns(0);
    this.filled = 0;
  }
}
