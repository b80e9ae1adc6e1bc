/**
 * PackReader: positional reads from any pack. No read is answered from a record that is not the one asked for: the
 * header is checked with every read, the body's check sum when all of it is read for the first time. Wrong offsets, compacted
 * packs and bit rot come as PackError, so that the caller looks the place up again or reports the message.
 */
import { crc32 } from 'node:zlib';
import type { ReadGroup } from './arrivals.js';
import { checkHeader, isCodedAt } from './checked-header.js';
import { BLOCK_BYTES, CODED_OVERHEAD_BYTES, type PackCodec } from './codec.js';
import { CodedBodies } from './coded-bodies.js';
import { PackError } from './errors.js';
import { CODEC_PLAIN, RECORD_HEADER_BYTES, type RecordHeader } from './format.js';
import { nodeFs, type PackFs, readFully } from './fs.js';
import { BufferPool } from './lent.js';
import { type OpenPack, OpenPacks } from './open-packs.js';
import { readAhead } from './read-ahead.js';
import { type Extent, extentOf, GAP_BYTES, SPAN_BYTES, type Span, spansOf } from './spans.js';
import type { PackId, PackRef, RecordMeta } from './types.js';
import { checkBody, Verified } from './verified.js';

export interface PackReaderOptions {
  readonly packsDir: string;
  /** Open files kept; default 64. */
  readonly maxOpen?: number;
  readonly fs?: PackFs;
  /** Keys to read with; default none. */
  readonly codec?: PackCodec;
  /** Asked when a pack is not there: what is wrong with its partition, which makes the error `offline`. */
  readonly problemOf?: () => string | undefined;
}

export interface ReadRequest {
  readonly ref: PackRef;
  /** Compared with the record's header when given. */
  readonly guid?: Buffer;
  /** Byte range of the body, `to` exclusive; default the whole body. */
  readonly from?: number;
  readonly to?: number;
}

export interface WholeRecord {
  readonly guid: Buffer;
  readonly meta: RecordMeta;
  readonly body: Buffer;
}

/** A part that begins below this is read together with the header in front of it: one call instead of two. */
const JOINED_READ_BYTES = 16 * 1024;
/** Of the process, for all partitions. One client has as many out as reads are in flight and output waits for it: 8 at most, and some. */
const pool = new BufferPool(SPAN_BYTES + RECORD_HEADER_BYTES + CODED_OVERHEAD_BYTES, 16);

/** Any number of them, in any thread. Every failure is a PackError: missing, short, corrupt, unsupported, io. */
export class PackReader {
  private readonly fs: PackFs;
  private readonly packs: OpenPacks;
  private closed = false;
  private readonly verified = new Verified();
  private readonly codedBodies: CodedBodies;

  constructor(options: PackReaderOptions) {
    this.fs = options.fs ?? nodeFs;
    this.codedBodies = new CodedBodies(options.codec);
    this.packs = new OpenPacks(this.fs, options.packsDir, options.maxOpen ?? 64, options.problemOf);
  }

  /** The bytes [from, to) of the body, fewer where it ends. */
  async read(ref: PackRef, from = 0, to = ref.length, guid?: Buffer): Promise<Buffer> {
    const { start, end } = extentOf({ ref, from, to });
    return await this.attempt(ref.pack, async (open) => {
      if (start > JOINED_READ_BYTES) return await this.far(open, { ref, start, end }, guid);
      const bytes = await this.bytes(open, ref, ref.offset, RECORD_HEADER_BYTES + end, this.extra);
      const header = checkHeader(open, ref, bytes, guid);
      if (header.codec !== CODEC_PLAIN)
        return await this.coded(open, { ref, start, end }, header, bytes.subarray(RECORD_HEADER_BYTES));
      const body = bytes.subarray(RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + end);
      if (end === ref.length) this.verified.check(ref, header, body);
      return start === 0 ? body : body.subarray(start);
    });
  }

