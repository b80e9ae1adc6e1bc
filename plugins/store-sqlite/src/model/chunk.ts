/**
 * The packed index: up to 100 messages of 40 bytes in one row, which fills one SQLite page, so that a change costs a
 * page. Columns lie one after another (structure of arrays by count), so that typed arrays lie over the bytes read.
 *
 *     header 16 B: count u16, version u16, crc32 u32 (of all that follows it), maxModseq f64
 *     then: modseqs f64[n], keywords u32[4n], uids u32[n], flags u32[n], sizes u32[n], dates u32[n]
 *
 * Little endian; a big-endian machine is refused at start.
 */
import { endianness } from 'node:os';
import { crc32 } from 'node:zlib';
import type { SnapshotChunk } from '@angarium/sdk';

export const CHUNK_MESSAGES = 100;
export const CHUNK_HEADER_BYTES = 16;
export const MESSAGE_BYTES = 40;
const CHUNK_VERSION = 1;
const CRC_FROM = 8;

/** What the bytes of a chunk row say that is wrong with them. */
export class ChunkError extends Error {
  override readonly name = 'ChunkError';
}

export function assertLittleEndian(): void {
  if (endianness() !== 'LE') throw new Error('the store format is little endian; this machine is not');
}

/** A chunk that is being built or changed. All columns have `count` elements (keywords four times as many). */
export interface Columns {
  count: number;
  modseqs: Float64Array;
  keywords: Uint32Array;
  uids: Uint32Array;
  flags: Uint32Array;
  sizes: Uint32Array;
  dates: Uint32Array;
}

export function emptyColumns(count: number): Columns {
  return columnsOver(new ArrayBuffer(CHUNK_HEADER_BYTES + count * MESSAGE_BYTES), 0, count);
}

function columnsOver(buffer: ArrayBuffer, start: number, count: number): Columns {
  let at = start + CHUNK_HEADER_BYTES;
  const words = (elements: number): Uint32Array => {
    const array = new Uint32Array(buffer, at, elements);
    at += elements * 4;
    return array;
  };
  const modseqs = new Float64Array(buffer, at, count);
  at += count * 8;
  const keywords = words(4 * count);
  return {
    count,
    modseqs,
    keywords,
    uids: words(count),
    flags: words(count),
    sizes: words(count),
    dates: words(count),
  };
}

/** Views over the bytes, nothing copied when they are 8-byte aligned. @throws ChunkError */
export function decodeColumns(bytes: Buffer): Columns {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : Buffer.from(Uint8Array.from(bytes).buffer);
  if (aligned.length < CHUNK_HEADER_BYTES) throw new ChunkError('chunk is shorter than its header');
  const count = aligned.readUInt16LE(0);
  const version = aligned.readUInt16LE(2);
  if (version !== CHUNK_VERSION) throw new ChunkError(`chunk has version ${version}`);
  if (aligned.length !== CHUNK_HEADER_BYTES + count * MESSAGE_BYTES) {
    throw new ChunkError(`chunk of ${count} messages has ${aligned.length} bytes`);
  }
  if (crc32(aligned.subarray(CRC_FROM)) !== aligned.readUInt32LE(4)) {
    throw new ChunkError("the chunk's check sum is wrong");
  }
  return columnsOver(aligned.buffer as ArrayBuffer, aligned.byteOffset, count);
}

export function maxOf(modseqs: Float64Array): number {
  let max = 0;
  for (let i = 0; i < modseqs.length; i++) if (modseqs[i]! > max) max = modseqs[i]!;
  return max;
}

/** The bytes of a row. Columns made by `emptyColumns` or `decodeColumns` share one buffer, which is completed in place. */
export function encodeColumns(columns: Columns): Buffer {
  const { count, modseqs } = columns;
  const bytes = Buffer.from(
    modseqs.buffer as ArrayBuffer,
    modseqs.byteOffset - CHUNK_HEADER_BYTES,
    CHUNK_HEADER_BYTES + count * MESSAGE_BYTES,
  );
  bytes.writeUInt16LE(count, 0);
  bytes.writeUInt16LE(CHUNK_VERSION, 2);
  bytes.writeDoubleLE(maxOf(modseqs), 8);
  bytes.writeUInt32LE(crc32(bytes.subarray(CRC_FROM)), 4);
  return bytes;
}

/** @throws ChunkError */
export function decodeChunk(bytes: Buffer): SnapshotChunk {
  const columns = decodeColumns(bytes);
  return { ...columns, maxModSeq: maxOf(columns.modseqs) };
}

/** Copies message `from` of `source` to place `to` of `target`. */
export function copyMessage(
  source: Columns | SnapshotChunk,
  from: number,
  target: Columns,
  to: number,
): void {
  target.modseqs[to] = source.modseqs[from]!;
  target.uids[to] = source.uids[from]!;
  target.flags[to] = source.flags[from]!;
  target.sizes[to] = source.sizes[from]!;
  target.dates[to] = source.dates[from]!;
  for (let w = 0; w < 4; w++) target.keywords[4 * to + w] = source.keywords[4 * from + w]!;
}

/** Those messages for which `keep` says so; the same object when it is all of them. */
export function filterColumns(columns: Columns, keep: (at: number) => boolean): Columns {
  const kept: number[] = [];
  for (let i = 0; i < columns.count; i++) if (keep(i)) kept.push(i);
  if (kept.length === columns.count) return columns;
  const result = emptyColumns(kept.length);
  for (let i = 0; i < kept.length; i++) copyMessage(columns, kept[i]!, result, i);
  return result;
}

/** The messages of `a`, then those of `b`. */
export function concatColumns(a: Columns, b: Columns): Columns {
  const result = emptyColumns(a.count + b.count);
  for (let i = 0; i < a.count; i++) copyMessage(a, i, result, i);
  for (let i = 0; i < b.count; i++) copyMessage(b, i, result, a.count + i);
  return result;
}

export function sliceColumns(columns: Columns, from: number, to: number): Columns {
  const result = emptyColumns(to - from);
  for (let i = from; i < to; i++) copyMessage(columns, i, result, i - from);
  return result;
}

/** Place of `uid`, or of the first one above it. */
export function lowerBound(uids: Uint32Array, uid: number): number {
  let low = 0;
  let high = uids.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (uids[middle]! < uid) low = middle + 1;
    else high = middle;
  }
  return low;
}
