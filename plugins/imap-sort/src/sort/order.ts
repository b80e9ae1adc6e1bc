/** Sorting in slices: runs by the engine's own sort, then merged. Stable, since `compare` never answers 0 for two elements. */
import type { Turns } from '../turns.js';

/** Elements of a run: some thousand comparisons, about a millisecond. */
const RUN = 512;

export async function sortInSlices(
  elements: Uint32Array,
  compare: (a: number, b: number) => number,
  turns: Turns,
): Promise<Uint32Array> {
  const { length } = elements;
  for (let from = 0; from < length; from += RUN) {
    const run = elements.subarray(from, Math.min(from + RUN, length));
    run.sort(compare);
    if (turns.isDue(run.length * 9)) await turns.rest();
  }
  let source = elements;
  let target: Uint32Array = new Uint32Array(length);
  for (let width = RUN; width < length; width *= 2) {
    for (let from = 0; from < length; from += 2 * width)
      await merge({ source, target, from, middle: Math.min(from + width, length), width }, compare, turns);
    [source, target] = [target, source];
  }
  return source;
}

interface Merge {
  readonly source: Uint32Array;
  readonly target: Uint32Array;
  readonly from: number;
  readonly middle: number;
  readonly width: number;
}

async function merge(
  { source, target, from, middle, width }: Merge,
  compare: (a: number, b: number) => number,
  turns: Turns,
): Promise<void> {
  const end = Math.min(middle + width, source.length);
  let a = from;
  let b = middle;
  for (let at = from; at < end; ) {
    const stop = Math.min(end, at + RUN);
    const start = at;
    for (; at < stop; at++) {
      const takesFirst = b >= end || (a < middle && compare(source[a]!, source[b]!) < 0);
      target[at] = takesFirst ? source[a++]! : source[b++]!;
    }
    if (turns.isDue(stop - start)) await turns.rest();
  }
}