  /** A part far behind its header: both are read at once, and the part again where it is not stored as it came. */
  private async far(
    open: OpenPack,
    { ref, start, end }: Extent,
    guid: Buffer | undefined,
    memory?: Buffer,
  ): Promise<Buffer> {
    const read = this.bytes(
      open,
      ref,
      ref.offset + RECORD_HEADER_BYTES + start,
      end - start,
      0,
      memory?.subarray(0, end - start),
    ).catch((error: unknown) => PackError.from(error, 'read'));
    const head = await this.bytes(open, ref, ref.offset, RECORD_HEADER_BYTES).catch((error: unknown) =>
      PackError.from(error, 'read'),
    );
    // Nothing is thrown before this read has ended: it writes to memory that may be lent again.
    const part = await read;
    if (!Buffer.isBuffer(head)) throw head;
    const header = checkHeader(open, ref, head, guid);
    if (header.codec !== CODEC_PLAIN) return await this.coded(open, { ref, start, end }, header, NOTHING);
    if (!Buffer.isBuffer(part)) throw part;
    return part;
  }

  /** A range of a body in blocks. @param have the first bytes of the stored body */
  private async coded(
    open: OpenPack,
    { ref, start, end }: Extent,
    header: RecordHeader,
    have: Buffer,
  ): Promise<Buffer> {
    if (end === ref.length && have.length >= header.length)
      this.verified.check(ref, header, have.subarray(0, header.length));
    return await this.codedBodies.range({ ref, start, end }, header, async (from, to) =>
      to <= have.length
        ? have.subarray(from, to)
        : await this.bytes(open, ref, ref.offset + RECORD_HEADER_BYTES + from, to - from),
    );
  }

  /** Compares the check sum of a body that is going to be read in parts, unless that has been done. @throws PackError */
  async verify(ref: PackRef, guid?: Buffer): Promise<void> {
    if (this.verified.has(ref)) return;
    await this.attempt(ref.pack, async (open) => {
      const head = await this.bytes(open, ref, ref.offset, RECORD_HEADER_BYTES);
      const header = checkHeader(open, ref, head, guid);
      const lent = pool.take(SPAN_BYTES)!;
      let crc = 0;
      try {
        for (let at = 0; at < header.length; at += SPAN_BYTES) {
          const memory = lent.memory.subarray(0, Math.min(SPAN_BYTES, header.length - at));
          const position = ref.offset + RECORD_HEADER_BYTES + at;
          crc = crc32(await this.bytes(open, ref, position, memory.length, 0, memory), crc);
        }
      } finally {
        lent.settle();
      }
      checkBody(ref, header, crc);
      this.verified.add(ref);
    });
  }

  /** A record with what its header says about it; the check sum is verified. */
  async readWhole(ref: PackRef, guid?: Buffer): Promise<WholeRecord> {
    return await this.attempt(ref.pack, async (open) => {
      const bytes = await this.bytes(open, ref, ref.offset, RECORD_HEADER_BYTES + ref.length, this.extra);
      const header = checkHeader(open, ref, bytes, guid);
      const bodyAt = ref.offset + RECORD_HEADER_BYTES;
      const stored =
        bytes.length >= RECORD_HEADER_BYTES + header.length
          ? bytes.subarray(RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + header.length)
          : await this.bytes(open, ref, bodyAt, header.length);
      checkBody(ref, header, crc32(stored));
      const body = header.codec === CODEC_PLAIN ? stored : this.codedBodies.whole(ref, header, stored);
      const { mailboxHint, internalDateSec } = header;
      return { guid: header.guid, meta: { mailboxHint, internalDateSec }, body };
    });
  }

  /**
   * One item a request: the bytes, or the PackError of this request alone. They come in groups as they are read (requests side
   * by side in a pack are one read), by the turn of each group's first request; how far ahead, `readAhead` says.
   */
  readGroups(requests: Iterable<ReadRequest>): AsyncGenerator<ReadGroup> {
    return readAhead(spansOf(requests), (span) => this.readSpan(span));
  }

  /** Read beyond a body. */
  private get extra(): number {
    return this.codedBodies.extraBytes;
  }

  /** Closes the pack's file when it is open: after a compaction. */
  forget(pack: PackId): void {
    this.verified.forget(pack);
    this.packs.forget(pack);
  }

  /** Reads in flight end as they would; later ones fail with `closed`. */
  close(): void {
    this.closed = true;
    this.packs.closeAll();
  }

