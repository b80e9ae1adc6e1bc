/** A set of message numbers (from 1), a bit each; nothing is allocated while it is empty. */
export class Marks {
  private bits: Uint8Array | undefined;
  private marked = 0;

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.marked;
  }

  has(number: number): boolean {
    return this.bits !== undefined && (this.bits[number >> 3]! & (1 << (number & 7))) !== 0;
  }

  add(number: number): void {
    if (this.has(number)) return;
    this.bits ??= new Uint8Array((this.capacity >> 3) + 1);
    this.bits[number >> 3]! |= 1 << (number & 7);
    this.marked++;
  }

  clear(): void {
    this.bits = undefined;
    this.marked = 0;
  }

  /** Ascending. */
  *[Symbol.iterator](): Generator<number> {
    for (let number = 1; this.marked > 0 && number <= this.capacity; number++) {
      if (this.has(number)) yield number;
    }
  }
}
