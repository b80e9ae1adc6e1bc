/**
 * A set of positive 32-bit numbers (UIDs, sequence numbers) as ascending, disjoint, non-adjacent ranges.
 * Immutable once built. Sizes: two numbers a range, however many numbers it covers.
 */
export class NumberSet {
  static readonly empty = new NumberSet([]);

  /** start0, end0, start1, end1, … (inclusive). */
  private constructor(private readonly bounds: readonly number[]) {}

  /** Any order, overlaps allowed; reversed pairs are turned. */
  static fromRanges(ranges: Iterable<readonly [number, number]>): NumberSet {
    const sorted = [...ranges].map(([a, b]): [number, number] => (a <= b ? [a, b] : [b, a]));
    sorted.sort((x, y) => x[0] - y[0]);
    const bounds: number[] = [];
    for (const [start, end] of sorted) {
      const last = bounds.length - 1;
      if (last >= 0 && start <= bounds[last]! + 1) {
        if (end > bounds[last]!) bounds[last] = end;
      } else bounds.push(start, end);
    }
    return new NumberSet(bounds);
  }

  /** Ascending numbers, as an array or typed array; repeats allowed. */
  static fromAscending(numbers: ArrayLike<number>): NumberSet {
    const bounds: number[] = [];
    for (let i = 0; i < numbers.length; i++) {
      const n = numbers[i]!;
      const last = bounds.length - 1;
      if (last >= 0 && n <= bounds[last]! + 1) bounds[last] = n;
      else bounds.push(n, n);
    }
    return new NumberSet(bounds);
  }

  static of(...numbers: number[]): NumberSet {
    return NumberSet.fromAscending(numbers.sort((a, b) => a - b));
  }

  static range(start: number, end: number): NumberSet {
    return end < start ? NumberSet.empty : new NumberSet([start, end]);
  }

  get isEmpty(): boolean {
    return this.bounds.length === 0;
  }

  get rangeCount(): number {
    return this.bounds.length / 2;
  }

  /** How many numbers. */
  get size(): number {
    let size = 0;
    for (let i = 0; i < this.bounds.length; i += 2) size += this.bounds[i + 1]! - this.bounds[i]! + 1;
    return size;
  }

  /** @throws RangeError when empty. */
  get first(): number {
    if (this.isEmpty) throw new RangeError('the set is empty');
    return this.bounds[0]!;
  }

  /** @throws RangeError when empty. */
  get last(): number {
    if (this.isEmpty) throw new RangeError('the set is empty');
    return this.bounds[this.bounds.length - 1]!;
  }

  startAt(range: number): number {
    return this.bounds[2 * range]!;
  }

  endAt(range: number): number {
    return this.bounds[2 * range + 1]!;
  }

  has(n: number): boolean {
    let low = 0;
    let high = this.bounds.length / 2 - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (n < this.bounds[2 * middle]!) high = middle - 1;
      else if (n > this.bounds[2 * middle + 1]!) low = middle + 1;
      else return true;
    }
    return false;
  }

  *ranges(): IterableIterator<readonly [number, number]> {
    for (let i = 0; i < this.bounds.length; i += 2) yield [this.bounds[i]!, this.bounds[i + 1]!];
  }

  /** Every number; mind that a set from a client may cover 2^32 of them: intersect with what exists first. */
  *[Symbol.iterator](): IterableIterator<number> {
    for (let i = 0; i < this.bounds.length; i += 2) {
      for (let n = this.bounds[i]!; n <= this.bounds[i + 1]!; n++) yield n;
    }
  }

  union(other: NumberSet): NumberSet {
    if (this.isEmpty) return other;
    if (other.isEmpty) return this;
    return NumberSet.fromRanges([...this.ranges(), ...other.ranges()]);
  }

  intersect(other: NumberSet): NumberSet {
    const bounds: number[] = [];
    let i = 0;
    let j = 0;
    while (i < this.bounds.length && j < other.bounds.length) {
      const start = Math.max(this.bounds[i]!, other.bounds[j]!);
      const end = Math.min(this.bounds[i + 1]!, other.bounds[j + 1]!);
      if (start <= end) bounds.push(start, end);
      if (this.bounds[i + 1]! < other.bounds[j + 1]!) i += 2;
      else j += 2;
    }
    return new NumberSet(bounds);
  }

  /** What is in this and not in `other`. */
  minus(other: NumberSet): NumberSet {
    const bounds: number[] = [];
    let j = 0;
    for (let i = 0; i < this.bounds.length; i += 2) {
      let start = this.bounds[i]!;
      const end = this.bounds[i + 1]!;
      while (j < other.bounds.length && other.bounds[j + 1]! < start) j += 2;
      for (let k = j; k < other.bounds.length && other.bounds[k]! <= end && start <= end; k += 2) {
        if (other.bounds[k]! > start) bounds.push(start, other.bounds[k]! - 1);
        start = other.bounds[k + 1]! + 1;
      }
      if (start <= end) bounds.push(start, end);
    }
    return new NumberSet(bounds);
  }

  /** RFC 3501 sequence-set / RFC 4315 uid-set text: `1:3,7`. */
  toString(): string {
    let text = '';
    for (let i = 0; i < this.bounds.length; i += 2) {
      const start = this.bounds[i]!;
      const end = this.bounds[i + 1]!;
      text += (i === 0 ? '' : ',') + (start === end ? `${start}` : `${start}:${end}`);
    }
    return text;
  }
}
