/**
 * Which reads become one: requests that lie one behind the other in a pack, as the mail of one mailbox mostly does.
 * What lies between them (other mailboxes' records, journal records) is read over while that costs less than a call. Each worker
 * writes packs of its own, so neighbours in a mailbox are in several packs by turns: spans of a few gather side by side.
 */
import { RECORD_HEADER_BYTES } from './format.js';
import type { PackRef } from './types.js';

/** What a request asks for, cut to the body that is there. */
export interface Extent {
  readonly ref: PackRef;
  /** Byte range of the body, within its length. */
  readonly start: number;
  readonly end: number;
}

export interface ExtentRequest {
  readonly ref: PackRef;
  readonly from?: number;
  readonly to?: number;
}

/** Requests answered by one read of `bytes` at `offset`. */
export interface Span<R extends ExtentRequest> {
  readonly offset: number;
  readonly bytes: number;
  readonly requests: readonly R[];
  /** The place of each among all requests, from 0. */
  readonly numbers: readonly number[];
}

/** Each piece handed on keeps the whole read in memory. */
export const SPAN_BYTES = 512 * 1024;
/** Chosen, not measured: about the bytes that are copied from the page cache in the time of another call. */
export const GAP_BYTES = 64 * 1024;
/** Packs at once; what they answer is held until its turn comes. */
const MAX_GATHERING = 4;
/** So that what comes of one read is not waited for by the loop for long. */
export const SPAN_REQUESTS = 128;

export function extentOf({ ref, from = 0, to = ref.length }: ExtentRequest): Extent {
  const start = Math.min(Math.max(from, 0), ref.length);
  return { ref, start, end: Math.min(Math.max(to, start), ref.length) };
}

/** A span that still may grow. */
class Gathering<R extends ExtentRequest> implements Span<R> {
  readonly requests: R[] = [];
  readonly numbers: number[] = [];
  readonly pack: number;
  readonly offset: number;
  private end: number;
  isOpen: boolean;

  constructor(request: R, number: number, { ref, start, end }: Extent) {
    this.pack = ref.pack;
    this.end = ref.offset + RECORD_HEADER_BYTES + end;
    // The header of a part far behind it is read by a call of its own.
    this.isOpen = start <= GAP_BYTES;
    // A part is read without what is in front of it: it counts with its own bytes.
    this.offset = this.isOpen ? ref.offset : this.end - (end - start) - RECORD_HEADER_BYTES;
    this.requests.push(request);
    this.numbers.push(number);
  }

  get bytes(): number {
    return this.end - this.offset;
  }

  /** False: it does not fit, and the span takes no more. */
  add(request: R, number: number, { ref, start, end: bodyEnd }: Extent): boolean {
    const end = Math.max(this.end, ref.offset + RECORD_HEADER_BYTES + bodyEnd);
    this.isOpen &&=
      start <= GAP_BYTES &&
      ref.offset >= this.offset &&
      ref.offset <= this.end + GAP_BYTES &&
      end - this.offset <= SPAN_BYTES &&
      this.requests.length < SPAN_REQUESTS;
    if (!this.isOpen) return false;
    this.end = end;
    this.requests.push(request);
    this.numbers.push(number);
    return true;
  }
}

/**
 * In the order of their first requests; each request is in one span. Takes requests of as many packs as spans gather side by
 * side before it gives out the first.
 */
export function* spansOf<R extends ExtentRequest>(requests: Iterable<R>): Generator<Span<R>> {
  const gathering: Gathering<R>[] = [];
  let number = 0;
  for (const request of requests) {
    const extent = extentOf(request);
    const last = gathering.findLast(({ pack }) => pack === extent.ref.pack);
    if (last?.add(request, number, extent) !== true) gathering.push(new Gathering(request, number, extent));
    number++;
    while (gathering.length > MAX_GATHERING || gathering[0]?.isOpen === false) yield gathering.shift()!;
  }
  yield* gathering;
}
