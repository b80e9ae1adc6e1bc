/**
 * Received bytes that nobody has read yet: the chunks as they came, so that most reads are views without a copy.
 * Small chunks that arrive behind unread ones are gathered into blocks: a client that sends single bytes must
 * not cost a buffer object for each.
 */

/** Below this a chunk is copied behind the last one instead of being kept as an object of its own. */
const gatherBelowBytes = 1024;
const blockBytes = 4096;
const lineFeed = 10;

/** Stands for "no chunks", so that an idle connection has no array. Never written to. */
const none: Buffer[] = [];

export class ByteQueue {
  private chunks = none;
  /** First unread byte of the first chunk. */
  private offset = 0;
  /** The memory behind the last chunk when that was gathered. */
  private block: Buffer | undefined;
  /** How many bytes from the front are known to hold no LF. */
  private searched = 0;

  /** Unread bytes. */
  length = 0;

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    if (this.length === 0) {
      this.chunks = [chunk];
    } else if (chunk.length < gatherBelowBytes) {
      this.gather(chunk);
    } else {
      this.chunks.push(chunk);
      this.block = undefined;
    }
    this.length += chunk.length;
  }

  /** Position of the first LF among the unread bytes, or -1. Bytes searched once are not searched again. */
  indexOfLineFeed(): number {
    const { chunks } = this;
    let index = chunks.length - 1;
    let start = this.length;
    // From the end back to the chunk in which the search has to go on: usually the last.
    while (index >= 0 && (start -= this.unreadIn(index)) > this.searched) index--;
    for (; index >= 0 && index < chunks.length; index++) {
      const first = index === 0 ? this.offset : 0;
      const from = first + Math.max(0, this.searched - start);
      const found = chunks[index]!.indexOf(lineFeed, from);
      if (found >= 0) {
        this.searched = start + found - first;
        return this.searched;
      }
      start += chunks[index]!.length - first;
    }
    this.searched = this.length;
    return -1;
  }

  byteAt(position: number): number {
    let rest = position + this.offset;
    for (const chunk of this.chunks) {
      if (rest < chunk.length) return chunk[rest]!;
      rest -= chunk.length;
    }
    throw new RangeError(`byte ${position} of ${this.length}`);
  }

  /** The first `length` bytes (which must be there), as a view when they lie in one chunk. */
  take(length: number): Buffer {
    if (length > this.length) throw new RangeError(`take ${length} of ${this.length} bytes`);
    if (length === 0) return Buffer.alloc(0);
    const first = this.takeSome(length);
    if (first.length === length) return first;
    const joined = Buffer.allocUnsafe(length);
    first.copy(joined);
    for (let filled = first.length; filled < length; ) {
      const part = this.takeSome(length - filled);
      part.copy(joined, filled);
      filled += part.length;
    }
    return joined;
  }

  /** At least one and at most `limit` bytes, never copied. The queue must not be empty. */
  takeSome(limit: number): Buffer {
    const chunk = this.chunks[0]!;
    const end = Math.min(chunk.length, this.offset + limit);
    const bytes = this.offset === 0 && end === chunk.length ? chunk : chunk.subarray(this.offset, end);
    this.drop(bytes.length);
    return bytes;
  }

  /** Forgets the first `length` bytes. */
  drop(length: number): void {
    if (length >= this.length) {
      this.clear();
      return;
    }
    this.length -= length;
    this.searched = Math.max(0, this.searched - length);
    this.offset += length;
    while (this.offset >= this.chunks[0]!.length) this.offset -= this.chunks.shift()!.length;
  }

  /** Puts bytes before the unread ones. */
  unshift(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.length === 0) {
      this.chunks = [bytes];
    } else {
      if (this.offset > 0) this.chunks[0] = this.chunks[0]!.subarray(this.offset);
      this.chunks.unshift(bytes);
    }
    this.offset = 0;
    this.searched = 0;
    this.length += bytes.length;
  }

  clear(): void {
    this.chunks = none;
    this.block = undefined;
    this.offset = 0;
    this.searched = 0;
    this.length = 0;
  }

  private unreadIn(index: number): number {
    return this.chunks[index]!.length - (index === 0 ? this.offset : 0);
  }

  /** Blocks are only ever appended to, so views given out before stay as they were. */
  private gather(chunk: Buffer): void {
    const lastIndex = this.chunks.length - 1;
    const last = this.chunks[lastIndex]!;
    const { block } = this;
    if (block !== undefined) {
      const begin = last.byteOffset - block.byteOffset;
      const used = begin + last.length;
      if (used + chunk.length <= block.length) {
        chunk.copy(block, used);
        this.chunks[lastIndex] = block.subarray(begin, used + chunk.length);
        return;
      }
    }
    this.block = Buffer.allocUnsafeSlow(blockBytes);
    chunk.copy(this.block);
    this.chunks.push(this.block.subarray(0, chunk.length));
  }
}
