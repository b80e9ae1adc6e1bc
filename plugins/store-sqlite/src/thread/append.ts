/** APPEND and delivery: bodies into packs first (durable), then a job a mailbox in its shard's next commit. */
import { crc32 } from 'node:zlib';
import type { MailError } from '@angarium/sdk';
import { errorToValue, notAvailable } from '../errors.js';
import type { PackRecord, PackRef } from '../packs/index.js';
import { pluck } from '../sql/statements.js';
import type { WriteContext } from './context.js';
import { placeKey } from './copy.js';
import type { ExpungeOutcome } from './expunge.js';
import { noted } from './flags.js';
import { BodyNeeded, type Filed, fileMessages, type Incoming } from './messages.js';
import type { AppendPart, AppendResult, In, MailboxRef, MessageSource } from './protocol.js';
import { hasMark, setMark } from './record-ops.js';
import { removeElsewhere, removeReplaced } from './replace.js';
import { whenRootsAreFree } from './roots.js';
import type { ShardWriter } from './shard.js';
import { tellExpunged } from './transfer.js';

/** A body can vanish between the look and the commit (last reference dropped); more than this is no race. */
const MAX_TRIES = 4;

/** The limits that came with a part are those of the root that its mailbox had. */
class RootChanged extends Error {
  override readonly name = 'RootChanged';
}

export async function append(context: WriteContext, given: In<'append'>): Promise<AppendResult[]> {
  // Known repeats write no body; those of this very moment are found in the transaction.
  const isRepeat = given.parts.map((part) => isMarked(context, part, given.nowMs));
  const input = { ...given, parts: given.parts.filter((_, i) => !isRepeat[i]) };
  const bodies = new BodyStore(context, input);
  let results: AppendResult[];
  try {
    await bodies.storeMissing();
    results = await Promise.all(input.parts.map((part) => appendPart(context, input, part, bodies)));
  } catch (error) {
    const value = errorToValue(error);
    results = input.parts.map(() => ({ error: value }));
  }
  let next = 0;
  return isRepeat.map((repeat) => (repeat ? { isRepeat: true } : results[next++]!));
}

function isMarked(context: WriteContext, { once, ref }: AppendPart, nowMs: number): boolean {
  return once !== undefined && hasMark(context.shard(ref.shard).shard.db, ref.id, once, nowMs, context.log);
}

async function appendPart(
  context: WriteContext,
  input: In<'append'>,
  part: AppendPart,
  bodies: BodyStore,
): Promise<AppendResult> {
  const lost = bodies.lost.get(part.ref.partition);
  if (lost !== undefined) return { error: errorToValue(lost) };
  const { queue, shard } = context.shard(part.ref.shard);
  for (let tries = 1; ; tries++) {
    try {
      const filed = await whenRootsAreFree(() =>
        queue.run(() => fileOnce(context, shard, input, part, bodies)),
      );
      if (filed === undefined) return { isRepeat: true };
      const { uids, modSeq, expunged } = filed;
      const { replaces } = part;
      // What went before is told before: the two may be of one mailbox.
      if (replaces !== undefined && expunged !== undefined)
        tellExpunged(context, replaces.ref, shard, expunged);
      report(context, part, filed);
      if (replaces === undefined) return { uids, modSeq };
      const { result } = expunged ?? (await removeElsewhere(context, replaces, input.nowMs));
      return { uids, modSeq, expungeModSeq: result.modSeq };
    } catch (error) {
      if (error instanceof RootChanged) return { isElsewhere: true };
      if (!(error instanceof BodyNeeded) || tries === MAX_TRIES) return { error: errorToValue(error) };
      try {
        await bodies.store(error.guid, error.partition);
      } catch (failed) {
        return { error: errorToValue(failed) };
      }
    }
  }
}

/** Undefined: the mark of the part is there already. The mark comes and goes with the messages' savepoint. */
function fileOnce(
  context: WriteContext,
  shard: ShardWriter,
  input: In<'append'>,
  part: AppendPart,
  bodies: BodyStore,
): FiledRows | undefined {
  const { once, ref } = part;
  if (once !== undefined && setMark(shard.db, ref.id, once, input.nowMs, context.log) === 'repeat') {
    return undefined;
  }
  return fileRows(context, shard, input, part, bodies);
}

interface FiledRows extends Filed {
  readonly from: number;
  readonly partition: number;
  /** What was replaced in this step. */
  readonly expunged: ExpungeOutcome | undefined;
}

