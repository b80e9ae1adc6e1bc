/** Results by position, as UIDs or sequence numbers. */
import { type MailboxSnapshot, NumberSet, type ResultList, type SearchResult } from '@angarium/sdk';

/** The numbers of `set` at these places (0-based, inclusive). Cost: ranges. */
export function sliceOf(set: NumberSet, from: number, to: number): NumberSet {
  const ranges: [number, number][] = [];
  let before = 0;
  for (const [first, last] of set.ranges()) {
    const length = last - first + 1;
    const start = Math.max(from - before, 0);
    const end = Math.min(to - before, length - 1);
    if (start <= end) ranges.push([first + start, first + end]);
    before += length;
    if (before > to) break;
  }
  return NumberSet.fromRanges(ranges);
}

/** A sequence-set in this order: neighbours that ascend by one are a range (RFC 5267 §3.2). */
export function orderedSetText(count: number, numberAt: (position: number) => number): string {
  const parts: string[] = [];
  for (let at = 0; at < count; ) {
    const first = numberAt(at++);
    let last = first;
    for (; at < count && numberAt(at) === last + 1; at++) last++;
    parts.push(first === last ? `${first}` : `${first}:${last}`);
  }
  return parts.join(',');
}

export function resultList(view: MailboxSnapshot, result: SearchResult, isUid: boolean): ResultList {
  const { indexes } = result;
  const order = result.order?.indexes;
  const count = order?.length ?? indexes.size;
  const numberOf = (index: number): number => (isUid ? view.uidAt(index) : index + 1);
  if (order !== undefined) {
    return {
      count,
      isUid,
      numberAt: (position) => numberOf(inside(order[position])),
      setText: (from, to) => orderedSetText(to - from + 1, (at) => numberOf(inside(order[from + at]))),
      indexesAt: (from, to) => NumberSet.fromAscending(order.slice(from, to + 1).sort()),
    };
  }
  const slice = (from: number, to: number): NumberSet =>
    from === 0 && to === count - 1 ? indexes : sliceOf(indexes, from, to);
  return {
    count,
    isUid,
    numberAt: (position) => numberOf(slice(position, position).first),
    setText: (from, to) => {
      const some = slice(from, to);
      if (isUid) return view.uidsAt(some).toString();
      return NumberSet.fromRanges([...some.ranges()].map(([a, b]) => [a + 1, b + 1] as const)).toString();
    },
    indexesAt: slice,
  };
}

function inside(index: number | undefined): number {
  if (index === undefined) throw new RangeError('no such result');
  return index;
}
