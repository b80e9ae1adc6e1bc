/** The answers of reads that come a group at a time, brought into the order of the requests. */
import type { PackError } from './errors.js';
import type { LentBuffer } from './lent.js';

/** What one read has answered: the bytes, or the PackError of a request alone. */
export interface ReadGroup {
  readonly items: readonly (Buffer | PackError)[];
  /** Which of the requests they answer, from 0. */
  readonly numbers: readonly number[];
  /** Where those of the items are that it `holds`; each has been lent. */
  readonly lent: LentBuffer | undefined;
}

/** What has been read out of turn, until its turn comes. */
export class Arrivals {
  private readonly items = new Map<number, Arrived>();

  add({ items, numbers, lent }: ReadGroup): void {
    for (let i = 0; i < items.length; i++) {
      const item = items[i]!;
      const lease = Buffer.isBuffer(item) && lent?.holds(item) === true ? lent : undefined;
      this.items.set(numbers[i]!, { item, lease });
    }
  }

  /** The answer to a request, once; undefined: more groups have to be read. */
  take(number: number): Arrived | undefined {
    const arrived = this.items.get(number);
    if (arrived !== undefined) this.items.delete(number);
    return arrived;
  }
}

interface Arrived {
  readonly item: Buffer | PackError;
  readonly lease: LentBuffer | undefined;
}
