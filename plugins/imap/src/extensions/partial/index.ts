/** PARTIAL (RFC 9394, RFC 5267 §4.4): a window of the results, of SEARCH, SORT and UID FETCH. */
import type { CommandLine, CommandParameter, ImapExtension, ReturnOption } from '@angarium/sdk';
import { sliceOf } from '../../search/results.js';

/** `1:500` counts from the first, `-1:-100` from the last; either order of the two numbers. */
export interface PartialRange {
  readonly text: string;
  readonly isFromEnd: boolean;
  /** 1-based, ascending. */
  readonly low: number;
  readonly high: number;
}

export function parsePartialRange(line: CommandLine): PartialRange {
  line.sp();
  const isFromEnd = line.tryExpect('-');
  const a = line.nzNumber();
  line.expect(isFromEnd ? ':-' : ':');
  const b = line.nzNumber();
  const sign = isFromEnd ? '-' : '';
  return { text: `${sign}${a}:${sign}${b}`, isFromEnd, low: Math.min(a, b), high: Math.max(a, b) };
}

/** Positions (0-based, inclusive) among `count`; undefined when none of them is there. */
export function positionsOf(
  { isFromEnd, low, high }: PartialRange,
  count: number,
): readonly [number, number] | undefined {
  if (low > count) return undefined;
  const end = Math.min(high, count);
  return isFromEnd ? [count - end, count - low] : [low - 1, end - 1];
}

const partialOption: ReturnOption = {
  name: 'PARTIAL',
  commands: ['SEARCH', 'SORT', 'ESEARCH'],
  // RFC 9394 §3.1: one PARTIAL, one ALL, or neither.
  excludes: ['ALL', 'PARTIAL'],
  parse: parsePartialRange,
  covers(count, range) {
    const positions = positionsOf(range as PartialRange, count);
    return positions === undefined ? [] : [positions];
  },
  tell({ results }, args) {
    const range = args as PartialRange;
    const positions = positionsOf(range, results.count);
    return `PARTIAL (${range.text} ${positions === undefined ? 'NIL' : results.setText(...positions)})`;
  },
};

/** RFC 9394 §3.3. Before CHANGEDSINCE (§3.4): the window is one of the messages, not of the changes. */
const partialFetch: CommandParameter = {
  command: 'FETCH',
  name: 'PARTIAL',
  uidOnly: true,
  parse: parsePartialRange,
  async narrow(_session, indexes, range) {
    const { size } = indexes;
    const positions = positionsOf(range as PartialRange, size);
    return positions === undefined ? sliceOf(indexes, 1, 0) : sliceOf(indexes, ...positions);
  },
};

export const partialExtension: ImapExtension = {
  name: 'PARTIAL',
  capabilities: [{ word: 'PARTIAL', states: ['authenticated', 'selected'] }],
  returnOptions: [partialOption],
  parameters: [partialFetch],
};
