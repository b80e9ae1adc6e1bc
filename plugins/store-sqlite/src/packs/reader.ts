/**
 * PackReader: positional reads from any pack. No read is answered from a record that is not the one asked for: the
 * header is checked with every read, the body's check sum when all of it is read for the first time. Wrong offsets, compacted
 * packs and bit rot come as PackError, so that the caller looks the place up again or reports the message.
 */
import { crc32 } from 'node:zlib';
import { Arrivals, type ReadGroup } from './arrivals.js';
import {
  BLOCK_BYTES,
  CODEC_COMPRESSED,
  CODEC_ENCRYPTED,
  CODED_OVERHEAD_BYTES,
  type PackCodec,
  PackDecoder,
  plainCodec,
  type RecordBinding,
  trailerBytes,
} from './codec.js';
import { PackError } from './errors.js';
import {
  CODEC_PLAIN,
  decodeRecordHeader,
  RECORD_HEADER_BYTES,
  RECORD_MESSAGE,
  type RecordHeader,
} from './format.js';
import { nodeFs, type PackFs, readFully } from './fs.js';
import { BufferPool } from './lent.js';
import { type OpenPack, OpenPacks } from './open-packs.js';
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

const MAX_CODEC = CODEC_COMPRESSED | CODEC_ENCRYPTED;
/** A part that begins below this is read together with the header in front of it: one call instead of two. */
const JOINED_READ_BYTES = 16 * 1024;
const READS_IN_FLIGHT = 8;
/** As long as the consumer never had to wait: more would only be memory. */
const FIRST_READS_IN_FLIGHT = 2;
const PREFETCH_BYTES = 8 * 1024 * 1024;
const STREAM_BYTES = 256 * 1024;
/** Of the process, for all partitions. */
const pool = new BufferPool(SPAN_BYTES + RECORD_HEADER_BYTES + CODED_OVERHEAD_BYTES, 8);

/** Any number of them, in any thread. Every failure is a PackError: missing, short, corrupt, unsupported, io. */
export class PackReader {
  private readonly fs: PackFs;
  private readonly packs: OpenPacks;
  private closed = false;
  private readonly verified = new Verified();
  private readonly decoder: PackDecoder;
  /** Read beyond a body, whose stored form may be longer. */
  private readonly extra: number;

  constructor(options: PackReaderOptions) {
    this.fs = options.fs ?? nodeFs;
    this.decoder = new PackDecoder(options.codec ?? plainCodec);
    this.extra = options.codec?.writeKey === undefined ? 0 : CODED_OVERHEAD_BYTES;
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
        return await this.coded(open, ref, header, start, end, bytes.subarray(RECORD_HEADER_BYTES));
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
    if (header.codec !== CODEC_PLAIN) return await this.coded(open, ref, header, start, end, NOTHING);
    if (!Buffer.isBuffer(part)) throw part;
    return part;
  }

