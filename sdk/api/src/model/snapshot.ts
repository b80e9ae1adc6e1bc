/**
 * An immutable view of a mailbox, shared by all sessions of a worker. Messages are in ascending UID order, in
 * chunks, so that a change replaces one chunk and not 200,000 entries; a chunk's columns are typed arrays that may
 * lie directly over the bytes that the store read.
 */
import type { NumberSet } from './number-set.js';
import { NumberSet as Numbers } from './number-set.js';

/** Columns of up to a few hundred messages. Never changed once in a snapshot. */
export interface SnapshotChunk {
  readonly count: number;
  /** Highest of `modseqs`: what is not newer than the caller knows can be skipped. */
  readonly maxModSeq: number;
  readonly uids: Uint32Array;
  /** `Flag` bits. */
  readonly flags: Uint32Array;
  /** Below 2^53. */
  readonly modseqs: Float64Array;
  /** Octets. */
  readonly sizes: Uint32Array;
  /** Internal date, seconds since 1970 UTC. */
  readonly dates: Uint32Array;
  /** Four words (128 bits) a message; bit k of word w is keyword 32*w+k of `keywordNames`. */
  readonly keywords: Uint32Array;
}

/** What concerns the mailbox as a whole. */
export interface MailboxHead {
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly highestModSeq: number;
  /** Index = keyword bit; '' for a bit not in use. */
  readonly keywordNames: readonly string[];
}

/** Position of a message: `index` is its sequence number minus one. */
export interface MessagePlace {
  readonly chunk: SnapshotChunk;
  readonly at: number;
  readonly index: number;
}

/** The view itself; all methods are pure. */
export class MailboxSnapshot {
  /** Number of messages before chunk i; last element: the total. */
  private readonly starts: Uint32Array;

  constructor(
    readonly head: MailboxHead,
    readonly chunks: readonly SnapshotChunk[],
  ) {
    this.starts = new Uint32Array(chunks.length + 1);
    for (let i = 0; i < chunks.length; i++) this.starts[i + 1] = this.starts[i]! + chunks[i]!.count;
  }

  /** EXISTS. */
  get count(): number {
    return this.starts[this.chunks.length]!;
  }

  get highestModSeq(): number {
    return this.head.highestModSeq;
  }

  /** Messages before chunk `chunkIndex`. */
  startOf(chunkIndex: number): number {
    return this.starts[chunkIndex]!;
  }

  /** Which chunk holds the message with this index (0 ≤ index < count)? */
  chunkIndexOf(index: number): number {
    let low = 0;
    let high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** @throws RangeError outside 0…count-1. */
  place(index: number): MessagePlace {
    if (!(index >= 0 && index < this.count)) throw new RangeError(`no message at ${index}`);
    const c = this.chunkIndexOf(index);
    return { chunk: this.chunks[c]!, at: index - this.starts[c]!, index };
  }

  uidAt(index: number): number {
    const c = this.chunkIndexOf(index);
    return this.chunks[c]!.uids[index - this.starts[c]!]!;
  }

  /** Index of the first message whose UID is ≥ uid; `count` when there is none. */
  lowerBound(uid: number): number {
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { uids, count } = this.chunks[middle]!;
      if (uids[count - 1]! < uid) low = middle + 1;
      else high = middle;
    }
    if (low === this.chunks.length) return this.count;
    const { uids, count } = this.chunks[low]!;
    let from = 0;
    let to = count;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (uids[middle]! < uid) from = middle + 1;
      else to = middle;
    }
    return this.starts[low]! + from;
  }

  /** Index of the message, or -1. */
  indexOf(uid: number): number {
    const index = this.lowerBound(uid);
    return index < this.count && this.uidAt(index) === uid ? index : -1;
  }

  /** The indexes (0-based ranges, inclusive) of those of `uids` that exist. Cost: ranges × log, not numbers. */
  indexesOf(uids: NumberSet): NumberSet {
    const ranges: [number, number][] = [];
    for (const [start, end] of uids.ranges()) {
      const from = this.lowerBound(start);
      const to = end >= 0xffffffff ? this.count : this.lowerBound(end + 1);
      if (from < to) ranges.push([from, to - 1]);
    }
    return Numbers.fromRanges(ranges);
  }

  /** UIDs of the messages at these indexes. Cost: the messages. */
  uidsAt(indexes: NumberSet): NumberSet {
    const uids = new Uint32Array(indexes.size);
    let n = 0;
    for (const [start, end] of indexes.ranges()) {
      let c = this.chunkIndexOf(start);
      for (let index = start; index <= end; ) {
        const chunk = this.chunks[c]!;
        const from = index - this.starts[c]!;
        const to = Math.min(chunk.count, end + 1 - this.starts[c]!);
        for (let at = from; at < to; at++) uids[n++] = chunk.uids[at]!;
        index += to - from;
        c++;
      }
    }
    return Numbers.fromAscending(uids);
  }

  /** Walks the chunks that hold these indexes: `visit(chunk, from, to, index of from)`, `to` exclusive. */
  eachRun(
    indexes: NumberSet,
    visit: (chunk: SnapshotChunk, from: number, to: number, index: number) => void,
  ): void {
    for (const [start, end] of indexes.ranges()) {
      let c = this.chunkIndexOf(start);
      for (let index = start; index <= end; c++) {
        const chunk = this.chunks[c]!;
        const from = index - this.starts[c]!;
        const to = Math.min(chunk.count, end + 1 - this.starts[c]!);
        visit(chunk, from, to, index);
        index += to - from;
      }
    }
  }
}
