/**
 * PackReader: positional reads from any pack. No read is answered from a record that is not the one asked for: the
 * header is checked with every read, the body's check sum when all of it is read for the first time. Wrong offsets, compacted
 * packs and bit rot come as PackError, so that the caller looks the place up again or reports the message.
 */
import { crc32 } from 'node:zlib';
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
import { type OpenPack, OpenPacks } from './open-packs.js';
import { type Extent, extentOf, type Span, spansOf } from './spans.js';
import type { PackId, PackRef, RecordMeta } from './types.js';

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
const PREFETCH_BYTES = 8 * 1024 * 1024;
const STREAM_BYTES = 256 * 1024;
/** Bodies known to be good: what has been compared once is not compared again while this process remembers it. */
const MAX_VERIFIED = 65_536;

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
  private async far(open: OpenPack, { ref, start, end }: Extent, guid: Buffer | undefined): Promise<Buffer> {
    const read = this.bytes(open, ref, ref.offset + RECORD_HEADER_BYTES + start, end - start).catch(
      (error: unknown) => PackError.from(error, 'read'),
    );
    const header = checkHeader(open, ref, await this.bytes(open, ref, ref.offset, RECORD_HEADER_BYTES), guid);
    const part = await read;
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
    for await (const group of this.readGroups(requests)) yield* group;
  }

  /**
   * What `readMany` answers, in groups as they come from the disk: requests side by side in a pack are one read. Up to
   * 8 reads are in flight, and not more than 8 MB beyond what was taken (one larger read goes alone).
   */
  async *readGroups(requests: Iterable<ReadRequest>): AsyncGenerator<(Buffer | PackError)[]> {
    const source = spansOf(requests);
    const flying: { readonly bytes: number; readonly group: Promise<(Buffer | PackError)[]> }[] = [];
    let flyingBytes = 0;
    let waiting: Span<ReadRequest> | undefined;
    try {
      for (;;) {
        while (flying.length < READS_IN_FLIGHT) {
          if (waiting === undefined) {
            const next = source.next();
            if (next.done === true) break;
            waiting = next.value;
          }
          const { bytes } = waiting;
          if (flying.length > 0 && flyingBytes + bytes > PREFETCH_BYTES) break;
          flying.push({ bytes, group: this.readSpan(waiting) });
          flyingBytes += bytes;
          waiting = undefined;
        }
        const first = flying.shift();
        if (first === undefined) return;
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
  private async readSpan({ offset, bytes, requests }: Span<ReadRequest>): Promise<(Buffer | PackError)[]> {
    const first = requests[0]!;
    if (requests.length === 1) return [await this.settle(first)];
    let items: (Buffer | undefined)[] = [];
    try {
      items = await this.packs.with(first.ref.pack, async (open) => {
        const buffer = Buffer.allocUnsafeSlow(bytes + this.extra);
        const filled = await readFully(this.fs, open.fd, buffer, offset);
        const read = filled < buffer.length ? buffer.subarray(0, filled) : buffer;
        return requests.map((request) => this.partOf(open, request, read, request.ref.offset - offset));
      });
    } catch {
      // Closed, missing, a bad sector: each request finds out for itself.
    }
    const settled: (Buffer | PackError)[] = [];
    for (const [index, request] of requests.entries()) {
      settled.push(items[index] ?? (await this.settle(request)));
    }
    return settled;
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
  ): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(count + extra);
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

function bindingOf({ offset, length }: PackRef, { type, guid }: RecordHeader): RecordBinding {
  return { offset, length, type, guid };
}

function isCodedAt(open: OpenPack, ref: PackRef, bytes: Buffer): boolean {
  const header = decodeRecordHeader(bytes, 0, open.seed, ref.offset);
  return header !== undefined && header.codec !== CODEC_PLAIN;
}

/**
 * Which records have had the check sum of their body compared. Records never change where they are, and a pack's number is never
 * used again; what rots afterwards is found by the next process, and by `store check`.
 */
class Verified {
  private readonly packs = new Map<PackId, Set<number>>();
  private count = 0;

  /** @throws PackError corrupt */
  check(ref: PackRef, header: RecordHeader, body: Buffer): void {
    let offsets = this.packs.get(ref.pack);
    if (offsets?.has(ref.offset)) return;
    checkBody(ref, header, crc32(body));
    // Starting anew is simpler than forgetting one by one, and as rare.
    if (this.count >= MAX_VERIFIED) {
      this.packs.clear();
      this.count = 0;
      offsets = undefined;
    }
    if (offsets === undefined) {
      offsets = new Set();
      this.packs.set(ref.pack, offsets);
    }
    offsets.add(ref.offset);
    this.count++;
  }

  forget(pack: PackId): void {
    this.count -= this.packs.get(pack)?.size ?? 0;
    this.packs.delete(pack);
  }
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

function checkBody(ref: PackRef, header: RecordHeader, crc: number): void {
  if (crc === header.bodyCrc) return;
  throw new PackError('corrupt', `pack ${ref.pack}, offset ${ref.offset}: check sum of the body is wrong`);
}
