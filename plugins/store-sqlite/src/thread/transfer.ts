/** Copies and moves that may cross shards and partitions, and the move of a whole mailbox to another partition. */

import { crc32 } from 'node:zlib';
import { NumberSet } from '@angarium/sdk';
import { toMailError } from '../errors.js';
import { flatten, MAX_UID, rowOf } from '../model/ids.js';
import type { PackRef } from '../packs/index.js';
import { pluck } from '../sql/statements.js';
import type { WriteContext } from './context.js';
import { type CopyOutcome, copyMessages, placeKey, unexpunge } from './copy.js';
import { type ExpungeOutcome, removeMessages } from './expunge.js';
import { BodyNeeded } from './messages.js';
import type { CopyRequest, CopyResult, In, MailboxRef } from './protocol.js';
import { whenRootsAreFree } from './roots.js';
import type { ShardWriter } from './shard.js';

/** Moving a big mailbox to another partition needs as many rounds as bodies arrive meanwhile, not as it has. */
const MAX_ROUNDS = 1000;

export async function copy(context: WriteContext, request: CopyRequest): Promise<CopyResult> {
  const source = context.shard(request.from.shard);
  const target = context.shard(request.to.shard);
  const places = new Map<string, PackRef>();
  const outcome = await withBodies(context, request.from, source.shard, places, () =>
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

/** Runs; when a body is missing in the target's partition, copies it there from the source's and runs again. */
async function withBodies<T>(
  context: WriteContext,
  from: MailboxRef,
  source: ShardWriter,
  places: Map<string, PackRef>,
  run: () => Promise<T>,
): Promise<T> {
  for (let round = 1; ; round++) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof BodyNeeded) || round === MAX_ROUNDS) throw error;
      const partition = source.peek(from.id)?.partition ?? from.partition;
      await copyBodies(context, from, source, [error.guid], partition, error.partition, places);
    }
  }
}

async function copyBodies(
  context: WriteContext,
  ref: MailboxRef,
  source: ShardWriter,
  guids: readonly Buffer[],
  fromPartition: number,
  toPartition: number,
  places: Map<string, PackRef>,
): Promise<void> {
  const reader = context.packReader(fromPartition);
  const writer = await context.packWriter(toPartition);
  for (const guid of guids) {
    const place = source.blobPlace(fromPartition, guid);
    if (place === undefined) throw toMailError(new Error('a message has no body in its partition'));
    const { body, meta } = await reader.readWhole(place, guid);
    const record = { guid, body: { chunks: [body] }, meta: { ...meta, mailboxHint: crc32(ref.id) } };
    const [to] = await writer.append([record]);
    places.set(placeKey(toPartition, guid), to!);
  }
}

export async function bringBack(context: WriteContext, input: In<'unexpunge'>): Promise<CopyResult> {
  const { queue, shard } = context.shard(input.ref.shard);
  const outcome = await queue.run(() => unexpunge(shard, input));
  if (outcome.result.target.length > 0) tellFiled(context, input.ref, shard, outcome);
  return outcome.result;
}

/** Bodies first, in batches, then all references and the row in one transaction. */
export async function relocate(
  context: WriteContext,
  { ref, partition }: In<'relocate'>,
): Promise<undefined> {
  const { queue, shard } = context.shard(ref.shard);
  const row = shard.peek(ref.id);
  if (row === undefined || row.partition === partition) return undefined;
  const places = new Map<string, PackRef>();
  const guids = pluck(shard.db, 'SELECT DISTINCT guid FROM cold WHERE id BETWEEN ? AND ?').all(
    rowOf(row.id, 0),
    rowOf(row.id, MAX_UID),
  ) as Buffer[];
  const absent = guids.filter((guid) => shard.blobPlace(partition, guid) === undefined);
  await copyBodies(context, ref, shard, absent, row.partition, partition, places);
  await withBodies(context, ref, shard, places, () =>
    queue.run(() => switchPartition(shard, ref, partition, places)),
  );
  return undefined;
}

function switchPartition(
  shard: ShardWriter,
  ref: MailboxRef,
  partition: number,
  places: ReadonlyMap<string, PackRef>,
): void {
  const row = shard.mailbox(ref);
  const guids = pluck(shard.db, 'SELECT guid FROM cold WHERE id BETWEEN ? AND ?').all(
    rowOf(row.id, 0),
    rowOf(row.id, MAX_UID),
  ) as Buffer[];
  for (const guid of guids) {
    if (!shard.addBlobRef(partition, guid, places.get(placeKey(partition, guid)))) {
      throw new BodyNeeded(guid, partition);
    }
    shard.dropBlobRef(row.partition, guid);
  }
  row.partition = partition;
  shard.save(row);
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
