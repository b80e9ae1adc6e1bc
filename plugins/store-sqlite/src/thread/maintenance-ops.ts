/** Background work of the store thread: compaction of packs, sealing what dead processes left, old rows of the list. */

import { MAX_UID, rowOf } from '../model/ids.js';
import {
  compactPack,
  type JournalEntry,
  type LiveRecord,
  listPacks,
  PackError,
  sealDeadPacks,
  unlinkPack,
} from '../packs/index.js';
import { pluck, raw, sql } from '../sql/statements.js';
import type { WriteContext } from './context.js';
import type { OperationTable } from './operations.js';
import { releaseAllStale } from './relocate.js';
import type { ShardWriter } from './shard.js';
import { MailboxRowState } from './shard.js';

/** Header and, on average, padding. */
const RECORD_OVERHEAD_BYTES = 68;
/** Packs rewritten in one go; the next run takes the next ones. */
const MAX_PACKS = 8;
const BYTE_VALUES = 256;

type MaintenanceOperations = Pick<
  OperationTable,
  'compact' | 'rewritePack' | 'unlinkPack' | 'sealDead' | 'listPrune'
>;

export function maintenanceOperations(context: WriteContext): MaintenanceOperations {
  /** A pack without messages may still tell where those of other packs are filed: that is copied once. */
  const journalSaved = new Set<string>();
  return {
    compact: ({ partition, liveBelow }) => compact(context, journalSaved, partition, liveBelow),
    rewritePack: ({ partition, pack }) => rewriteWhole(context, partition, pack),
    unlinkPack: async ({ partition, pack }) => {
      if ((await liveRecords(context, partition, new Set([pack]))).get(pack)?.length) return false;
      await unlinkPack(context.packsDir(partition), pack, context.packFs);
      context.packReader(partition).forget(pack);
      return true;
    },
    sealDead: async () => {
      const moves = await releaseAllStale(context);
      if (moves > 0) context.log('warn', `${moves} moves to another partition had been cut off`, undefined);
      let sealed = 0;
      for (const { id, packsDir } of context.partitions) {
        if (context.problemOf(id) !== undefined) continue;
        const onFailure = (pack: number, error: Error) =>
          context.log('warn', `pack ${pack} could not be sealed`, error);
        sealed += (await sealDeadPacks(packsDir, { onFailure })).length;
      }
      return sealed;
    },
    listPrune: ({ beforeMs }) => {
      const { db } = context.list;
      return context.list.run(() => {
        const removed = sql(db, 'DELETE FROM mailbox WHERE state = 2 AND deleted_ms < ?').run(
          beforeMs,
        ).changes;
        // Caches that are older than this cannot learn of the rows any more and start anew.
        if (removed > 0) {
          sql(
            db,
            "UPDATE counter SET value = (SELECT value FROM counter WHERE name = 'version') WHERE name = 'forgotten'",
          ).run();
        }
        return removed;
      });
    },
  };
}

