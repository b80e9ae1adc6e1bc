/**
 * Which reads become one: requests that lie one behind the other in a pack, as the mail of one mailbox mostly does.
 * What lies between them (other mailboxes' records, journal records) is read over while that costs less than a call.
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
}

/** Each piece handed on keeps the whole read in memory. */
export const SPAN_BYTES = 1024 * 1024;
/** Chosen, not measured: about the bytes that are copied from the page cache in the time of another call. */
export const GAP_BYTES = 64 * 1024;
/** So that what comes of one read is not waited for by the loop for long. */
export const SPAN_REQUESTS = 64;

export function extentOf({ ref, from = 0, to = ref.length }: ExtentRequest): Extent {
  const start = Math.min(Math.max(from, 0), ref.length);
  return { ref, start, end: Math.min(Math.max(to, start), ref.length) };
}

/** In the order of the requests, each of which is in one span. Takes one request more than the spans given out hold. */
export function* spansOf<R extends ExtentRequest>(requests: Iterable<R>): Generator<Span<R>> {
  let joined: R[] = [];
  let pack = -1;
  let offset = 0;
  let end = 0;
  let isOpen = false;
  for (const request of requests) {
    const { ref, start, end: bodyEnd } = extentOf(request);
    const to = ref.offset + RECORD_HEADER_BYTES + bodyEnd;
    // The header of a part far behind it is read by a call of its own.
    const isNear = start <= GAP_BYTES;
    const last = Math.max(end, to);
    const fits =
      isOpen &&
      isNear &&
      ref.pack === pack &&
      ref.offset >= offset &&
      ref.offset <= end + GAP_BYTES &&
      last - offset <= SPAN_BYTES &&
      joined.length < SPAN_REQUESTS;
    if (fits) {
      joined.push(request);
      end = last;
      continue;
    }
    if (joined.length > 0) yield { offset, bytes: end - offset, requests: joined };
    joined = [request];
    pack = ref.pack;
    // A part is read without what is in front of it: it counts with its own bytes.
    offset = isNear ? ref.offset : to - (bodyEnd - start) - RECORD_HEADER_BYTES;
    end = to;
    isOpen = isNear;
  }
  if (joined.length > 0) yield { offset, bytes: end - offset, requests: joined };
}