  /** A range of a body in blocks: those it touches. @param have the first bytes of the stored body */
  private async coded(
    open: OpenPack,
    ref: PackRef,
    header: RecordHeader,
    start: number,
    end: number,
    have: Buffer,
  ): Promise<Buffer> {
    const { length: stored, codec } = header;
    const get = async (from: number, to: number): Promise<Buffer> =>
      to <= have.length
        ? have.subarray(from, to)
        : await this.bytes(open, ref, ref.offset + RECORD_HEADER_BYTES + from, to - from);
    const size = trailerBytes(codec, ref.length);
    if (size > stored) throw new PackError('corrupt', `pack ${ref.pack}, offset ${ref.offset}: too short`);
    const map = this.decoder.map(codec, stored, await get(stored - size, stored), bindingOf(ref, header));
    if (end === ref.length && have.length >= stored)
      this.verified.check(ref, header, have.subarray(0, stored));
    if (end <= start) return NOTHING;
    const first = Math.floor(start / BLOCK_BYTES);
    const last = Math.floor((end - 1) / BLOCK_BYTES);
    const from = map.starts[first]!;
    const bytes = await get(from, map.starts[last + 1]!);
    const blocks: Buffer[] = [];
    for (let i = first; i <= last; i++)
      blocks.push(
        this.decoder.block(map, i, bytes.subarray(map.starts[i]! - from, map.starts[i + 1]! - from)),
      );
    const body = blocks.length === 1 ? blocks[0]! : Buffer.concat(blocks);
    return body.subarray(start - first * BLOCK_BYTES, end - first * BLOCK_BYTES);
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
      const isPlain = header.codec === CODEC_PLAIN;
      const body = isPlain ? stored : this.decoder.decode(header.codec, stored, bindingOf(ref, header));
      const { mailboxHint, internalDateSec } = header;
      return { guid: header.guid, meta: { mailboxHint, internalDateSec }, body };
    });
  }

  /** One item a request, in order: the bytes, or the PackError of this request alone. Reads ahead as `readGroups`. */
  async *readMany(requests: Iterable<ReadRequest>): AsyncGenerator<Buffer | PackError> {
    const arrivals = new Arrivals();
    let number = 0;
    for await (const group of this.readGroups(requests)) {
      arrivals.add(group);
      for (let next = arrivals.take(number); next !== undefined; next = arrivals.take(number)) {
        number++;
        yield next.item;
      }
    }
  }

  /**
   * What `readMany` answers, in groups as they come from the disk, by the turn of each group's first request: requests side by
   * side in a pack are one read. Two reads are
   * in flight, up to 8 where the consumer had to wait for them, and not more than 8 MB beyond what was taken (one larger read
   * goes alone).
   */
  async *readGroups(requests: Iterable<ReadRequest>): AsyncGenerator<ReadGroup> {
    const source = spansOf(requests);
    const flying: Flight[] = [];
    let flyingBytes = 0;
    let depth = FIRST_READS_IN_FLIGHT;
    let waiting: Span<ReadRequest> | undefined;
    try {
      for (;;) {
        while (flying.length < depth) {
          if (waiting === undefined) {
            const next = source.next();
            if (next.done === true) break;
            waiting = next.value;
          }
          const { bytes } = waiting;
          if (flying.length > 0 && flyingBytes + bytes > PREFETCH_BYTES) break;
          flying.push(flightOf(bytes, this.readSpan(waiting)));
          flyingBytes += bytes;
          waiting = undefined;
        }
        const first = flying.shift();
        if (first === undefined) return;
        if (!first.hasLanded && depth < READS_IN_FLIGHT) depth++;
        yield await first.group;
        flyingBytes -= first.bytes;
      }
    } finally {
      source.return(undefined);
    }
  }

  /**
   * A long body in pieces of 256 KB, the next one read ahead. When the whole body is read its check sum is compared
   * before the last piece is given out.
   */
  async *stream(ref: PackRef, from = 0, to = ref.length, guid?: Buffer): AsyncGenerator<Buffer> {
    const end = Math.min(to, ref.length);
    const isWhole = from <= 0 && end === ref.length;
    let at = Math.max(from, 0);
    let crc = 0;
    const header = await this.attempt(ref.pack, async (open) =>
      checkHeader(open, ref, await this.bytes(open, ref, ref.offset, RECORD_HEADER_BYTES), guid),
    );
    if (header.codec !== CODEC_PLAIN) {
      for (; at < end; at += STREAM_BYTES)
        yield await this.read(ref, at, Math.min(at + STREAM_BYTES, end), guid);
      return;
    }
    const next = () => {
      const size = Math.min(STREAM_BYTES, end - at);
      const position = ref.offset + RECORD_HEADER_BYTES + at;
      const part = this.attempt(ref.pack, (open) => this.bytes(open, ref, position, size));
      part.catch(() => undefined); // a consumer that stops early never awaits the piece read ahead
      at += size;
      return part;
    };
    let ahead = at < end ? next() : undefined;
    if (ahead === undefined && isWhole) checkBody(ref, header, 0);
    while (ahead !== undefined) {
      const part: Buffer = await ahead;
      ahead = at < end ? next() : undefined;
      crc = crc32(part, crc);
      if (ahead === undefined && isWhole) checkBody(ref, header, crc);
      yield part;
    }
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
      if (!isPlain)
        return this.decoder.decode(header.codec, stored, bindingOf(ref, header)).subarray(start, end);
      return stored.subarray(start);
    } catch {
      return undefined;
    }
  }
}

const NOTHING = Buffer.alloc(0);

/** A read on its way. */
interface Flight {
  readonly bytes: number;
  readonly group: Promise<ReadGroup>;
  hasLanded: boolean;
}

function flightOf(bytes: number, group: Promise<ReadGroup>): Flight {
  const flight = { bytes, group, hasLanded: false };
  void group.then(() => {
    flight.hasLanded = true;
  });
  return flight;
}

function bindingOf({ offset, length }: PackRef, { type, guid }: RecordHeader): RecordBinding {
  return { offset, length, type, guid };
}

function isCodedAt(open: OpenPack, ref: PackRef, bytes: Buffer): boolean {
  const header = decodeRecordHeader(bytes, 0, open.seed, ref.offset);
  return header !== undefined && header.codec !== CODEC_PLAIN;
}

function checkHeader(open: OpenPack, ref: PackRef, bytes: Buffer, guid: Buffer | undefined): RecordHeader {
  const header = decodeRecordHeader(bytes, 0, open.seed, ref.offset);
  const at = `pack ${ref.pack}, offset ${ref.offset}`;
  if (header === undefined) throw new PackError('corrupt', `${at}: no valid record header`);
  if (header.codec > MAX_CODEC) throw new PackError('unsupported', `${at}: codec ${header.codec}`);
  if (header.codec === CODEC_PLAIN && header.length !== ref.length)
    throw new PackError('corrupt', `${at}: the record has another length`);
  if (guid !== undefined && !header.guid.equals(guid)) {
    throw new PackError('corrupt', `${at}: the record has another GUID`);
  }
  if (header.type !== RECORD_MESSAGE) throw new PackError('corrupt', `${at}: not a message`);
  return header;
}
