/** Copies and moves that may cross shards and partitions. */

import { crc32 } from 'node:zlib';
import { NumberSet } from '@angarium/sdk';
import { flatten, MAX_UID, rowOf } from '../model/ids.js';
import type { PackRef } from '../packs/index.js';
import { pluck } from '../sql/statements.js';
import { type BodySource, copyBodies, withBodies } from './bodies.js';
import type { WriteContext } from './context.js';
import { type CopyOutcome, copyMessages, unexpunge } from './copy.js';
import { type ExpungeOutcome, removeMessages } from './expunge.js';
import type { CopyRequest, CopyResult, In, MailboxRef } from './protocol.js';
import { whenRootsAreFree } from './roots.js';
import type { ShardWriter } from './shard.js';

export async function copy(context: WriteContext, request: CopyRequest): Promise<CopyResult> {
  const source = context.shard(request.from.shard);
  const target = context.shard(request.to.shard);
  const places = new Map<string, PackRef>();
  await prefetch(context, request, places);
  const from: BodySource = {
    partition: () => source.shard.peek(request.from.id)?.partition ?? request.from.partition,
    hint: crc32(request.to.id),
    shard: source.shard,
  };
  const outcome = await withBodies(context, from, places, () =>
    whenRootsAreFree(() =>
      target.queue.run(() => copyMessages(source.shard, target.shard, request, places, context.roots)),
    ),
  );
  const { result } = outcome;
  if (result.target.length > 0) tellFiled(context, request.to, target.shard, outcome);
  if (!request.isMove || result.source.length === 0) return result;
  const expunged = outcome.expunged ?? (await removeMoved(context, request, result.source));
  tellExpunged(context, request.from, source.shard, expunged);
  return { ...result, expungeModSeq: expunged.result.modSeq };
}

function removeMoved(
  context: WriteContext,
  request: CopyRequest,
  uids: readonly number[],
): Promise<ExpungeOutcome> {
  const { queue, shard } = context.shard(request.from.shard);
  const ranges = flatten(NumberSet.fromAscending(uids));
  return queue.run(() => removeMessages(shard, shard.mailbox(request.from), ranges, false, request.nowMs));
}

/** What the target's partition does not have, in batches before the transaction. Within a partition nothing is copied. */
async function prefetch(
  context: WriteContext,
  { from, to, uids }: CopyRequest,
  places: Map<string, PackRef>,
): Promise<void> {
  const { shard } = context.shard(from.shard);
  const target = context.shard(to.shard).shard;
  const row = shard.peek(from.id);
  const partition = target.peek(to.id)?.partition ?? to.partition;
  if (row === undefined || row.partition === partition) return;
  const guids: Buffer[] = [];
  const between = pluck(shard.db, 'SELECT guid FROM cold WHERE id BETWEEN ? AND ?');
  for (let i = 0; i < uids.length; i += 2) {
    const range = [rowOf(row.id, uids[i]!), rowOf(row.id, Math.min(uids[i + 1]!, MAX_UID))] as const;
    for (const guid of between.all(...range) as Buffer[]) {
      if (target.blobPlace(partition, guid) === undefined) guids.push(guid);
    }
  }
  await copyBodies(context, { from: row.partition, to: partition, hint: crc32(to.id), shard, guids, places });
}

export async function bringBack(context: WriteContext, input: In<'unexpunge'>): Promise<CopyResult> {
  const { queue, shard } = context.shard(input.ref.shard);
  const outcome = await queue.run(() => unexpunge(shard, input));
  if (outcome.result.target.length > 0) tellFiled(context, input.ref, shard, outcome);
  return outcome.result;
}

function tellFiled(context: WriteContext, ref: MailboxRef, shard: ShardWriter, outcome: CopyOutcome): void {
  const { result, targetFrom, targetChunks } = outcome;
  context.tell({
    mailbox: ref.id,
    kind: 'appended',
    from: targetFrom,
    modSeq: result.modSeq,
    chunks: targetChunks,
  });
  const row = shard.peek(ref.id);
  if (row === undefined) return;
  context.journal(row.partition, [
    { kind: 'filed', mailbox: ref.id, name: ref.key, modseq: result.modSeq, messages: outcome.filed },
  ]);
}

export function tellExpunged(
  context: WriteContext,
  ref: MailboxRef,
  shard: ShardWriter,
  { result, from, chunks }: ExpungeOutcome,
): void {
  if (result.uids.length === 0) return;
  context.tell({ mailbox: ref.id, kind: 'expunged', from, modSeq: result.modSeq, chunks });
  const uids: [number, number][] = [];
  for (let i = 0; i < result.uids.length; i += 2) uids.push([result.uids[i]!, result.uids[i + 1]!]);
  context.journal(shard.peek(ref.id)?.partition ?? ref.partition, [
    { kind: 'expunged', mailbox: ref.id, modseq: result.modSeq, uids },
  ]);
}
