/** Cursor reader and growing writer for the journal codec. Little endian; strings are UTF-8 after a u32 length. */
import { PackError } from './errors.js';

export class ByteWriter {
  private buffer: Buffer;
  private used = 0;

  constructor(initialBytes = 1024) {
    this.buffer = Buffer.allocUnsafe(initialBytes);
  }

  get length(): number {
    return this.used;
  }

  u8(value: number): void {
    const at = this.room(1);
    this.used = this.buffer.writeUInt8(value, at);
  }

  u32(value: number): void {
    const at = this.room(4);
    this.used = this.buffer.writeUInt32LE(value, at);
  }

  i16(value: number): void {
    const at = this.room(2);
    this.used = this.buffer.writeInt16LE(value, at);
  }

  f64(value: number): void {
    const at = this.room(8);
    this.used = this.buffer.writeDoubleLE(value, at);
  }

  text(value: string): void {
    const bytes = Buffer.byteLength(value, 'utf8');
    this.u32(bytes);
    const at = this.room(bytes);
    this.buffer.write(value, at, 'utf8');
    this.used = at + bytes;
  }

  bytes(value: Buffer): void {
    const at = this.room(value.length);
    value.copy(this.buffer, at);
    this.used = at + value.length;
  }

  /** Puts a u32 where one was written before. */
  patchU32(at: number, value: number): void {
    this.buffer.writeUInt32LE(value, at);
  }

  finish(): Buffer {
    return this.buffer.subarray(0, this.used);
  }

  /** Where the next bytes go. May replace the buffer, so it comes before any use of it. */
  private room(bytes: number): number {
    if (this.used + bytes > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.used + bytes));
      this.buffer.copy(larger, 0, 0, this.used);
      this.buffer = larger;
    }
    return this.used;
  }
}

/** Reads what ByteWriter wrote. Every method throws PackError `corrupt` beyond the end. */
export class ByteReader {
  private at: number;

  constructor(
    private readonly buffer: Buffer,
    from = 0,
    private readonly end = buffer.length,
  ) {
    this.at = from;
  }

  get left(): number {
    return this.end - this.at;
  }

  u8(): number {
    return this.buffer.readUInt8(this.take(1));
  }

  u32(): number {
    return this.buffer.readUInt32LE(this.take(4));
  }

  i16(): number {
    return this.buffer.readInt16LE(this.take(2));
  }

  f64(): number {
    return this.buffer.readDoubleLE(this.take(8));
  }

  text(): string {
    const bytes = this.u32();
    const at = this.take(bytes);
    return this.buffer.toString('utf8', at, at + bytes);
  }

  /** A copy. */
  bytes(count: number): Buffer {
    const at = this.take(count);
    return Buffer.from(this.buffer.subarray(at, at + count));
  }

  /** A reader of the next `count` bytes, which this one skips. */
  part(count: number): ByteReader {
    const at = this.take(count);
    return new ByteReader(this.buffer, at, at + count);
  }

  /** A count of things of at least `minBytes` each, refused when they cannot all be there. */
  count(minBytes: number): number {
    const count = this.u32();
    if (count * minBytes > this.left) throw new PackError('corrupt', `${count} items in ${this.left} bytes`);
    return count;
  }

  private take(bytes: number): number {
    if (bytes > this.left) throw new PackError('corrupt', `${bytes} bytes wanted, ${this.left} left`);
    const at = this.at;
    this.at += bytes;
    return at;
  }
}
