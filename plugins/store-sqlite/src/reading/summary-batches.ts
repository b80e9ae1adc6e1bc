/** Cold records of many messages: read by the page, as a value a row costs more than the row itself. */
import type { NumberSet, SummaryBatch } from '@angarium/sdk';
import { MAX_UID } from '../model/ids.js';
import type { ShardReader } from './shard-reader.js';

/** Enough that a query costs little a record, and the loop is free again within a millisecond. */
const BATCH_RECORDS = 256;
/** Records of hostile messages reach a megabyte: a batch ends early with them. */
const BATCH_BYTES = 4 * 1024 * 1024;
/** UIDs nobody asked for that are read over: mostly nothing is there, and a query costs as much as several records. */
const MAX_GAP = 4;

interface Span {
  readonly from: number;
  readonly to: number;
  /** All UIDs between are asked for. */
  readonly isWhole: boolean;
}

/** Ascending, each batch one read: the state may be newer from one to the next. Records of a batch share memory. */
export function* summaryBatches(
  reader: ShardReader,
  mailboxNumber: number,
  uids: NumberSet,
): Generator<SummaryBatch> {
  let found: number[] = [];
  let records: Buffer[] = [];
  let bytes = 0;
  const take = (): SummaryBatch => {
    const batch = { uids: Uint32Array.from(found), records };
    found = [];
    records = [];
    bytes = 0;
    return batch;
  };
  for (const { from, to, isWhole } of spansOf(uids)) {
    for (let next = from; next <= to; ) {
      const wanted = BATCH_RECORDS - found.length;
      const page = reader.coldPage(mailboxNumber, next, to, wanted);
      for (let i = 0, at = 0; i < page.uids.length; i++) {
        const uid = page.uids[i]!;
        const length = page.lengths[i]!;
        const start = at;
        if (length <= page.maxPacked) at += length;
        if (!isWhole && !uids.has(uid)) continue;
        const record =
          length <= page.maxPacked ? page.packed.subarray(start, at) : reader.coldBytes(mailboxNumber, uid);
        // Purged since.
        if (record === undefined) continue;
        found.push(uid);
        records.push(record);
        bytes += length;
        if (bytes >= BATCH_BYTES) yield take();
      }
      if (found.length >= BATCH_RECORDS) yield take();
      if (page.uids.length < wanted) break;
      next = page.uids[page.uids.length - 1]! + 1;
    }
  }
  if (found.length > 0) yield take();
}

function* spansOf(uids: NumberSet): Generator<Span> {
  let span: Span | undefined;
  for (const [from, end] of uids.ranges()) {
    const to = Math.min(end, MAX_UID);
    if (span !== undefined && from - span.to - 1 <= MAX_GAP) span = { from: span.from, to, isWhole: false };
    else {
      if (span !== undefined) yield span;
      span = { from, to, isWhole: true };
    }
  }
  if (span !== undefined) yield span;
}
