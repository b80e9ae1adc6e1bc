/**
 * Memory for reads that is used again. Fresh buffers of this size cost the kernel a page at a time, and V8 takes what hangs on
 * its heap as a reason to mark all of it: of a FETCH of bodies that was more than half of the CPU time.
 */
import type { Lease } from '@angarium/sdk';

/** A buffer that several pieces are cut from. It goes back when each of them has been released; until then nobody writes to it. */
export class LentBuffer implements Lease {
  private uses = 0;

  constructor(
    private readonly shelf: Shelf,
    /** All of it. */
    readonly memory: Buffer,
  ) {}

  /** A piece given out. */
  lend(): this {
    this.uses++;
    return this;
  }

  /** Are these octets in this buffer (and not copied, decoded, read anew)? */
  holds(bytes: Buffer): boolean {
    return bytes.buffer === this.memory.buffer;
  }

  release(): void {
    if (--this.uses === 0) this.shelf.give(this);
  }

  /** Goes back at once when no piece of it was given out. */
  settle(): void {
    if (this.uses === 0) this.shelf.give(this);
  }
}

/** Buffers of one size. Those that do not come back are left to the garbage collector, as if there were no pool. */
class Shelf {
  private readonly free: LentBuffer[] = [];

  constructor(
    private readonly bytesEach: number,
    /** Kept while nobody needs them. */
    private readonly maxFree: number,
  ) {}

  fits(bytes: number): boolean {
    return bytes <= this.bytesEach && bytes >= this.bytesEach / 4;
  }

  take(): LentBuffer {
    return this.free.pop() ?? new LentBuffer(this, Buffer.allocUnsafeSlow(this.bytesEach));
  }

  give(buffer: LentBuffer): void {
    if (this.free.length < this.maxFree) this.free.push(buffer);
  }
}

/** Buffers of two sizes; a read takes one of which it fills a quarter at least. */
export class BufferPool {
  private readonly shelves: readonly Shelf[];

  /** @param largestBytes of a read @param maxFree of the large ones; of the small ones it is as many bytes */
  constructor(largestBytes: number, maxFree: number) {
    this.shelves = [new Shelf(largestBytes / 4, maxFree * 4), new Shelf(largestBytes, maxFree)];
  }

  /** Undefined: for so few bytes, or so many, a buffer of its own is better. */
  take(bytes: number): LentBuffer | undefined {
    return this.shelves.find((shelf) => shelf.fits(bytes))?.take();
  }
}
