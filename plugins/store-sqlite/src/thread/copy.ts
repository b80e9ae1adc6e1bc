/** COPY and MOVE within a shard and across; bringing expunged messages back. Cold rows are read while they are written. */

import { Flag, NumberSet } from '@angarium/sdk';
import type { Columns } from '../model/chunk.js';
import { flatten, rowOf, unflatten } from '../model/ids.js';
import type { FiledMessage, PackRef } from '../packs/index.js';
import { sql } from '../sql/statements.js';
import { type ExpungeOutcome, removeMessages, takeExpunged } from './expunge.js';
import { noted } from './flags.js';
import { namesOf } from './keywords.js';
import { type AnnotationRow, fileMessages, type Incoming } from './messages.js';
import type { CopyRequest, CopyResult, In } from './protocol.js';
import type { QuotaRoots } from './roots.js';
import { ViewerSeen } from './seen.js';
import type { MailboxRow, ShardWriter } from './shard.js';

/** A message picked from the source; its cold row is read when it is filed. */
interface Picked {
  readonly uid: number;
  readonly size: number;
  readonly date: number;
  readonly flags: number;
  readonly keywords: readonly string[];
}

export interface CopyOutcome {
  readonly result: CopyResult;
  readonly targetFrom: number;
  readonly targetChunks: readonly number[] | undefined;
  /** For the journal. */
  readonly filed: readonly FiledMessage[];
  /** Of a move within one shard. */
  readonly expunged: ExpungeOutcome | undefined;
}

/** Where a body lies in another partition than its row says, put there by the caller after BodyNeeded. */
export type Places = ReadonlyMap<string, PackRef>;

export function placeKey(partition: number, guid: Uint8Array): string {
  return `${partition}:${Buffer.from(guid.buffer, guid.byteOffset, guid.byteLength).toString('latin1')}`;
}

/**
 * Runs in a transaction of the target's shard. When both shards are one and it is a move, the source loses the
 * messages in the same transaction; otherwise that is the caller's next step. @throws BodyNeeded
 */
export function copyMessages(
  source: ShardWriter,
  target: ShardWriter,
  request: CopyRequest,
  places: Places,
  roots: QuotaRoots,
): CopyOutcome {
  const isSame = request.from.id === request.to.id;
  const to = target.mailbox(request.to);
  const from = isSame ? to : source.peek(request.from.id);
  const picked = from === undefined ? [] : pick(source, from, request);
  const targetFrom = to.highestModSeq;
  if (from === undefined || picked.length === 0) {
    const nothing = { source: [], target: [], modSeq: targetFrom, expungeModSeq: from?.highestModSeq ?? 0 };
    return { result: nothing, targetFrom, targetChunks: [], filed: [], expunged: undefined };
  }
  const isWithinRoot = request.isMove && from.quotaRoot === to.quotaRoot;
  const limits = isWithinRoot ? [] : request.limits;
  const bytes = picked.reduce((sum, { size }) => sum + size, 0);
  roots.check(target, to, limits, { bytes, messages: picked.length });
  const uids: number[] = [];
  const wanted = { user: request.annotator, shared: request.keep?.annotations ?? true };
  const incoming = readCold(source, from, picked, places, to.partition, uids, wanted);
  const filed = roots.withAnnotations(target, to, limits, () =>
    fileMessages(target, to, incoming, { viewer: request.viewerTo, nowMs: request.nowMs }),
  );
  const isOneShard = source === target;
  const expunged =
    request.isMove && isOneShard
      ? removeMessages(source, from, flatten(NumberSet.fromAscending(uids)), false, request.nowMs)
      : undefined;
  const expungeModSeq = expunged?.result.modSeq ?? 0;
  return {
    result: { source: uids, target: filed.uids, modSeq: filed.modSeq, expungeModSeq },
    targetFrom,
    targetChunks: noted(filed.chunks),
    filed: filed.messages,
    expunged,
  };
}

