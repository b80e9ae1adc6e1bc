/** Keys of many messages, a column a criterion; messages are rows in the order of their indexes. */
import {
  type CollationName,
  collations,
  type ImapSession,
  NumberSet,
  type SnapshotChunk,
  SummaryView,
} from '@angarium/sdk';
import { toArray } from '../numbers.js';
import type { Turns } from '../turns.js';
import type { ColumnName, Criterion } from './criteria.js';
import type { KeyCache } from './key-cache.js';
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
  readonly cache: KeyCache;
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
    criterion.kind === 'text' || criterion.kind === 'extension'
      ? new Array<string>(count).fill('')
      : new Float64Array(count),
  );
  fromColumns(session, indexes, options, loaded);
  const readers = criteria.flatMap((criterion, c) => {
    const read = readerOf(criterion, comparator);
    return read === undefined
      ? []
      : [{ column: loaded[c]!, read, key: columnKey(criterion.name, comparator) }];
  });
  if (readers.length > 0) await loadColumns(session, indexes, readers, options);
  for (const [c, criterion] of criteria.entries()) {
    if (criterion.kind === 'extension')
      await fromExtension(session, indexes, criterion, loaded[c] as string[], options);
  }
  return loaded;
}

/** Of a text only so much is compared. */
const MAX_TEXT = 1000;

/** What has no text sorts as the empty one, as a field that is missing does (RFC 5256 §3). */
async function fromExtension(
  session: ImapSession,
  indexes: NumberSet,
  { key, args }: Extract<Criterion, { kind: 'extension' }>,
  column: string[],
  { comparator = 'i;unicode-casemap', turns }: KeyOptions,
): Promise<void> {
  const collate = collations[comparator];
  const uids = session.selected.view.uidsAt(indexes);
  const texts = await key.load(session, uids, args);
  for (const [row, uid] of toArray(uids).entries()) {
    const text = texts.get(uid);
    if (text !== undefined) column[row] = collate(text.slice(0, MAX_TEXT));
    if (turns.isDue(text === undefined ? 1 : 10)) await turns.rest();
  }
}

/** A run of messages within one chunk whose keys have to be read. */
interface Missing {
  readonly chunk: SnapshotChunk;
  readonly isWhole: boolean;
  readonly row: number;
  readonly count: number;
}

/** One thing that summaries tell of messages. */
export interface ColumnReader {
  /** What it is called in the cache. */
  readonly key: string;
  /** A row a message. */
  readonly column: Float64Array | string[];
  read(summary: SummaryView): number | string;
}

/** Fills columns from the cache and, where it has nothing, from the store. Messages that are gone keep what is there. */
export async function loadColumns(
  session: ImapSession,
  indexes: NumberSet,
  readers: readonly ColumnReader[],
  { cache, turns }: Pick<KeyOptions, 'cache' | 'turns'>,
): Promise<void> {
  const missing: Missing[] = [];
  const absent: [number, number][] = [];
  let row = 0;
  session.selected.view.eachRun(indexes, (chunk, from, to, index) => {
    const count = to - from;
    const known = readers.map(({ key }) => cache.get(chunk, key));
    if (known.every((column) => column !== undefined)) {
      for (const [r, { column }] of readers.entries()) copyTo(column, row, known[r]!, from, to);
    } else {
      missing.push({ chunk, isWhole: count === chunk.count, row, count });
      absent.push([index, index + count - 1]);
    }
    row += count;
  });
  await turns.rest();
  if (missing.length === 0) return;
  const rows = rowsOf(missing);
  await eachSummary(session, NumberSet.fromRanges(absent), turns, (n, summary) => {
    for (const reader of readers) reader.column[rows[n]!] = reader.read(summary);
  });
  for (const { chunk, isWhole, row, count } of missing) {
    if (!isWhole) continue;
    for (const { column, key } of readers) cache.put(chunk, key, column.slice(row, row + count));
    if (turns.isDue(count)) await turns.rest();
  }
}

/** As the cache knows it. */
export function columnKey(name: string, comparator: CollationName | undefined): string {
  return `${comparator ?? ''} ${name}`;
}

function readerOf(
  criterion: Criterion,
  comparator: CollationName | undefined,
): ((summary: SummaryView) => number | string) | undefined {
  if (criterion.kind === 'text') return textKey(criterion.name, comparator);
  return criterion.kind === 'date' ? (summary) => summary.sentDateMs : undefined;
}

function copyTo(
  target: Float64Array | string[],
  row: number,
  column: Column,
  from: number,
  to: number,
): void {
  for (let at = from; at < to; at++) target[row + at - from] = column[at]!;
}

/** Which row the n-th message to be read is. */
function rowsOf(missing: readonly Missing[]): Uint32Array {
  const rows = new Uint32Array(missing.reduce((sum, { count }) => sum + count, 0));
  let n = 0;
  for (const { row, count } of missing) for (let at = 0; at < count; at++) rows[n++] = row + at;
  return rows;
}

/** Calls `visit` for each message that the store still has a summary of, ascending; `row` counts the indexes. */
async function eachSummary(
  session: ImapSession,
  indexes: NumberSet,
  turns: Turns,
  visit: (row: number, summary: SummaryView) => void,
): Promise<void> {
  const { view, mailbox } = session.selected;
  const wanted = view.uidsAt(indexes);
  const uids = toArray(wanted);
  let row = 0;
  for await (const batch of mailbox.summaries(wanted)) {
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
