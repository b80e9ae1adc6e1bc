/** Messages leaving a mailbox: their chunk rows go at once, bodies and cold rows when the delay is over. */

import { Flag, NumberSet } from '@angarium/sdk';
import {
  CHUNK_MESSAGES,
  type Columns,
  concatColumns,
  copyMessage,
  decodeColumns,
  emptyColumns,
  encodeColumns,
  filterColumns,
} from '../model/chunk.js';
import { flatten, rowOf, unflatten } from '../model/ids.js';
import { pluck, raw, sql } from '../sql/statements.js';
import { noted } from './flags.js';
import type { In, Out } from './protocol.js';
import type { MailboxRow, ShardWriter } from './shard.js';

/** Rows of vanished UIDs kept for a mailbox; older ones make a resynchronising client look for itself. */
const MAX_VANISHED_ROWS = 1024;

export interface ExpungeOutcome {
  readonly result: Out<'expunge'>;
  readonly from: number;
  readonly chunks: readonly number[] | undefined;
}

export function expunge(shard: ShardWriter, input: In<'expunge'>): ExpungeOutcome {
  const row = shard.mailbox(input.ref);
  const { onlyDeleted, nowMs } = input;
  return removeMessages(shard, row, input.uids, onlyDeleted, nowMs);
}

/** The row is changed and saved. */
export function removeMessages(
  shard: ShardWriter,
  row: MailboxRow,
  ranges: readonly number[],
  onlyDeleted: boolean,
  nowMs: number,
): ExpungeOutcome {
  const from = row.highestModSeq;
  const set = unflatten(ranges);
  const touched: number[] = [];
  const gone: number[] = [];
  const keep = sql(shard.db, 'INSERT INTO expunged (mbx, expunged_ms, b) VALUES (?, ?, ?)');
  let bytes = 0;
  for (const { id, columns } of shard.chunks(row.id, ranges)) {
    const leaves = (i: number) =>
      set.has(columns.uids[i]!) && (!onlyDeleted || (columns.flags[i]! & Flag.deleted) !== 0);
    const left = filterColumns(columns, leaves);
    if (left.count === 0) continue;
    const stay = left === columns ? emptyColumns(0) : filterColumns(columns, (i) => !leaves(i));
    for (let i = 0; i < left.count; i++) {
      gone.push(left.uids[i]!);
      bytes += left.sizes[i]!;
      uncount(row, left.flags[i]!, left.sizes[i]!);
    }
    keep.run(row.id, nowMs, encodeColumns(left));
    if (stay.count === 0) shard.deleteChunk(id);
    else shard.putChunk(id, stay, from + 1);
    touched.push(id);
  }
  if (gone.length === 0) return { result: { uids: [], modSeq: from }, from, chunks: [] };
  merge(shard, row.id, touched, from + 1);
  row.highestModSeq++;
  const uids = NumberSet.fromAscending(gone);
  noteVanished(shard, row, uids);
  shard.addUsage(row.quotaRoot, -bytes, -gone.length);
  shard.save(row);
  return { result: { uids: flatten(uids), modSeq: row.highestModSeq }, from, chunks: noted(touched) };
}

function uncount(row: MailboxRow, flags: number, size: number): void {
  row.exists--;
  row.bytes -= size;
  if ((flags & Flag.seen) === 0) row.unseen--;
  if ((flags & Flag.deleted) !== 0) {
    row.deleted--;
    row.deletedBytes -= size;
  }
}

/** Joins chunks that are less than half full with the one behind, so that a mailbox that shrinks gets shorter. */
function merge(shard: ShardWriter, mailboxNumber: number, touched: number[], modSeq: number): void {
  const half = CHUNK_MESSAGES / 2;
  for (const id of [...touched]) {
    const [here] = shard.chunks(mailboxNumber, [id % 2 ** 32, id % 2 ** 32]);
    if (here === undefined || here.columns.count >= half) continue;
    let { columns } = here;
    for (let next = shard.chunkAfter(mailboxNumber, here.id); next !== undefined; ) {
      if (next.columns.count >= half || columns.count + next.columns.count > CHUNK_MESSAGES) break;
      columns = concatColumns(columns, next.columns);
      shard.deleteChunk(next.id);
      touched.push(next.id);
      next = shard.chunkAfter(mailboxNumber, next.id);
    }
    if (columns === here.columns) continue;
    shard.putChunk(here.id, columns, modSeq);
    touched.push(here.id);
  }
}

