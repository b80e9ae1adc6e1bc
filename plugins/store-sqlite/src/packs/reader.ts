/**
 * PackReader: positional reads from any pack. No read is answered from a record that is not the one asked for: the
 * header is checked with every read, the body's check sum when all of it is read for the first time. Wrong offsets, compacted
 * packs and bit rot come as PackError, so that the caller looks the place up again or reports the message.
 */
import { crc32 } from 'node:zlib';
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
import { extentOf, type Span, spansOf } from './spans.js';
import type { PackId, PackRef, RecordMeta } from './types.js';

export interface PackReaderOptions {
  readonly packsDir: string;
  /** Open files kept; default 64. */
  readonly maxOpen?: number;
  readonly fs?: PackFs;
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

  constructor(options: PackReaderOptions) {
    this.fs = options.fs ?? nodeFs;
    this.packs = new OpenPacks(this.fs, options.packsDir, options.maxOpen ?? 64, options.problemOf);
  }

  /** The bytes [from, to) of the body, fewer where it ends. */
  async read(ref: PackRef, from = 0, to = ref.length, guid?: Buffer): Promise<Buffer> {
    const { start, end } = extentOf({ ref, from, to });
    return await this.attempt(ref.pack, async (open) => {
      if (start > JOINED_READ_BYTES) {
        const [header, part] = await Promise.all([
          this.bytes(open, ref, ref.offset, RECORD_HEADER_BYTES),
          this.bytes(open, ref, ref.offset + RECORD_HEADER_BYTES + start, end - start),
        ]);
        checkHeader(open, ref, header, guid);
        return part;
      }
      const bytes = await this.bytes(open, ref, ref.offset, RECORD_HEADER_BYTES + end);
      const header = checkHeader(open, ref, bytes, guid);
      const body = bytes.subarray(RECORD_HEADER_BYTES);
      if (end === ref.length) this.verified.check(ref, header, body);
      return start === 0 ? body : body.subarray(start);
    });
  }

  /** A record with what its header says about it; the check sum is verified. */
  async readWhole(ref: PackRef, guid?: Buffer): Promise<WholeRecord> {
    return await this.attempt(ref.pack, async (open) => {
      const bytes = await this.bytes(open, ref, ref.offset, RECORD_HEADER_BYTES + ref.length);
      const header = checkHeader(open, ref, bytes, guid);
      const body = bytes.subarray(RECORD_HEADER_BYTES);
      checkBody(ref, header, crc32(body));
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
        const buffer = Buffer.allocUnsafeSlow(bytes);
        const filled = await readFully(this.fs, open.fd, buffer, offset);
        const read = filled < bytes ? buffer.subarray(0, filled) : buffer;
        return requests.map((request) =>
          partOf(open, request, read, request.ref.offset - offset, this.verified),
        );
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

  private async bytes(open: OpenPack, ref: PackRef, position: number, count: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(count);
    if ((await readFully(this.fs, open.fd, buffer, position)) < count) {
      throw new PackError('short', `pack ${ref.pack} ends before the record at ${ref.offset} does`);
    }
    return buffer;
  }
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

/** The bytes a request asks for out of a read that has its record at `at`; undefined when they cannot be trusted. */
function partOf(
  open: OpenPack,
  request: ReadRequest,
  read: Buffer,
  at: number,
  verified: Verified,
): Buffer | undefined {
  const { ref, start, end } = extentOf(request);
  const bodyAt = at + RECORD_HEADER_BYTES;
  if (read.length < bodyAt + end) return undefined;
  try {
    const header = checkHeader(open, ref, read.subarray(at, bodyAt), request.guid);
    if (end === ref.length) verified.check(ref, header, read.subarray(bodyAt, bodyAt + end));
    return read.subarray(bodyAt + start, bodyAt + end);
  } catch {
    return undefined;
  }
}

function checkHeader(open: OpenPack, ref: PackRef, bytes: Buffer, guid: Buffer | undefined): RecordHeader {
  const header = decodeRecordHeader(bytes, 0, open.seed, ref.offset);
  const at = `pack ${ref.pack}, offset ${ref.offset}`;
  if (header === undefined) throw new PackError('corrupt', `${at}: no valid record header`);
  if (header.length !== ref.length) throw new PackError('corrupt', `${at}: the record has another length`);
  if (guid !== undefined && !header.guid.equals(guid)) {
    throw new PackError('corrupt', `${at}: the record has another GUID`);
  }
  if (header.type !== RECORD_MESSAGE) throw new PackError('corrupt', `${at}: not a message`);
  if (header.codec !== CODEC_PLAIN) throw new PackError('unsupported', `${at}: codec ${header.codec}`);
  return header;
}

function checkBody(ref: PackRef, header: RecordHeader, crc: number): void {
  if (crc === header.bodyCrc) return;
  throw new PackError('corrupt', `pack ${ref.pack}, offset ${ref.offset}: check sum of the body is wrong`);
}