function fileRows(
  context: WriteContext,
  shard: ShardWriter,
  input: In<'append'>,
  part: AppendPart,
  bodies: BodyStore,
): FiledRows {
  const expunged = removeReplaced(context, shard, part.replaces, input.nowMs);
  const row = shard.mailbox(part.ref, () => {
    // A mailbox without messages has no row that a change of the list could have come to.
    if (isOutdated(context, part.ref)) throw new RootChanged();
  });
  if (row.quotaRoot !== part.ref.quotaRoot) throw new RootChanged();
  const from = row.highestModSeq;
  const coming = { bytes: 0, messages: part.rows.length };
  for (const { message } of part.rows) coming.bytes += input.messages[message]!.size;
  context.roots.check(shard, row, part.limits, coming);
  const incoming = part.rows.map((item): Incoming => {
    const source = input.messages[item.message]!;
    return {
      guid: asBuffer(source.guid),
      size: source.size,
      summary: asBuffer(source.summary),
      place: bodies.place(row.partition, source.guid),
      flags: item.flags.system,
      keywords: item.flags.keywords,
      internalDateMs: item.internalDateMs,
      annotations: item.annotations.map(([user, entry, value]) => ({ user, entry, value })),
    };
  });
  const filed = context.roots.withAnnotations(shard, row, part.limits, () =>
    fileMessages(shard, row, incoming, { viewer: part.viewer, nowMs: input.nowMs }),
  );
  return { ...filed, from, partition: row.partition, expunged };
}

function isOutdated(context: WriteContext, { id, version }: MailboxRef): boolean {
  return pluck(context.list.db, 'SELECT version FROM mailbox WHERE id = ?').get(id) !== version;
}

function report(context: WriteContext, part: AppendPart, filed: FiledRows): void {
  const { id, key } = part.ref;
  const { from, modSeq } = filed;
  context.tell({ mailbox: id, kind: 'appended', from, modSeq, chunks: noted(filed.chunks) });
  const { messages } = filed;
  context.journal(filed.partition, [{ kind: 'filed', mailbox: id, name: key, modseq: modSeq, messages }]);
}

/** The bodies of one append: each is written once a partition, and only where a shard does not have it. */
class BodyStore {
  private readonly places = new Map<string, PackRef>();
  /** Partitions that are not there. */
  readonly lost = new Map<number, MailError>();
  /** By partition. */
  private readonly failures = new Map<number, unknown>();

  constructor(
    private readonly context: WriteContext,
    private readonly input: In<'append'>,
  ) {}

  place(partition: number, guid: Uint8Array): PackRef | undefined {
    return this.places.get(placeKey(partition, guid));
  }

  async storeMissing(): Promise<void> {
    const missing = new Map<
      number,
      Map<string, { message: MessageSource; ref: MailboxRef; internalDateMs: number }>
    >();
    const shared = new Set<number>();
    for (const { ref, rows } of this.input.parts) {
      const { shard } = this.context.shard(ref.shard);
      for (const { message: index, internalDateMs } of rows) {
        const message = this.input.messages[index]!;
        const key = placeKey(ref.partition, message.guid);
        let wanted = missing.get(ref.partition);
        if (wanted?.has(key)) continue;
        if (shard.blobPlace(ref.partition, asBuffer(message.guid)) !== undefined) {
          shared.add(ref.partition);
          continue;
        }
        if (wanted === undefined) {
          wanted = new Map();
          missing.set(ref.partition, wanted);
        }
        wanted.set(key, { message, ref, internalDateMs });
      }
    }
    // A body that is there already is not written: nothing else would notice that its disk is gone.
    for (const partition of shared) {
      const problem = this.context.problemOf(partition);
      if (problem !== undefined) this.lost.set(partition, notAvailable(problem));
    }
    await Promise.all(
      [...missing].map(async ([partition, wanted]) => {
        const records = [...wanted.values()].map((item) =>
          toRecord(item.message, item.ref, item.internalDateMs),
        );
        try {
          const writer = await this.context.packWriter(partition);
          void this.context.writeJournal(partition);
          const places = await writer.append(records);
          [...wanted.keys()].forEach((key, at) => {
            this.places.set(key, places[at]!);
          });
        } catch (error) {
          // Mailboxes in other partitions get their mail all the same; who needs a body of this one is told.
          this.failures.set(partition, error);
        }
      }),
    );
  }

  async store(guid: Buffer, partition: number): Promise<void> {
    if (this.failures.has(partition)) throw this.failures.get(partition);
    const message = this.input.messages.find((candidate) => guid.equals(candidate.guid));
    if (message === undefined) throw new Error('a body was asked for that this append does not have');
    const writer = await this.context.packWriter(partition);
    const [place] = await writer.append([toRecord(message, this.input.parts[0]!.ref, this.input.nowMs)]);
    this.places.set(placeKey(partition, guid), place!);
  }
}

function toRecord(message: MessageSource, ref: MailboxRef, internalDateMs: number): PackRecord {
  const { body } = message;
  return {
    guid: asBuffer(message.guid),
    body: 'bytes' in body ? { chunks: [asBuffer(body.bytes)] } : body,
    meta: { mailboxHint: crc32(ref.id), internalDateSec: Math.max(0, Math.floor(internalDateMs / 1000)) },
  };
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
