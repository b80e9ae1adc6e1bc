/** Messages of a FETCH side by side, a hundred or so at a time. */
import type {
  FetchBatch,
  ImapSession,
  MailboxSnapshot,
  NumberSet,
  SnapshotChunk,
  SummaryBatch,
} from '@angarium/sdk';

/** Without summaries to set the pace: enough that a batch costs little, and the loop is free again soon. */
const INDEX_BATCH = 256;

export interface Batch extends FetchBatch {
  readonly numbers: Uint32Array;
  readonly summaries: SummaryBatch | undefined;
}

/** Rows of the view in ascending order, found again by UID. */
class Rows {
  private chunks: SnapshotChunk[] = [];
  private at: number[] = [];
  private numbers: number[] = [];
  private uids: number[] = [];
  private c = 0;

  constructor(private readonly view: MailboxSnapshot) {}

  get count(): number {
    return this.uids.length;
  }

  addIndex(index: number): void {
    while (index >= this.view.startOf(this.c + 1)) this.c++;
    const chunk = this.view.chunks[this.c]!;
    const at = index - this.view.startOf(this.c);
    this.push(chunk, at, index, chunk.uids[at]!);
  }

  /** False: the view has no such message. */
  addUid(uid: number): boolean {
    const { chunks } = this.view;
    let chunk = chunks[this.c];
    while (chunk !== undefined && chunk.uids[chunk.count - 1]! < uid) chunk = chunks[++this.c];
    if (chunk === undefined) return false;
    const at = rowOf(chunk, uid);
    if (at < 0) return false;
    this.push(chunk, at, this.view.startOf(this.c) + at, uid);
    return true;
  }

  private push(chunk: SnapshotChunk, at: number, index: number, uid: number): void {
    this.chunks.push(chunk);
    this.at.push(at);
    this.numbers.push(index + 1);
    this.uids.push(uid);
  }

  take(session: ImapSession, summaries: SummaryBatch | undefined): Batch {
    const { chunks, at, numbers, uids } = this;
    this.chunks = [];
    this.at = [];
    this.numbers = [];
    this.uids = [];
    return {
      session,
      summaries,
      chunks,
      uids: new Uint32Array(uids),
      numbers: new Uint32Array(numbers),
      at: new Uint16Array(at),
    };
  }
}

function rowOf(chunk: SnapshotChunk, uid: number): number {
  let low = 0;
  let high = chunk.count - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const here = chunk.uids[middle]!;
    if (here === uid) return middle;
    if (here < uid) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** Ascending. Messages of which the store has no summary any more are left out. */
export async function* batchesOf(
  session: ImapSession,
  indexes: NumberSet,
  withSummaries: boolean,
): AsyncGenerator<Batch> {
  const { view, mailbox } = session.selected;
  const rows = new Rows(view);
  if (!withSummaries) {
    for (const index of indexes) {
      rows.addIndex(index);
      if (rows.count === INDEX_BATCH) yield rows.take(session, undefined);
    }
    if (rows.count > 0) yield rows.take(session, undefined);
    return;
  }
  for await (const summaries of mailbox.summaries(view.uidsAt(indexes))) {
    const { uids } = summaries;
    const records = summaries.records.filter((_, i) => rows.addUid(uids[i]!));
    if (rows.count === 0) continue;
    const batch = rows.take(session, undefined);
    yield { ...batch, summaries: { uids: batch.uids, records } };
  }
}
