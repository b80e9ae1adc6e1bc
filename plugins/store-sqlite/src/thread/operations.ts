/** The table of what the store thread can do: one entry an operation, each durable when it resolves. */
import { append } from './append.js';
import type { WriteContext } from './context.js';
import { expunge, purgeBatch } from './expunge.js';
import { updateFlags } from './flags.js';
import {
  changeListed,
  createListed,
  deleteListed,
  forgetListed,
  moveUserRows,
  renameListed,
  renewUidValidity,
  restoreListed,
  setListedPartition,
  setMetadata,
  subscribe,
  undeleteListed,
} from './list-ops.js';
import { annotate, claimRecent, markDeleted, syncMailbox, wipeBatch } from './mailbox-ops.js';
import type { In, ListRow, MailboxRef, OperationName, Out } from './protocol.js';
import { dropRecords, ownerOfMailbox, pruneAll, putRecords, recordsOf, writeRecords } from './record-ops.js';
import { relocate } from './relocate.js';
import { whenRootsAreFree } from './roots.js';
import { bringBack, copy, tellExpunged } from './transfer.js';

export type OperationTable = { readonly [N in OperationName]: (input: In<N>) => Promise<Out<N>> };

type MessageOperations = Pick<
  OperationTable,
  | 'append'
  | 'flags'
  | 'expunge'
  | 'copy'
  | 'claimRecent'
  | 'annotate'
  | 'unexpunge'
  | 'purge'
  | 'purgeAll'
  | 'dropMailbox'
  | 'syncMailbox'
  | 'relocate'
>;

export function messageOperations(context: WriteContext): MessageOperations {
  const at = (ref: MailboxRef) => context.shard(ref.shard);
  return {
    append: (input) => append(context, input),
    flags: async (input) => {
      const { queue, shard } = at(input.ref);
      const outcome = await queue.run(() => updateFlags(shard, input));
      const { from, chunks, result } = outcome;
      if (result.changed.length === 0) return result;
      context.tell({ mailbox: input.ref.id, kind: 'flags', from, modSeq: result.modSeq, chunks });
      if (outcome.journal.length > 0) context.journal(outcome.partition, outcome.journal);
      return result;
    },
    expunge: async (input) => {
      const { queue, shard } = at(input.ref);
      const outcome = await queue.run(() => expunge(shard, input));
      tellExpunged(context, input.ref, shard, outcome);
      return outcome.result;
    },
    copy: (input) => copy(context, input),
    claimRecent: ({ ref }) => at(ref).queue.run(() => claimRecent(at(ref).shard, ref)),
    annotate: async (input) => {
      const { queue, shard } = at(input.ref);
      const { from, modSeq, chunks, modified } = await whenRootsAreFree(() =>
        queue.run(() => annotate(shard, input, context.roots)),
      );
      if (modSeq > from) context.tell({ mailbox: input.ref.id, kind: 'annotations', from, modSeq, chunks });
      return { modSeq, modified };
    },
    unexpunge: (input) => bringBack(context, input),
    purge: ({ ref, beforeMs }) => purge(context, ref.shard, ref.id, beforeMs),
    purgeAll: ({ shard, beforeMs }) => purge(context, shard, undefined, beforeMs),
    dropMailbox: async ({ ref, isGone }) => {
      const { queue, shard } = at(ref);
      const partition = shard.peek(ref.id)?.partition ?? ref.partition;
      if (!(await queue.run(() => markDeleted(shard, ref, isGone)))) return undefined;
      context.tell({ mailbox: ref.id, kind: 'deleted', from: 0, modSeq: 0, chunks: [] });
      if (!isGone) return undefined;
      while (await queue.run(() => wipeBatch(shard, ref.id)));
      await queue.run(() => dropRecords(queue.db, ownerOfMailbox(ref.id)));
      context.journal(partition, [
        { kind: 'mailbox-deleted', mailbox: ref.id, modseq: Number.MAX_SAFE_INTEGER },
      ]);
      return undefined;
    },
    syncMailbox: async ({ ref }) => {
      const { queue, shard } = at(ref);
      await queue.run(() => syncMailbox(shard, ref));
      return undefined;
    },
    relocate: (input) => relocate(context, input),
  };
}

