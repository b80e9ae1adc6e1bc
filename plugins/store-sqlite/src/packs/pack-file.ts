/**
 * One pack being written: lays records out, writes them, syncs. It knows up to where the file is safe; what to do
 * when a call fails is the lane's business. After any failure the file is abandoned, never written or synced again.
 */
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import {
  BLOCK_BYTES,
  PACK_RANDOM_BYTES,
  type PackCodec,
  PackEncoder,
  plainCodec,
  type RecordBinding,
} from './codec.js';
import { errnoOf, PackError } from './errors.js';
import {
  CODEC_PLAIN,
  encodePackHeader,
  encodeRecordHeader,
  GUID_BYTES,
  PACK_HEADER_BYTES,
  packSeed,
  padBytes,
  RECORD_HEADER_BYTES,
  RECORD_JOURNAL,
  RECORD_MESSAGE,
  type RecordHeader,
  recordBytes,
} from './format.js';
import { MAX_IOV, type PackFs, readFully, writeFully } from './fs.js';
import type { Series } from './series.js';
import type { PackId, PackRecord, SpooledBody } from './types.js';

/** One record to write: a message, or the body of a journal record. */
export interface Writing {
  readonly record?: PackRecord;
  readonly journal?: Buffer;
  /** Bytes of the body. */
  readonly length: number;
  /** Set by `write`: where the record's header is. */
  offset: number;
}

/** A spool file could not be read or does not match: this record fails alone, the pack is abandoned all the same. */
export class SpoolFailure extends Error {
  constructor(
    readonly writing: Writing,
    override readonly cause: unknown,
  ) {
    super('spool file unusable');
  }
}

const COPY_BYTES = 1024 * 1024;
const FLUSH_BYTES = 8 * 1024 * 1024;
const NO_GUID = Buffer.alloc(GUID_BYTES);
const ZEROS = Buffer.alloc(8);
const NO_RANDOM = Buffer.alloc(PACK_RANDOM_BYTES);
/** No room is made behind a write that takes more than this share of it. */
const ROOM_WRITES = 32;
const PAGE_BYTES = 4096;
const ZERO_PAGE = Buffer.alloc(PAGE_BYTES);

export class PackFile {
  /** End of what was written; the next record begins here. */
  end = 0;
  /** End of what a sync has made safe. */
  safeEnd = 0;
  /** Journal bodies written since the last sync, to be written again if this pack is abandoned. */
  unsyncedJournal: Buffer[] = [];
  unsyncedJournalBytes = 0;
  private seq = 0;
  private entrySynced = false;
  /** What all records would take as they came, and up to the last sync. */
  private rawEnd = PACK_HEADER_BYTES;
  private safeRawEnd = 0;
  private readonly seed: number;
  private readonly encoder: PackEncoder;
  /** Up to where the file is written, with zeros behind the records. */
  private roomEnd = 0;

  private constructor(
    private readonly fs: PackFs,
    private readonly series: Series,
    readonly id: PackId,
    private readonly fd: number,
    codec: PackCodec,
    private roomBytes: number,
  ) {
    this.seed = packSeed(id, series.salt);
    this.encoder = new PackEncoder(codec, codec === plainCodec ? NO_RANDOM : randomBytes(PACK_RANDOM_BYTES));
  }

  /** @param roomBytes made ahead of small writes, see `makeRoom`; 0: none. */
  static async create(
    fs: PackFs,
    series: Series,
    codec: PackCodec = plainCodec,
    roomBytes = 0,
  ): Promise<PackFile> {
    try {
      const { id, fd } = await series.createPack();
      return new PackFile(fs, series, id, fd, codec, roomBytes);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      throw new PackError('offline', `the folder ${series.dir} is not there`, { cause: error });
    }
  }

