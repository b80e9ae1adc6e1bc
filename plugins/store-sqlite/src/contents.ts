/** Reads message bodies: index rows in batches, packs ahead of the consumer, a second look when compaction moved one. */
import { type ContentPiece, type ContentRequest, MailError, type StoredMessage } from '@angarium/sdk';
import { toMailError } from './errors.js';
import { PackError, type PackReader, type PackRef, type ReadRequest } from './packs/index.js';
import type { ShardReader } from './reading/shard-reader.js';

/** Longer ranges come in pieces, and `StoredMessage.read` reads no more at once. */
const PIECE_BYTES = 1024 * 1024;
const BATCH = 128;

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
  const place = source.place();
  if (place === undefined) return undefined;
  const body = source.reader.body(place.number, uid, place.partition);
  return body === undefined ? undefined : { ...body, packs: source.packs(place.partition) };
}

/** Compaction may have moved the body after the look: once more, with what the rows say now. */
async function readAgain(
  source: BodySource,
  uid: number,
  from: number,
  to: number,
  error: PackError,
): Promise<Buffer> {
  if (error.code !== 'missing') throw error;
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
      const end = Math.min(to, from + PIECE_BYTES);
      try {
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
  for (let index = start; index < end; index++) {
    const { uid, from, to } = requests[index]!;
    const body = locate(source, uid);
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
  let group: readonly (Buffer | PackError)[] = [];
  let taken = 0;
  try {
    for (const piece of pieces) {
      if (!('request' in piece)) {
        yield { index: piece.index, bytes: Buffer.alloc(0), isLast: true, isMissing: true };
        continue;
      }
      if (taken === group.length) {
        group = (await groups!.next()).value as readonly (Buffer | PackError)[];
        taken = 0;
      }
      const read = group[taken++]!;
      if (!Buffer.isBuffer(read)) yield await readMoved(source, piece, read);
      else yield { index: piece.index, bytes: read, isLast: piece.isLast, isMissing: false };
    }
  } finally {
    await groups?.return(undefined);
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
