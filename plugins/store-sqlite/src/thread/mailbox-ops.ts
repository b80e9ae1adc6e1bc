/** What is done to a mailbox besides its messages: \Recent, annotations, going and coming back. */

import { MAX_UID, rowOf, seenRowOf, unflatten } from '../model/ids.js';
import { pluck, sql } from '../sql/statements.js';
import { forget, purgeBatch } from './expunge.js';
import { noted, pushUid } from './flags.js';
import { putAnnotation } from './messages.js';
import type { In, MailboxRef, Ranges } from './protocol.js';
import type { QuotaRoots } from './roots.js';
import { ViewerSeen } from './seen.js';
import { type MailboxRow, MailboxRowState, type ShardWriter } from './shard.js';

/** The old boundary; what is below is nobody's \Recent any more. */
export function claimRecent(shard: ShardWriter, ref: MailboxRef): number {
  const row = shard.mailbox(ref);
  const { recentFrom } = row;
  if (recentFrom !== row.uidNext) {
    row.recentFrom = row.uidNext;
    shard.save(row);
  }
  return recentFrom;
}

export interface AnnotateOutcome {
  readonly from: number;
  readonly modSeq: number;
  readonly chunks: readonly number[] | undefined;
  /** Failed the test of `unchangedSince`. */
  readonly modified: Ranges;
}

/** @throws MailError OVERQUOTA (annotations); RootBusy */
export function annotate(shard: ShardWriter, input: In<'annotate'>, roots: QuotaRoots): AnnotateOutcome {
  const row = shard.mailbox(input.ref);
  return roots.withAnnotations(shard, row, input.limits, () => putAnnotations(shard, row, input));
}

/** Sets or removes entries of these messages; each gets a new modseq (RFC 5257 §4.3 with RFC 7162). */
function putAnnotations(shard: ShardWriter, row: MailboxRow, input: In<'annotate'>): AnnotateOutcome {
  const from = row.highestModSeq;
  const set = unflatten(input.uids);
  const remove = sql(shard.db, 'DELETE FROM annotation WHERE id = ? AND user = ? AND entry = ?');
  const { viewer, unchangedSince = Number.POSITIVE_INFINITY } = input;
  const seen = viewer === undefined ? undefined : new ViewerSeen(shard, row.id, viewer);
  const modified: number[] = [];
  const written: number[] = [];
  for (const { id, columns } of shard.chunks(row.id, input.uids)) {
    let isTouched = false;
    for (let i = 0; i < columns.count; i++) {
      const uid = columns.uids[i]!;
      if (!set.has(uid)) continue;
      if (Math.max(columns.modseqs[i]!, seen?.modSeqOf(uid) ?? 0) > unchangedSince) {
        pushUid(modified, uid);
        continue;
      }
      isTouched = true;
      columns.modseqs[i] = from + 1;
      for (const [entry, value] of input.entries) {
        if (value === undefined) remove.run(rowOf(row.id, uid), input.user, entry);
        else putAnnotation(shard, row.id, uid, input.user, entry, value);
      }
    }
    if (!isTouched) continue;
    shard.putChunk(id, columns, from + 1);
    written.push(id);
  }
  if (written.length > 0) {
    row.highestModSeq = from + 1;
    shard.save(row);
  }
  return { from, modSeq: row.highestModSeq, chunks: noted(written), modified };
}

/**
 * After its deletion from the list: uses no quota, takes nothing in. A mailbox without a row had no messages.
 * False when the row has seen a newer entry of the list: the mailbox was brought back meanwhile.
 */
export function markDeleted(shard: ShardWriter, ref: MailboxRef, isGone: boolean): boolean {
  const row = shard.peek(ref.id);
  if (row === undefined || row.state === MailboxRowState.gone) return true;
  if (row.version > ref.version) return false;
  row.state = isGone ? MailboxRowState.gone : MailboxRowState.deleted;
  row.version = ref.version;
  shard.setQuotaRoot(row, null);
  shard.save(row);
  return true;
}

/** A newer entry of the list than the row has seen: its name, root, state. */
export function syncMailbox(shard: ShardWriter, ref: MailboxRef): void {
  if (shard.peek(ref.id) !== undefined) shard.mailbox(ref);
}

/** Chunks (100 messages each) in one transaction. */
const WIPE_CHUNKS = 20;

/** Takes out the data of a mailbox that is gone; one batch, true when there is more. The row stays as a tombstone. */
export function wipeBatch(shard: ShardWriter, id: string): boolean {
  const row = shard.peek(id);
  if (row === undefined || row.state !== MailboxRowState.gone) return false;
  let chunks = 0;
  for (const chunk of shard.chunks(row.id, [1, MAX_UID])) {
    for (const uid of chunk.columns.uids) forget(shard, row.id, uid, row.partition);
    shard.deleteChunk(chunk.id);
    if (++chunks === WIPE_CHUNKS) return true;
  }
  if (purgeBatch(shard, row.id, Number.MAX_SAFE_INTEGER).isMore) return true;
  const { db } = shard;
  sql(db, 'DELETE FROM vanished WHERE mbx = ?').run(row.id);
  const viewers = pluck(db, 'SELECT id FROM viewer WHERE mbx = ?').all(row.id) as number[];
  for (const viewer of viewers) {
    sql(db, 'DELETE FROM seen WHERE id >= ? AND id < ?').run(seenRowOf(viewer, 0), seenRowOf(viewer + 1, 0));
  }
  sql(db, 'DELETE FROM viewer WHERE mbx = ?').run(row.id);
  row.exists = row.unseen = row.deleted = row.deletedBytes = row.bytes = 0;
  row.keywords = [];
  shard.save(row);
  return false;
}