  /** Appends the records and sets their offsets. Not safe before `sync`. */
  async write(batch: readonly Writing[]): Promise<void> {
    const pending = new PendingWrite(this.fs, this.fd, this.end);
    if (this.end === 0) pending.add(this.packHeader());
    const headers = Buffer.allocUnsafeSlow(batch.length * RECORD_HEADER_BYTES);
    let headerAt = 0;
    for (const writing of batch) {
      writing.offset = pending.end;
      const header = headers.subarray(headerAt, (headerAt += RECORD_HEADER_BYTES));
      const stored = this.encoder.isPlain ? undefined : this.encodeInMemory(writing);
      let { length } = writing;
      if (stored !== undefined) {
        length = addStored(pending, header, stored);
        this.putHeader(header, writing, this.encoder.number, length, crcOf(stored));
      } else if (this.encoder.isPlain || !isSpooled(writing)) {
        this.putHeader(header, writing, CODEC_PLAIN, length, bodyCrc(writing.record, writing.journal));
        pending.add(header);
        await this.addBody(pending, writing);
      } else length = await this.addSpooledCoded(pending, header, writing, writing.record.body);
      const pad = padBytes(length);
      if (pad > 0) pending.add(ZEROS.subarray(0, pad));
      this.rawEnd += recordBytes(writing.length);
      if (pending.isFull) await pending.flush();
    }
    await pending.flush();
    const bytes = pending.end - this.end;
    this.end = pending.end;
    for (const { journal } of batch) if (journal !== undefined) this.noteJournal(journal);
    if (this.end > this.roomEnd) await this.makeRoom(bytes);
  }

  /**
   * Zeros behind the records: the syncs of those to come then find the file as long as before. One that finds it longer has the file
   * system commit its own journal, with a flush of the disk of its own, which doubles what a lone delivery waits for. Not
   * more than there is already, so that a pack of a few messages stays small.
   * @param bytes of the last write.
   */
  private async makeRoom(bytes: number): Promise<void> {
    if (bytes * ROOM_WRITES > this.roomBytes) return;
    const room = Math.min(this.roomBytes, this.end);
    try {
      // Page by page: of a large write the page cache makes large pages, which a small write makes dirty as a whole.
      for (let at = this.end; at < this.end + room; ) {
        const page = ZERO_PAGE.subarray(at % PAGE_BYTES);
        at += await writeFully(this.fs, this.fd, [page], at);
        this.roomEnd = at;
      }
    } catch {
      // A full disk may still have room for the records themselves.
      this.roomBytes = 0;
    }
  }

  /** Makes all that was written safe, on the first time the directory entry too. */
  async sync(): Promise<void> {
    await this.fs.fdatasync(this.fd);
    if (!this.entrySynced) await this.series.syncDir();
    this.entrySynced = true;
    this.safeEnd = this.end;
    this.safeRawEnd = this.rawEnd;
    this.unsyncedJournal = [];
    this.unsyncedJournalBytes = 0;
  }

  get isSafe(): boolean {
    return this.safeEnd === this.end;
  }

  /** Closes the descriptor; a failure is of no consequence: nothing unsynced is relied on. */
  async close(): Promise<void> {
    await this.fs.close(this.fd).catch(() => undefined);
  }

  /** Seals a pack that holds safe records, removes one that has none. The descriptor must be closed. */
  async finish(): Promise<void> {
    if (this.safeEnd > PACK_HEADER_BYTES) await this.series.seal(this.id, this.safeEnd, this.safeRawEnd);
    else await this.series.discard(this.id);
  }

  private noteJournal(body: Buffer): void {
    this.unsyncedJournal.push(body);
    this.unsyncedJournalBytes += body.length;
  }

  private packHeader(): Buffer {
    const { random, keyId } = this.encoder;
    return encodePackHeader(this.id, this.series.salt, keyId === 0 ? undefined : { random, keyId });
  }

  private putHeader(target: Buffer, writing: Writing, codec: number, length: number, crc: number): void {
    const { record, offset } = writing;
    const header: RecordHeader = {
      type: typeOf(writing),
      codec,
      length,
      seq: ++this.seq,
      bodyCrc: crc,
      guid: record?.guid ?? NO_GUID,
      mailboxHint: (record?.meta.mailboxHint ?? 0) >>> 0,
      internalDateSec: (record?.meta.internalDateSec ?? 0) >>> 0,
    };
    encodeRecordHeader(target, 0, header, this.seed, offset);
  }

  /** Undefined for a spooled body, and for one that is better stored as it came. */
  private encodeInMemory(writing: Writing): Buffer[] | undefined {
    const { record, journal } = writing;
    if (journal !== undefined) return this.encoder.encode(journal, bindingOf(writing));
    if (record === undefined || !('chunks' in record.body)) return undefined;
    const { chunks } = record.body;
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    return this.encoder.encode(body, bindingOf(writing));
  }

