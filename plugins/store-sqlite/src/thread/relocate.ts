/**
 * The move of a whole mailbox to another partition, under traffic and in bounded steps. Bodies are copied batch by batch, and
 * each batch takes references there in one transaction (row of `moving`), so that compaction sees them used however long
 * the move takes. Then one short transaction switches the mailbox's row; then the old references are given back in
 * batches. Whatever cuts a move off, giving back what `moving` names puts everything in order.
 */
import { crc32 } from 'node:zlib';
import { MailError } from '@angarium/sdk';
import { MAX_UID, rowOf, uidOfRow } from '../model/ids.js';
import type { PackRef } from '../packs/index.js';
import { formatTag, isAlive, ownTag, tryParseTag } from '../packs/owner.js';
import { pluck, raw, sql } from '../sql/statements.js';
import { copyBodies, withBodies } from './bodies.js';
import type { ShardQueue, WriteContext } from './context.js';
import { placeKey } from './copy.js';
import { BodyNeeded } from './messages.js';
import type { In, MailboxRef } from './protocol.js';
import type { ShardWriter } from './shard.js';

/** Messages in one transaction. */
const BATCH = 256;
/** As many bodies in memory at once, but at least one. */
const BATCH_BYTES = 8 * 1024 * 1024;

interface Held {
  readonly uid: number;
  readonly guid: Buffer;
}

interface Move {
  readonly ref: MailboxRef;
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

export async function relocate(
  context: WriteContext,
  { ref, partition }: In<'relocate'>,
): Promise<undefined> {
  const at = context.shard(ref.shard);
  await releaseStale(context, at, ref.id);
  const move = await at.queue.run(() => begin(at.shard, ref, partition));
  if (move === undefined) return undefined;
  context.moving.add(ref.id);
  try {
    while (!(await step(context, at, move)));
  } finally {
    try {
      await release(at, move.number);
    } finally {
      context.moving.delete(ref.id);
    }
  }
  return undefined;
}

/** Undefined when the mailbox is there already. @throws MailError INUSE, NONEXISTENT */
function begin(shard: ShardWriter, ref: MailboxRef, to: number): Move | undefined {
  const row = shard.mailbox(ref);
  if (row.partition === to) return undefined;
  const begun = sql(
    shard.db,
    'INSERT OR IGNORE INTO moving (mbx, other, first, last, owner) VALUES (?, ?, 0, 0, ?)',
  ).run(row.id, to, formatTag(ownTag()));
  if (begun.changes === 0) throw new MailError('INUSE', 'Mailbox is being moved already');
  return { ref, number: row.id, from: row.partition, to };
}

/** One batch; true when the mailbox is in its new place. */
async function step(context: WriteContext, { queue, shard }: ShardQueue, move: Move): Promise<boolean> {
  const places = new Map<string, PackRef>();
  const batch = nextBatch(shard, move);
  const absent = batch.map(({ guid }) => guid).filter((guid) => shard.blobPlace(move.to, guid) === undefined);
  await copyBodies(context, { ...move, hint: crc32(move.ref.id), shard, guids: absent, places });
  const source = { partition: () => move.from, hint: crc32(move.ref.id), shard };
  return await withBodies(context, source, places, () =>
    queue.run(() => (batch.length === 0 ? arrive(shard, move) : hold(shard, move, batch, places))),
  );
}

function nextBatch(shard: ShardWriter, { number, from }: Move): Held[] {
  const last = pluck(shard.db, 'SELECT last FROM moving WHERE mbx = ?').get(number) as number;
  const batch: Held[] = [];
  let bytes = 0;
  for (const held of messagesOf(shard, number, last + 1, MAX_UID, BATCH)) {
    bytes += shard.blobPlace(from, held.guid)?.length ?? 0;
    if (bytes > BATCH_BYTES && batch.length > 0) break;
    batch.push(held);
  }
  return batch;
}

function messagesOf(shard: ShardWriter, number: number, first: number, last: number, limit: number): Held[] {
  const rows = raw(shard.db, 'SELECT id, guid FROM cold WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?').all(
    rowOf(number, first),
    rowOf(number, last),
    limit,
  ) as [number, Buffer][];
  return rows.map(([id, guid]) => ({ uid: uidOfRow(id), guid }));
}

/** References for a batch, in its new place. Those purged since they were looked at need none. */
function hold(
  shard: ShardWriter,
  move: Move,
  batch: readonly Held[],
  places: ReadonlyMap<string, PackRef>,
): false {
  shard.mailbox(move.ref);
  for (const { uid, guid } of batch) {
    if (shard.cold(rowOf(move.number, uid)) === undefined) continue;
    if (!shard.addBlobRef(move.to, guid, places.get(placeKey(move.to, guid))))
      throw new BodyNeeded(guid, move.to);
  }
  sql(shard.db, 'UPDATE moving SET last = ? WHERE mbx = ?').run(batch.at(-1)!.uid, move.number);
  return false;
}

/** Nothing was behind the last batch: unless something is now, the mailbox changes its place. */
function arrive(shard: ShardWriter, move: Move): boolean {
  const row = shard.mailbox(move.ref);
  const last = pluck(shard.db, 'SELECT last FROM moving WHERE mbx = ?').get(move.number) as number;
  const left = messagesOf(shard, move.number, last + 1, MAX_UID, 1);
  if (left.length > 0) return false;
  row.partition = move.to;
  shard.save(row);
  sql(shard.db, 'UPDATE moving SET other = ? WHERE mbx = ?').run(move.from, move.number);
  return true;
}

/** Gives back the second references of a mailbox that is not being moved (any more). */
async function release({ queue, shard }: ShardQueue, number: number): Promise<void> {
  while (await queue.run(() => releaseBatch(shard, number)));
}

function releaseBatch(shard: ShardWriter, number: number): boolean {
  const row = raw(shard.db, 'SELECT other, first, last FROM moving WHERE mbx = ?').get(number) as
    | [number, number, number]
    | undefined;
  if (row === undefined) return false;
  const [other, first, last] = row;
  const batch = messagesOf(shard, number, first, last, BATCH);
  for (const { guid } of batch) shard.dropBlobRef(other, guid);
  if (batch.length < BATCH) {
    sql(shard.db, 'DELETE FROM moving WHERE mbx = ?').run(number);
    return false;
  }
  sql(shard.db, 'UPDATE moving SET first = ? WHERE mbx = ?').run(batch.at(-1)!.uid + 1, number);
  return true;
}

/** What a process that died, or an error, left half moved. Answers how many mailboxes that were. */
export async function releaseAllStale(context: WriteContext): Promise<number> {
  let released = 0;
  for (const at of context.shards) released += await releaseStale(context, at);
  return released;
}

async function releaseStale(context: WriteContext, at: ShardQueue, only?: string): Promise<number> {
  const rows = raw(
    at.shard.db,
    'SELECT moving.mbx, moving.owner, mbx.uniqueid FROM moving JOIN mbx ON mbx.id = moving.mbx',
  ).all() as [number, string, string][];
  let released = 0;
  for (const [number, owner, id] of rows) {
    if (only !== undefined && only !== id) continue;
    if (context.moving.has(id)) continue;
    const tag = tryParseTag(owner);
    const isOwn = owner === formatTag(ownTag());
    if (!isOwn && tag !== undefined && isAlive(tag)) continue;
    await release(at, number);
    released++;
  }
  return released;
}