function noteVanished(shard: ShardWriter, row: MailboxRow, uids: NumberSet): void {
  const { db } = shard;
  sql(db, 'INSERT INTO vanished (mbx, modseq, uids) VALUES (?, ?, ?)').run(
    row.id,
    row.highestModSeq,
    uids.toString(),
  );
  // Every row has a modseq of its own: below this there cannot be too many.
  if (row.highestModSeq - row.vanishedFrom <= 2 * MAX_VANISHED_ROWS) return;
  const oldest = pluck(
    db,
    'SELECT modseq FROM vanished WHERE mbx = ? ORDER BY modseq DESC LIMIT 1 OFFSET ?',
  ).get(row.id, MAX_VANISHED_ROWS) as number | undefined;
  if (oldest === undefined) return;
  sql(db, 'DELETE FROM vanished WHERE mbx = ? AND modseq <= ?').run(row.id, oldest);
  row.vanishedFrom = oldest;
}

interface ExpungedRow {
  readonly id: number;
  readonly mailboxNumber: number;
  readonly columns: Columns;
}

function expungedRows(shard: ShardWriter, where: string, ...values: number[]): ExpungedRow[] {
  const rows = raw(shard.db, `SELECT id, mbx, b FROM expunged WHERE ${where}`).all(...values);
  return (rows as [number, number, Buffer][]).map(([id, mailboxNumber, bytes]) => ({
    id,
    mailboxNumber,
    columns: decodeColumns(bytes),
  }));
}

/** Takes these UIDs out of the expunged ones; their cold rows and blob references are the caller's now. */
export function takeExpunged(shard: ShardWriter, row: MailboxRow, ranges: readonly number[]): Columns {
  const set = unflatten(ranges);
  let taken = emptyColumns(0);
  const update = sql(shard.db, 'UPDATE expunged SET b = ? WHERE id = ?');
  for (const { id, columns } of expungedRows(shard, 'mbx = ?', row.id)) {
    const wanted = filterColumns(columns, (i) => set.has(columns.uids[i]!));
    if (wanted.count === 0) continue;
    taken = concatColumns(taken, wanted);
    const rest = filterColumns(columns, (i) => !set.has(columns.uids[i]!));
    if (wanted === columns) sql(shard.db, 'DELETE FROM expunged WHERE id = ?').run(id);
    else update.run(encodeColumns(rest), id);
  }
  return sortedByUid(taken);
}

function sortedByUid(columns: Columns): Columns {
  const order = Array.from({ length: columns.count }, (_, i) => i).sort(
    (a, b) => columns.uids[a]! - columns.uids[b]!,
  );
  const result = emptyColumns(columns.count);
  for (const [to, from] of order.entries()) copyMessage(columns, from, result, to);
  return result;
}

/** At most this many rows of `expunged` (100 messages each) in one transaction. */
const PURGE_ROWS = 20;

/** Gives up what was expunged before; one batch: `isMore` asks for another. */
export function purgeBatch(
  shard: ShardWriter,
  mailboxNumber: number | undefined,
  beforeMs: number,
): { messages: number; bytes: number; isMore: boolean } {
  const rows =
    mailboxNumber === undefined
      ? expungedRows(shard, `expunged_ms < ? LIMIT ${PURGE_ROWS}`, beforeMs)
      : expungedRows(shard, `mbx = ? AND expunged_ms < ? LIMIT ${PURGE_ROWS}`, mailboxNumber, beforeMs);
  const partitionOf = pluck(shard.db, 'SELECT partition FROM mbx WHERE id = ?');
  let messages = 0;
  let bytes = 0;
  for (const { id, mailboxNumber: number, columns } of rows) {
    const partition = partitionOf.get(number) as number;
    for (let i = 0; i < columns.count; i++) {
      forget(shard, number, columns.uids[i]!, partition);
      bytes += columns.sizes[i]!;
    }
    messages += columns.count;
    sql(shard.db, 'DELETE FROM expunged WHERE id = ?').run(id);
  }
  return { messages, bytes, isMore: rows.length === PURGE_ROWS };
}

/** The last trace of a message. */
export function forget(shard: ShardWriter, mailboxNumber: number, uid: number, partition: number): void {
  const id = rowOf(mailboxNumber, uid);
  const cold = shard.cold(id);
  if (cold !== undefined) {
    shard.dropMessageRef(mailboxNumber, uid, partition, cold.guid);
    shard.deleteCold(id);
  }
  sql(shard.db, 'DELETE FROM annotation WHERE id = ?').run(id);
}