  /** Never rejects. What is not in order is read once more for itself, so that no request suffers from its neighbours. */
  private async readSpan(span: Span<ReadRequest>): Promise<ReadGroup> {
    const { requests, bytes } = span;
    const lent = this.closed ? undefined : pool.take(bytes + this.extra);
    const first = requests[0]!;
    let items: (Buffer | undefined)[] = [];
    if (requests.length > 1 || lent !== undefined) {
      try {
        const memory = lent?.memory ?? Buffer.allocUnsafeSlow(bytes + this.extra);
        items = await this.packs.with(first.ref.pack, (open) => this.readParts(open, span, memory));
      } catch {
        // Closed, missing, a bad sector: each request finds out for itself.
      }
    }
    const settled: (Buffer | PackError)[] = [];
    for (const [index, request] of requests.entries()) {
      const item = items[index];
      settled.push(item ?? (await this.settle(request)));
      if (item !== undefined && lent?.holds(item)) lent.lend();
    }
    lent?.settle();
    return { items: settled, numbers: span.numbers, lent };
  }

  private async readParts(
    open: OpenPack,
    { requests, bytes, offset }: Span<ReadRequest>,
    memory: Buffer,
  ): Promise<(Buffer | undefined)[]> {
    const first = extentOf(requests[0]!);
    if (first.start > GAP_BYTES) return [await this.far(open, first, requests[0]!.guid, memory)];
    const buffer = memory.subarray(0, bytes + this.extra);
    const filled = await readFully(this.fs, open.fd, buffer, offset);
    const read = filled < buffer.length ? buffer.subarray(0, filled) : buffer;
    return requests.map((request) => this.partOf(open, request, read, request.ref.offset - offset));
  }

  private settle(request: ReadRequest): Promise<Buffer | PackError> {
    return this.read(request.ref, request.from, request.to, request.guid).catch((error: unknown) =>
      PackError.from(error, 'read'),
    );
  }

  /** A file kept open may be one that was removed since: what does not fit is tried once more with a fresh one. */
  private async attempt<T>(pack: PackId, use: (open: OpenPack) => Promise<T>): Promise<T> {
    if (this.closed) throw new PackError('closed', 'pack reader is closed');
    try {
      return await this.packs.with(pack, use);
    } catch (error) {
      const fault = PackError.from(error, `read pack ${pack}`);
      const mayBeStale = fault.code === 'corrupt' || fault.code === 'short';
      if (!mayBeStale || !this.packs.forget(pack)) throw fault;
      this.verified.forget(pack);
    }
    try {
      return await this.packs.with(pack, use);
    } catch (error) {
      throw PackError.from(error, `read pack ${pack}`);
    }
  }

  /** What is coded may be shorter than its body: where the pack ends before `count`, what there is comes back with its header. */
  private async bytes(
    open: OpenPack,
    ref: PackRef,
    position: number,
    count: number,
    extra = 0,
    buffer: Buffer = Buffer.allocUnsafe(count + extra),
  ): Promise<Buffer> {
    const filled = await readFully(this.fs, open.fd, buffer, position);
    if (filled >= count) return filled < buffer.length ? buffer.subarray(0, filled) : buffer;
    if (position === ref.offset && isCodedAt(open, ref, buffer.subarray(0, filled))) {
      return buffer.subarray(0, filled);
    }
    throw new PackError('short', `pack ${ref.pack} ends before the record at ${ref.offset} does`);
  }

  /** The bytes a request asks for out of a read that has its record at `at`; undefined when they cannot be trusted. */
  private partOf(open: OpenPack, request: ReadRequest, read: Buffer, at: number): Buffer | undefined {
    const { ref, start, end } = extentOf(request);
    const bodyAt = at + RECORD_HEADER_BYTES;
    if (read.length < bodyAt) return undefined;
    try {
      const header = checkHeader(open, ref, read.subarray(at, bodyAt), request.guid);
      const isPlain = header.codec === CODEC_PLAIN;
      // A large one is left to `read`, which takes the blocks it needs.
      if (!isPlain && ref.length > BLOCK_BYTES) return undefined;
      const needed = isPlain ? end : header.length;
      if (read.length < bodyAt + needed) return undefined;
      const stored = read.subarray(bodyAt, bodyAt + needed);
      if (end === ref.length) this.verified.check(ref, header, stored);
      if (!isPlain) return this.codedBodies.whole(ref, header, stored).subarray(start, end);
      return stored.subarray(start);
    } catch {
      return undefined;
    }
  }
}

const NOTHING = Buffer.alloc(0);