/** Walks all blobs of a partition in slices, so that other work of the thread gets its turn. */
async function eachSlice(
  context: WriteContext,
  visit: (shard: ShardWriter, from: Buffer, to: Buffer) => void,
): Promise<void> {
  for (const { shard } of context.shards) {
    for (let first = 0; first < BYTE_VALUES; first++) {
      visit(
        shard,
        Buffer.from([first]),
        first === BYTE_VALUES - 1 ? Buffer.alloc(33, 0xff) : Buffer.from([first + 1]),
      );
      if (first % 16 === 15) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** Octets that are still referenced, by pack; a body that several shards have counts once a shard. */
async function liveBytes(context: WriteContext, partition: number): Promise<Map<number, number>> {
  const live = new Map<number, number>();
  await eachSlice(context, (shard, from, to) => {
    const rows = raw(
      shard.db,
      'SELECT pack, sum(len), count(*) FROM blob WHERE part = ? AND guid >= ? AND guid < ? GROUP BY pack',
    ).all(partition, from, to) as [number, number, number][];
    for (const [pack, bytes, count] of rows) {
      live.set(pack, (live.get(pack) ?? 0) + bytes + count * RECORD_OVERHEAD_BYTES);
    }
  });
  return live;
}

/** Rows that point into these packs, in shard order (which keeps a user's mail together), each place once. */
async function liveRecords(
  context: WriteContext,
  partition: number,
  packs: ReadonlySet<number>,
): Promise<Map<number, LiveRecord[]>> {
  const found = new Map<number, Map<number, LiveRecord>>();
  await eachSlice(context, (shard, from, to) => {
    const rows = raw(
      shard.db,
      'SELECT pack, off, len, guid FROM blob WHERE part = ? AND guid >= ? AND guid < ?',
    ).all(partition, from, to) as [number, number, number, Buffer][];
    for (const [pack, offset, length, guid] of rows) {
      if (!packs.has(pack)) continue;
      const places = found.get(pack) ?? new Map<number, LiveRecord>();
      found.set(pack, places);
      if (!places.has(offset)) places.set(offset, { guid, offset, length });
    }
  });
  return new Map([...found].map(([pack, places]) => [pack, [...places.values()]]));
}

async function compact(
  context: WriteContext,
  journalSaved: Set<string>,
  partition: number,
  liveBelow: number,
): Promise<{ rewritten: number; movedBytes: number; empty: number[] }> {
  const packsDir = context.packsDir(partition);
  const live = await liveBytes(context, partition);
  const sealed = (await listPacks(packsDir, context.packFs)).filter((pack) => pack.sealedBytes !== undefined);
  const sparse = sealed
    .filter(({ id, rawBytes }) => live.has(id) && live.get(id)! < liveBelow * rawBytes!)
    .slice(0, MAX_PACKS)
    .map(({ id }) => id);
  const records = await liveRecords(context, partition, new Set(sparse));
  let movedBytes = 0;
  let rewritten = 0;
  for (const pack of sparse) {
    const moved = await tryRewrite(context, partition, pack, records.get(pack) ?? []);
    if (moved === undefined) continue;
    rewritten++;
    movedBytes += moved;
  }
  const empty: number[] = [];
  for (const { id: pack } of sealed) {
    if (live.has(pack)) continue;
    const key = `${partition}:${pack}`;
    if (!journalSaved.has(key)) {
      if ((await tryRewrite(context, partition, pack, [])) === undefined) continue;
      journalSaved.add(key);
    }
    empty.push(pack);
  }
  return { rewritten, movedBytes, empty };
}

/** With the settings of today, however full it is. Octets written; undefined: it is still written to, or its key is missing. */
async function rewriteWhole(
  context: WriteContext,
  partition: number,
  pack: number,
): Promise<number | undefined> {
  const packs = await listPacks(context.packsDir(partition), context.packFs);
  if (!packs.some(({ id, sealedBytes }) => id === pack && sealedBytes !== undefined)) return undefined;
  const records = await liveRecords(context, partition, new Set([pack]));
  return await tryRewrite(context, partition, pack, records.get(pack) ?? []);
}

/** Undefined: its key is not there, so that it stays as it is. */
async function tryRewrite(
  context: WriteContext,
  partition: number,
  pack: number,
  records: readonly LiveRecord[],
): Promise<number | undefined> {
  try {
    return await rewrite(context, partition, pack, records);
  } catch (error) {
    if (!(error instanceof PackError) || error.code !== 'locked') throw error;
    context.log('error', `pack ${pack} stays as it is`, error);
    return undefined;
  }
}

async function rewrite(
  context: WriteContext,
  partition: number,
  pack: number,
  records: readonly LiveRecord[],
): Promise<number> {
  const writer = await context.packWriter(partition);
  const moves = compactPack({
    packsDir: context.packsDir(partition),
    pack,
    live: asyncOf(records),
    writer,
    reader: context.packReader(partition),
    codec: context.codecOf(partition),
    keepJournal: (entry) => keptEntry(context, entry),
    ...(context.packFs === undefined ? {} : { fs: context.packFs }),
  });
  let bytes = 0;
  for await (const batch of moves) {
    for (const { queue, shard } of context.shards) {
      await queue.run(() => {
        const move = sql(
          shard.db,
          'UPDATE blob SET pack = ?, off = ? WHERE part = ? AND guid = ? AND pack = ?',
        );
        for (const moved of batch) {
          if ('to' in moved) move.run(moved.to.pack, moved.to.offset, partition, moved.guid, pack);
        }
      });
    }
    for (const moved of batch) {
      if ('to' in moved) bytes += moved.to.length;
      else
        context.log(
          'error',
          `pack ${pack}: a message could not be copied and stays where it is`,
          moved.error,
        );
    }
  }
  return bytes;
}

async function* asyncOf<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** Undefined when nothing is left of what the entry tells. */
function keptEntry(context: WriteContext, entry: JournalEntry): JournalEntry | undefined {
  const shard = context.shards[Number.parseInt(entry.mailbox.slice(0, 2), 16)]?.shard;
  if (shard === undefined) return undefined;
  const row = shard.peek(entry.mailbox);
  if (entry.kind === 'mailbox-deleted') return entry;
  if (entry.kind === 'mailbox') {
    const isListed = pluck(context.list.db, 'SELECT 1 FROM mailbox WHERE id = ? AND state < 2').get(
      entry.mailbox,
    );
    return isListed === undefined ? undefined : entry;
  }
  if (row === undefined || row.state === MailboxRowState.gone) return undefined;
  if (entry.kind !== 'filed') return entry;
  const exists = pluck(shard.db, 'SELECT 1 FROM cold WHERE id = ?');
  const messages = entry.messages.filter(
    ({ uid }) => uid <= MAX_UID && exists.get(rowOf(row.id, uid)) !== undefined,
  );
  return messages.length === 0 ? undefined : { ...entry, messages };
}