async function purge(
  context: WriteContext,
  shardNumber: number,
  id: string | undefined,
  beforeMs: number,
): Promise<{ messages: number; bytes: number }> {
  const { queue, shard } = context.shard(shardNumber);
  const row = id === undefined ? undefined : shard.peek(id);
  if (id !== undefined && row === undefined) return { messages: 0, bytes: 0 };
  let messages = 0;
  let bytes = 0;
  for (let isMore = true; isMore; ) {
    const batch = await queue.run(() => purgeBatch(shard, row?.id, beforeMs));
    messages += batch.messages;
    bytes += batch.bytes;
    isMore = batch.isMore;
  }
  return { messages, bytes };
}

type ListOperations = Pick<
  OperationTable,
  | 'listCreate'
  | 'listRename'
  | 'listDelete'
  | 'listForget'
  | 'listChange'
  | 'listPartition'
  | 'listUndelete'
  | 'listRestore'
  | 'listNewUidValidity'
  | 'subscribe'
  | 'setMetadata'
  | 'recordWrite'
  | 'recordPrune'
  | 'moveUser'
  | 'flush'
  | 'counts'
>;

export function listOperations(context: WriteContext): ListOperations {
  const { list } = context;
  const { db } = list;
  const told = (row: ListRow): ListRow => {
    context.tell({ mailbox: row.id, kind: 'catalogue', from: 0, modSeq: 0, chunks: [] });
    journalMailbox(context, row);
    return row;
  };
  return {
    listCreate: async (input) => told(await list.run(() => createListed(db, input))),
    listRename: async (input) => {
      const renamed = await list.run(() => renameListed(db, input));
      for (const { row } of renamed) told(row);
      return renamed;
    },
    listDelete: (input) => list.run(() => deleteListed(db, input)),
    listForget: (input) => list.run(() => forgetListed(db, input)),
    listChange: async (input) => {
      const changed = await list.run(() => changeListed(db, input));
      for (const { row } of [...changed.others, changed]) told(row);
      return changed;
    },
    listPartition: async (input) => told(await list.run(() => setListedPartition(db, input))),
    listUndelete: async (input) => told(await list.run(() => undeleteListed(db, input))),
    listRestore: (input) => list.run(() => restoreListed(db, input)),
    listNewUidValidity: async (input) => told(await list.run(() => renewUidValidity(db, input))),
    subscribe: (input) => list.run(() => subscribe(db, input)),
    setMetadata: async (input) => {
      await list.run(() => setMetadata(db, input));
      return undefined;
    },
    recordWrite: (input) => {
      const queue = context.queue(input.shard);
      return queue.run(() => writeRecords(queue.db, input));
    },
    recordPrune: async ({ space, nowMs, keep }) => {
      const queues = [list, ...context.shards.map(({ queue }) => queue)];
      // What is spread over the databases is about even.
      const each = keep === undefined ? undefined : Math.ceil(keep / queues.length);
      const counts = await Promise.all(queues.map((queue) => pruneAll(queue, space, nowMs, each)));
      return counts.reduce((sum, count) => sum + count, 0);
    },
    moveUser: (input) => moveUser(context, input),
    flush: async () => {
      await context.flushPacks();
      return undefined;
    },
    counts: async () => context.counts(),
  };
}

/** A crash in between leaves the records in both places, which the next rename of the same user overwrites. */
async function moveUser(
  context: WriteContext,
  { from, to, fromShard, toShard }: In<'moveUser'>,
): Promise<undefined> {
  const source = context.shard(fromShard).queue;
  const target = context.shard(toShard).queue;
  await target.run(() => putRecords(target.db, to, recordsOf(source.db, from)));
  await source.run(() => dropRecords(source.db, from));
  await context.list.run(() => moveUserRows(context.list.db, from, to));
  return undefined;
}

/** What a rebuild of the list from packs needs of a mailbox. */
function journalMailbox(context: WriteContext, row: ListRow): void {
  const { id, key, uidValidity, acl, quotaRoot, specialUse, sharedSeen, createdMs } = row;
  const attributes = JSON.stringify({
    acl,
    quotaRoot,
    specialUse,
    sharedSeen,
    createdMs,
    partition: context.partitions.find((partition) => partition.id === row.partition)?.name,
    attributes: row.attributes,
    version: row.version,
  });
  context.journal(row.partition, [
    { kind: 'mailbox', mailbox: id, name: key, modseq: 0, uidValidity, attributes },
  ]);
}
