/** Keys of many messages, a column a criterion; messages are rows in the order of their indexes. */
import {
  type CollationName,
  type ImapSession,
  type NumberSet,
  type SnapshotChunk,
  SummaryView,
} from '@angarium/sdk';
import type { Turns } from '../turns.js';
import type { ColumnName, Criterion } from './criteria.js';
import { textKey } from './text-keys.js';

export type Column = Float64Array | readonly string[];

/** Answers a number below 0, 0, or above. */
export type Comparison = (a: number, b: number) => number;

const columns: Readonly<Record<ColumnName, (chunk: SnapshotChunk, at: number) => number>> = {
  ARRIVAL: (chunk, at) => chunk.dates[at]!,
  SIZE: (chunk, at) => chunk.sizes[at]!,
  MODSEQ: (chunk, at) => chunk.modseqs[at]!,
  UID: (chunk, at) => chunk.uids[at]!,
};

export interface KeyOptions {
  readonly criteria: readonly Criterion[];
  readonly comparator: CollationName | undefined;
  /** By index; for RELEVANCY. */
  readonly scores: ReadonlyMap<number, number> | undefined;
  readonly turns: Turns;
}

/** One column a criterion. */
export async function loadKeys(
  session: ImapSession,
  indexes: NumberSet,
  options: KeyOptions,
): Promise<readonly Column[]> {
  const { criteria, comparator } = options;
  const count = indexes.size;
  const loaded = criteria.map((criterion): Float64Array | string[] =>
    criterion.kind === 'text' ? new Array<string>(count).fill('') : new Float64Array(count),
  );
  fromColumns(session, indexes, options, loaded);
  if (criteria.every(({ kind }) => kind === 'column' || kind === 'score')) return loaded;
  const readers = criteria.map((criterion, c) => {
    const column = loaded[c]!;
    if (criterion.kind === 'date') return dateReader(column as Float64Array);
    if (criterion.kind !== 'text') return undefined;
    const key = textKey(criterion.name, comparator);
    return (row: number, summary: SummaryView) => void ((column as string[])[row] = key(summary));
  });
  await eachSummary(session, indexes, options.turns, (row, summary) => {
    for (const read of readers) read?.(row, summary);
  });
  return loaded;
}

function dateReader(column: Float64Array): (row: number, summary: SummaryView) => void {
  return (row, summary) => void (column[row] = summary.sentDateMs);
}

/** Calls `visit` for each message that the store still has a summary of, ascending; `row` counts the indexes. */
export async function eachSummary(
  session: ImapSession,
  indexes: NumberSet,
  turns: Turns,
  visit: (row: number, summary: SummaryView) => void,
): Promise<void> {
  const { view, mailbox } = session.selected;
  const uids = Uint32Array.from(view.uidsAt(indexes));
  let row = 0;
  for await (const batch of mailbox.summaries(view.uidsAt(indexes))) {
    for (const [i, uid] of batch.uids.entries()) {
      while (row < uids.length && uids[row]! < uid) row++;
      if (uids[row] === uid) visit(row, new SummaryView(batch.records[i]!));
    }
    await turns.rest();
  }
}

function fromColumns(
  session: ImapSession,
  indexes: NumberSet,
  { criteria, scores }: KeyOptions,
  loaded: readonly (Float64Array | string[])[],
): void {
  for (const [c, criterion] of criteria.entries()) {
    const column = loaded[c] as Float64Array;
    let row = 0;
    if (criterion.kind === 'score') {
      // The highest comes first (RFC 6203 §6).
      for (const index of indexes) column[row++] = -(scores?.get(index) ?? 0);
    } else if (criterion.kind === 'column') {
      const value = columns[criterion.name];
      session.selected.view.eachRun(indexes, (chunk, from, to) => {
        for (let at = from; at < to; at++) column[row++] = value(chunk, at);
      });
    }
  }
}

/** Compares two rows by all criteria, then by their order in the mailbox: never 0 for two rows. */
export function comparison(criteria: readonly Criterion[], loaded: readonly Column[]): Comparison {
  const parts = criteria.map(({ isReverse }, c) => {
    const column = loaded[c] as readonly (string | number)[];
    const sign = isReverse ? -1 : 1;
    return (a: number, b: number): number => {
      const x = column[a]!;
      const y = column[b]!;
      return x === y ? 0 : x < y ? -sign : sign;
    };
  });
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return (a, b) => only(a, b) || a - b;
  return (a, b) => {
    for (const part of parts) {
      const result = part(a, b);
      if (result !== 0) return result;
    }
    return a - b;
  };
}
