/** Reads message bodies: index rows in batches, packs ahead of the consumer, a second look when compaction moved one. */
import { type ContentPiece, type ContentRequest, MailError, type StoredMessage } from '@angarium/sdk';
import { toMailError } from './errors.js';
import {
  Arrivals,
  PackError,
  type PackReader,
  type PackRef,
  type ReadGroup,
  type ReadRequest,
  SPAN_BYTES,
} from './packs/index.js';
import type { ShardReader } from './reading/shard-reader.js';

/** `StoredMessage.read` reads no more at once. */
const READ_BYTES = 1024 * 1024;
/** Longer ranges come in pieces, each a read of its own. */
const PIECE_BYTES = SPAN_BYTES;
const BATCH = 256;

export interface BodySource {
  readonly reader: ShardReader;
  /** Number and partition of the mailbox now; undefined when it has no messages at all. */
  place(): { readonly number: number; readonly partition: number } | undefined;
  packs(partition: number): PackReader;
}

interface Located {
  readonly guid: Buffer;
  readonly ref: PackRef;
  readonly packs: PackReader;
}

function locate(source: BodySource, uid: number): Located | undefined {
  for (let place = source.place(); place !== undefined; ) {
    const body = source.reader.body(place.number, uid, place.partition);
    if (body !== undefined) return { ...body, packs: source.packs(place.partition) };
    const now = source.place();
    // It moved to another partition between the two looks.
    if (now?.partition === place.partition) return undefined;
    place = now;
  }
  return undefined;
}

/** UIDs that nobody asked for are read over while there are no more than this of them in a row. */
const MAX_GAP = 4;

/** Where the bodies of many messages are, by UID: a query for each run of neighbours. */
function locateAll(source: BodySource, uids: readonly number[]): ReadonlyMap<number, Located> {
  const found = new Map<number, Located>();
  const place = source.place();
  if (place === undefined) return found;
  const packs = source.packs(place.partition);
  const sorted = isAscending(uids) ? uids : [...new Set(uids)].sort((a, b) => a - b);
  for (let at = 0; at < sorted.length; ) {
    let end = at + 1;
    while (end < sorted.length && sorted[end]! - sorted[end - 1]! <= MAX_GAP + 1) end++;
    const rows = source.reader.bodies(place.number, sorted[at]!, sorted[end - 1]!, place.partition);
    for (const { uid, guid, ref } of rows) found.set(uid, { guid, ref, packs });
    at = end;
  }
  if (found.size === sorted.length || source.place()?.partition === place.partition) return found;
  return locateAll(source, uids);
}

function isAscending(uids: readonly number[]): boolean {
  for (let i = 1; i < uids.length; i++) if (uids[i]! <= uids[i - 1]!) return false;
  return true;
}

/** Compaction may have moved the body after the look: once more, with what the rows say now. */
async function readAgain(
  source: BodySource,
  uid: number,
  from: number,
  to: number,
  error: PackError,
): Promise<Buffer> {
  if (error.code !== 'missing' && error.code !== 'offline') throw error;
  const body = locate(source, uid);
  if (body === undefined) throw error;
  body.packs.forget(body.ref.pack);
  return await body.packs.read(body.ref, from, to, body.guid);
}

export function openMessage(source: BodySource, uid: number): StoredMessage {
  const body = locate(source, uid);
  if (body === undefined) throw new MailError('EXPUNGEISSUED', 'Message was expunged');
  return {
    uid,
    size: body.ref.length,
    guid: body.guid,
    read: async (from, to) => {
      const end = Math.min(to, from + READ_BYTES);
      try {
        if (body.ref.length > READ_BYTES) await body.packs.verify(body.ref, body.guid);
        return await body.packs.read(body.ref, from, end, body.guid);
      } catch (error) {
        const fault = PackError.from(error, 'read');
        try {
          return await readAgain(source, uid, from, end, fault);
        } catch (again) {
          throw toMailError(again);
        }
      }
    },
  };
}

interface Piece {
  readonly index: number;
  readonly uid: number;
  readonly from: number;
  readonly to: number;
  readonly isLast: boolean;
  readonly request: ReadRequest;
}

export async function* readContents(
  source: BodySource,
  requests: readonly ContentRequest[],
): AsyncGenerator<ContentPiece> {
  for (let start = 0; start < requests.length; start += BATCH) {
    yield* readBatch(source, requests, start, Math.min(requests.length, start + BATCH));
  }
}

async function* readBatch(
  source: BodySource,
  requests: readonly ContentRequest[],
  start: number,
  end: number,
): AsyncGenerator<ContentPiece> {
  const pieces: (Piece | { readonly index: number })[] = [];
  const reads: ReadRequest[] = [];
  let packs: PackReader | undefined;
  const bodies = locateAll(
    source,
    requests.slice(start, end).map(({ uid }) => uid),
  );
  for (let index = start; index < end; index++) {
    const { uid, from, to } = requests[index]!;
    const body = bodies.get(uid);
    if (body === undefined) pieces.push({ index });
    else {
      packs ??= body.packs;
      for (const piece of cut(index, uid, from, to, body)) {
        pieces.push(piece);
        reads.push(piece.request);
      }
    }
  }
  const groups = packs?.readGroups(reads);
  const arrivals = new Arrivals();
  let taken = 0;
  try {
    for (const piece of pieces) {
      if (!('request' in piece)) {
        yield { index: piece.index, bytes: Buffer.alloc(0), isLast: true, isMissing: true };
        continue;
      }
      let arrived = arrivals.take(taken);
      while (arrived === undefined) {
        arrivals.add((await groups!.next()).value as ReadGroup);
        arrived = arrivals.take(taken);
      }
      taken++;
      const { item, lease } = arrived;
      const { index, isLast } = piece;
      // No read sees all of it, so its check sum is compared ahead of the first piece.
      if (!isLast && piece.from === requests[index]!.from) await verified(bodies.get(piece.uid)!);
      if (Buffer.isBuffer(item)) yield { index, bytes: item, isLast, isMissing: false, lease };
      else yield await readMoved(source, piece, item);
    }
  } finally {
    await groups?.return(undefined);
  }
}

/** What compaction has moved it has compared as well. */
async function verified({ packs, ref, guid }: Located): Promise<void> {
  try {
    await packs.verify(ref, guid);
  } catch (error) {
    const fault = PackError.from(error, 'read');
    if (fault.code !== 'missing' && fault.code !== 'offline') throw toMailError(fault);
  }
}

async function readMoved(source: BodySource, piece: Piece, fault: PackError): Promise<ContentPiece> {
  const { index, uid, from, to, isLast } = piece;
  try {
    return { index, bytes: await readAgain(source, uid, from, to, fault), isLast, isMissing: false };
  } catch (error) {
    throw toMailError(error);
  }
}

function cut(index: number, uid: number, from: number, to: number, { guid, ref }: Located): Piece[] {
  const end = Math.min(to, ref.length);
  const first = Math.min(from, end);
  const pieces: Piece[] = [];
  let at = first;
  do {
    const next = Math.min(end, at + PIECE_BYTES);
    pieces.push({
      index,
      uid,
      from: at,
      to: next,
      isLast: next === end,
      request: { ref, guid, from: at, to: next },
    });
    at = next;
  } while (at < end);
  return pieces;
}