function pick(source: ShardWriter, row: MailboxRow, request: CopyRequest): Picked[] {
  const set = unflatten(request.uids);
  const seen =
    request.viewerFrom === undefined ? undefined : new ViewerSeen(source, row.id, request.viewerFrom);
  const keep = request.keep ?? { system: ~0, keywords: true };
  const picked: Picked[] = [];
  for (const { columns } of source.chunks(row.id, request.uids)) {
    for (let i = 0; i < columns.count; i++) {
      const uid = columns.uids[i]!;
      if (!set.has(uid)) continue;
      const base = columns.flags[i]!;
      const flags = seen === undefined ? base : (base & ~Flag.seen) | (seen.isSeen(uid) ? Flag.seen : 0);
      picked.push({
        uid,
        size: columns.sizes[i]!,
        date: columns.dates[i]!,
        flags: flags & keep.system,
        keywords: keep.keywords ? namesOf(row.keywords, columns.keywords, i) : [],
      });
    }
  }
  return picked;
}

/** Which annotations a copy takes along (RFC 5257 §4.6). */
interface WantedAnnotations {
  readonly user: string | undefined;
  readonly shared: boolean;
}

/** @param wanted undefined: all annotations. @param read gets the UIDs of those that could be read: a damaged message stays where it is. */
function* readCold(
  source: ShardWriter,
  row: MailboxRow,
  picked: readonly Picked[],
  places: Places,
  partition: number,
  read: number[],
  wanted?: WantedAnnotations,
): IterableIterator<Incoming> {
  const annotations = sql(source.db, 'SELECT user, entry, value FROM annotation WHERE id = ?');
  const isWanted = ({ user }: AnnotationRow): boolean =>
    wanted === undefined || (user === '' ? wanted.shared : user === wanted.user);
  for (const { uid, size, date, flags, keywords } of picked) {
    const cold = source.cold(rowOf(row.id, uid));
    if (cold === undefined) continue;
    const place =
      places.get(placeKey(partition, cold.guid)) ??
      (row.partition === partition ? source.blobPlace(partition, cold.guid) : undefined);
    read.push(uid);
    yield {
      guid: cold.guid,
      size,
      summary: cold.summary,
      place,
      flags,
      keywords,
      internalDateMs: date * 1000,
      annotations: (annotations.all(rowOf(row.id, uid)) as AnnotationRow[]).filter(isWanted),
    };
  }
}

/** Expunged messages come back under new UIDs; their old cold rows and references go. */
export function unexpunge(shard: ShardWriter, input: In<'unexpunge'>): CopyOutcome {
  const row = shard.mailbox(input.ref);
  const targetFrom = row.highestModSeq;
  const taken = takeExpunged(shard, row, input.uids);
  if (taken.count === 0) {
    const nothing = { source: [], target: [], modSeq: targetFrom, expungeModSeq: 0 };
    return { result: nothing, targetFrom, targetChunks: [], filed: [], expunged: undefined };
  }
  const uids: number[] = [];
  const incoming = readCold(shard, row, returning(row, taken), new Map(), row.partition, uids);
  const filed = fileMessages(shard, row, incoming, { viewer: undefined, nowMs: input.nowMs });
  for (const uid of taken.uids) {
    const id = rowOf(row.id, uid);
    const cold = shard.cold(id);
    if (cold !== undefined) shard.dropMessageRef(row.id, uid, row.partition, cold.guid);
    shard.deleteCold(id);
    sql(shard.db, 'DELETE FROM annotation WHERE id = ?').run(id);
  }
  return {
    result: { source: uids, target: filed.uids, modSeq: filed.modSeq, expungeModSeq: 0 },
    targetFrom,
    targetChunks: noted(filed.chunks),
    filed: filed.messages,
    expunged: undefined,
  };
}

/** Without \Deleted, lest the next EXPUNGE takes them again. */
function returning(row: MailboxRow, taken: Columns): Picked[] {
  return Array.from({ length: taken.count }, (_, i) => ({
    uid: taken.uids[i]!,
    size: taken.sizes[i]!,
    date: taken.dates[i]!,
    flags: taken.flags[i]! & ~Flag.deleted,
    keywords: namesOf(row.keywords, taken.keywords, i),
  }));
}