  /** Block by block; the header, which tells the stored length, is written last. Nothing is synced before it is. */
  private async addSpooledCoded(
    pending: PendingWrite,
    header: Buffer,
    writing: Writing,
    body: SpooledBody,
  ): Promise<number> {
    await pending.flush();
    pending.skip(RECORD_HEADER_BYTES);
    const encoder = this.encoder.begin(bindingOf(writing));
    let length = 0;
    let crc = 0;
    const add = (part: Buffer): void => {
      crc = crc32(part, crc);
      length += part.length;
      pending.add(part);
    };
    await this.readSpooled(writing, body, BLOCK_BYTES, async (block) => {
      add(encoder.block(block));
      await pending.flush();
    });
    add(encoder.end());
    await pending.flush();
    this.putHeader(header, writing, this.encoder.number, length, crc);
    await writeFully(this.fs, this.fd, [header], writing.offset);
    return length;
  }

  private async addBody(pending: PendingWrite, writing: Writing): Promise<void> {
    const { record, journal } = writing;
    if (journal !== undefined) pending.add(journal);
    if (record === undefined) return;
    if ('chunks' in record.body) {
      for (const chunk of record.body.chunks) if (chunk.length > 0) pending.add(chunk);
      return;
    }
    await pending.flush();
    await this.readSpooled(writing, record.body, COPY_BYTES, async (block) => {
      pending.add(block);
      await pending.flush();
    });
  }

  private async readSpooled(
    writing: Writing,
    body: SpooledBody,
    blockBytes: number,
    take: (block: Buffer) => Promise<void>,
  ): Promise<void> {
    let crc = 0;
    const fd = await this.fs.open(body.path, 'read').catch((error: unknown) => {
      throw new SpoolFailure(writing, error);
    });
    try {
      for (let done = 0; done < body.length; ) {
        const block = Buffer.allocUnsafe(Math.min(blockBytes, body.length - done));
        const count = await readFully(this.fs, fd, block, done).catch((error: unknown) => {
          throw new SpoolFailure(writing, error);
        });
        if (count < block.length)
          throw new SpoolFailure(writing, new PackError('spool', 'spool file too short'));
        crc = crc32(block, crc);
        await take(block);
        done += count;
      }
    } finally {
      await this.fs.close(fd);
    }
    if (crc !== body.crc32) throw new SpoolFailure(writing, new PackError('spool', 'spool file was changed'));
  }
}

function isSpooled(writing: Writing): writing is Writing & { record: { body: SpooledBody } } {
  return writing.record !== undefined && !('chunks' in writing.record.body);
}

function typeOf({ record }: Writing): number {
  return record === undefined ? RECORD_JOURNAL : RECORD_MESSAGE;
}

function bindingOf(writing: Writing): RecordBinding {
  const { offset, length, record } = writing;
  return { offset, length, type: typeOf(writing), guid: record?.guid ?? NO_GUID };
}

/** Header and stored body; answers the body's length. */
function addStored(pending: PendingWrite, header: Buffer, stored: readonly Buffer[]): number {
  pending.add(header);
  for (const part of stored) pending.add(part);
  return stored.reduce((sum, part) => sum + part.length, 0);
}

function crcOf(parts: readonly Buffer[]): number {
  let crc = 0;
  for (const part of parts) crc = crc32(part, crc);
  return crc;
}

function bodyCrc(record: PackRecord | undefined, journal: Buffer | undefined): number {
  if (journal !== undefined) return crc32(journal);
  if (record === undefined) return 0;
  if (!('chunks' in record.body)) return record.body.crc32;
  let crc = 0;
  for (const chunk of record.body.chunks) crc = crc32(chunk, crc);
  return crc;
}

/** Buffers that wait for one writev. */
class PendingWrite {
  private buffers: Buffer[] = [];
  private bytes = 0;

  constructor(
    private readonly fs: PackFs,
    private readonly fd: number,
    private position: number,
  ) {}

  /** Where the next buffer added will be. */
  get end(): number {
    return this.position + this.bytes;
  }

  get isFull(): boolean {
    return this.buffers.length >= MAX_IOV - 3 || this.bytes >= FLUSH_BYTES;
  }

  /** Leaves room that is written later. Call when nothing waits. */
  skip(bytes: number): void {
    this.position += bytes;
  }

  add(buffer: Buffer): void {
    this.buffers.push(buffer);
    this.bytes += buffer.length;
  }

  async flush(): Promise<void> {
    if (this.buffers.length === 0) return;
    this.position += await writeFully(this.fs, this.fd, this.buffers, this.position);
    this.buffers = [];
    this.bytes = 0;
  }
}
