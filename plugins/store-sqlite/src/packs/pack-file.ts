/**
 * One pack being written: lays records out, writes them, syncs. It knows up to where the file is safe; what to do
 * when a call fails is the lane's business. After any failure the file is abandoned, never written or synced again.
 */
import { crc32 } from 'node:zlib';
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
  private readonly seed: number;

  private constructor(
    private readonly fs: PackFs,
    private readonly series: Series,
    readonly id: PackId,
    private readonly fd: number,
  ) {
    this.seed = packSeed(id, series.salt);
  }

  static async create(fs: PackFs, series: Series): Promise<PackFile> {
    try {
      const { id, fd } = await series.createPack();
      return new PackFile(fs, series, id, fd);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      throw new PackError('offline', `the folder ${series.dir} is not there`, { cause: error });
    }
  }

  /** Appends the records and sets their offsets. Not safe before `sync`. */
  async write(batch: readonly Writing[]): Promise<void> {
    const pending = new PendingWrite(this.fs, this.fd, this.end);
    if (this.end === 0) pending.add(encodePackHeader(this.id, this.series.salt));
    const headers = Buffer.allocUnsafeSlow(batch.length * RECORD_HEADER_BYTES);
    let headerAt = 0;
    for (const writing of batch) {
      writing.offset = pending.end;
      encodeRecordHeader(headers, headerAt, this.headerOf(writing), this.seed, writing.offset);
      pending.add(headers.subarray(headerAt, (headerAt += RECORD_HEADER_BYTES)));
      await this.addBody(pending, writing);
      const pad = padBytes(writing.length);
      if (pad > 0) pending.add(ZEROS.subarray(0, pad));
      if (pending.isFull) await pending.flush();
    }
    await pending.flush();
    this.end = pending.end;
    for (const { journal } of batch) if (journal !== undefined) this.noteJournal(journal);
  }

  /** Makes all that was written safe, on the first time the directory entry too. */
  async sync(): Promise<void> {
    await this.fs.fdatasync(this.fd);
    if (!this.entrySynced) await this.series.syncDir();
    this.entrySynced = true;
    this.safeEnd = this.end;
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
    if (this.safeEnd > PACK_HEADER_BYTES) await this.series.seal(this.id, this.safeEnd);
    else await this.series.discard(this.id);
  }

  private noteJournal(body: Buffer): void {
    this.unsyncedJournal.push(body);
    this.unsyncedJournalBytes += body.length;
  }

  private headerOf(writing: Writing): RecordHeader {
    const { record, journal, length } = writing;
    return {
      type: record === undefined ? RECORD_JOURNAL : RECORD_MESSAGE,
      codec: CODEC_PLAIN,
      length,
      seq: ++this.seq,
      bodyCrc: bodyCrc(record, journal),
      guid: record?.guid ?? NO_GUID,
      mailboxHint: (record?.meta.mailboxHint ?? 0) >>> 0,
      internalDateSec: (record?.meta.internalDateSec ?? 0) >>> 0,
    };
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
    await this.copySpooled(pending, writing, record.body);
  }

  private async copySpooled(pending: PendingWrite, writing: Writing, body: SpooledBody): Promise<void> {
    let crc = 0;
    const fd = await this.fs.open(body.path, 'read').catch((error: unknown) => {
      throw new SpoolFailure(writing, error);
    });
    try {
      for (let done = 0; done < body.length; ) {
        const block = Buffer.allocUnsafe(Math.min(COPY_BYTES, body.length - done));
        const count = await readFully(this.fs, fd, block, done).catch((error: unknown) => {
          throw new SpoolFailure(writing, error);
        });
        if (count < block.length)
          throw new SpoolFailure(writing, new PackError('spool', 'spool file too short'));
        crc = crc32(block, crc);
        pending.add(block);
        await pending.flush();
        done += count;
      }
    } finally {
      await this.fs.close(fd);
    }
    if (crc !== body.crc32) throw new SpoolFailure(writing, new PackError('spool', 'spool file was changed'));
  }
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
