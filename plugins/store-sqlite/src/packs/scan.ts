/**
 * Reads a pack from end to end: recovery, reconstruct, fsck. Never yields a record whose header or body check fails.
 * After damage it looks for the next header that is valid at its place (see format.ts) and has a later `seq`.
 * A header that fails with none after it is the torn tail of an append that was never acknowledged.
 */
import { createHash, type Hash } from 'node:crypto';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import {
  CODEC_COMPRESSED,
  CODEC_ENCRYPTED,
  type PackCodec,
  PackDecoder,
  plainCodec,
  trailerBytes,
} from './codec.js';
import { PackError } from './errors.js';
import {
  CODEC_PLAIN,
  decodePackHeader,
  decodeRecordHeader,
  PACK_HEADER_BYTES,
  packSeed,
  RECORD_HEADER_BYTES,
  RECORD_JOURNAL,
  RECORD_MARK,
  RECORD_MESSAGE,
  type RecordHeader,
  recordBytes,
} from './format.js';
import { nodeFs, type PackFs, readFully } from './fs.js';
import { decodeJournal, type JournalEntry } from './journal.js';
import { packPath } from './names.js';
import { readSeriesSalt } from './salt.js';
import type { PackId, PackRef, RecordMeta } from './types.js';

export type ScanEvent =
  | ({
      readonly kind: 'message';
      readonly ref: PackRef;
      readonly seq: number;
      readonly guid: Buffer;
    } & RecordMeta)
  | {
      readonly kind: 'journal';
      readonly ref: PackRef;
      readonly seq: number;
      readonly entries: JournalEntry[];
    }
  /** A valid journal record that is encrypted with a key that was not given. */
  | { readonly kind: 'locked'; readonly ref: PackRef; readonly seq: number; readonly reason: string }
  /** Bytes [from, to) hold no valid record (or padding that is not zero). */
  | { readonly kind: 'damage'; readonly from: number; readonly to: number; readonly reason: string }
  /** Always last. `validBytes` is the end of the last valid record, `rawBytes` what all would take as they came; `torn` when bytes follow. */
  | {
      readonly kind: 'end';
      readonly validBytes: number;
      readonly rawBytes: number;
      readonly fileBytes: number;
      readonly torn: boolean;
    };

export interface ScanOptions {
  /** Offset of a record to begin at (what an earlier scan ended with); default the first record. */
  readonly fromOffset?: number;
  /** Also compare each body with its GUID (SHA-256). */
  readonly verifyGuid?: boolean;
  /** For journal records and `verifyGuid`, where they are encrypted. */
  readonly codec?: PackCodec;
  readonly fs?: PackFs;
}

const MAX_CODEC = CODEC_COMPRESSED | CODEC_ENCRYPTED;
const WINDOW_BYTES = 4 * 1024 * 1024;
/** The writer's journal bodies are near 256 KB; one entry of very many UID ranges may be longer. */
const MAX_JOURNAL_BYTES = 256 * 1024 * 1024;

/**
 * What is in a pack, in order of offset. Throws PackError: `missing`, `io`, `unsupported`, and `corrupt`
 * when neither the pack's header nor its series tells the salt.
 */
export async function* scanPack(
  packsDir: string,
  id: PackId,
  options: ScanOptions = {},
): AsyncGenerator<ScanEvent> {
  const fs = options.fs ?? nodeFs;
  const path = packPath(packsDir, id);
  let fd: number;
  try {
    fd = await fs.open(path, 'read');
  } catch (error) {
    throw PackError.from(error, `open ${path}`);
  }
  try {
    const scan = new Scan(fs, fd, id, await fs.size(fd), options.verifyGuid ?? false, options.codec);
    yield* scan.run(dirname(path), options.fromOffset ?? PACK_HEADER_BYTES);
  } catch (error) {
    throw PackError.from(error, `scan ${path}`);
  } finally {
    await fs.close(fd);
  }
}

class Scan {
  private readonly window: Buffer;
  private windowFrom = 0;
  private windowTo = 0;
  private seed = 0;
  private readonly decoder: PackDecoder;

  constructor(
    private readonly fs: PackFs,
    private readonly fd: number,
    private readonly id: PackId,
    private readonly fileBytes: number,
    private readonly verifyGuid: boolean,
    codec: PackCodec = plainCodec,
  ) {
    this.decoder = new PackDecoder(codec);
    this.window = Buffer.allocUnsafeSlow(Math.min(WINDOW_BYTES, Math.max(fileBytes, RECORD_HEADER_BYTES)));
  }

  async *run(dir: string, fromOffset: number): AsyncGenerator<ScanEvent> {
    if (this.fileBytes < PACK_HEADER_BYTES) {
      yield { kind: 'end', validBytes: 0, rawBytes: 0, fileBytes: this.fileBytes, torn: this.fileBytes > 0 };
      return;
    }
    const headerFault = await this.findSeed(dir);
    if (headerFault !== undefined) {
      yield { kind: 'damage', from: 0, to: PACK_HEADER_BYTES, reason: headerFault };
    }
    let offset = fromOffset;
    let validBytes = Math.min(fromOffset, this.fileBytes);
    let rawBytes = validBytes;
    let lastSeq = 0;
    while (offset < this.fileBytes) {
      const header = await this.headerAt(offset, lastSeq);
      if (header === undefined) {
        const next = await this.resync(offset + 8, lastSeq);
        if (next === undefined) break;
        yield { kind: 'damage', from: offset, to: next, reason: 'no valid record header' };
        offset = next;
        continue;
      }
      const end = offset + recordBytes(header.length);
      if (end > this.fileBytes) break;
      lastSeq = header.seq;
      const event = await this.record(offset, header);
      yield event;
      if (event.kind !== 'damage' && event.kind !== 'end') {
        rawBytes += recordBytes(event.ref.length);
        validBytes = end;
        const bodyEnd = offset + RECORD_HEADER_BYTES + header.length;
        if (!(await this.isZero(bodyEnd, end))) {
          yield {
            kind: 'damage',
            from: bodyEnd,
            to: end,
            reason: 'padding is not zero; the record is whole',
          };
        }
      }
      offset = end;
    }
    yield { kind: 'end', validBytes, rawBytes, fileBytes: this.fileBytes, torn: validBytes < this.fileBytes };
  }

  /** Sets the seed; answers what is wrong with the pack's own header. */
  private async findSeed(dir: string): Promise<string | undefined> {
    try {
      const header = await this.view(0, PACK_HEADER_BYTES);
      this.seed = packSeed(this.id, decodePackHeader(header, this.id));
      return undefined;
    } catch (error) {
      const fault = PackError.from(error, 'pack header');
      if (fault.code !== 'corrupt') throw fault;
      const salt = await readSeriesSalt(this.fs, dir);
      if (salt === undefined) throw fault;
      this.seed = packSeed(this.id, salt);
      return fault.message;
    }
  }

  private async headerAt(offset: number, lastSeq: number): Promise<RecordHeader | undefined> {
    if (offset + RECORD_HEADER_BYTES > this.fileBytes) return undefined;
    const header = decodeRecordHeader(await this.view(offset, RECORD_HEADER_BYTES), 0, this.seed, offset);
    return header !== undefined && header.seq > lastSeq ? header : undefined;
  }

  /** Offset of the next valid header at or after `from`. */
  private async resync(from: number, lastSeq: number): Promise<number | undefined> {
    let at = from;
    while (at + RECORD_HEADER_BYTES <= this.fileBytes) {
      const bytes = Math.min(this.window.length, this.fileBytes - at);
      const block = await this.view(at, bytes);
      const last = bytes - RECORD_HEADER_BYTES;
      for (
        let hit = block.indexOf(RECORD_MARK);
        hit >= 0 && hit <= last;
        hit = block.indexOf(RECORD_MARK, hit + 1)
      ) {
        if ((at + hit) % 8 !== 0) continue;
        const header = decodeRecordHeader(block, hit, this.seed, at + hit);
        if (header !== undefined && header.seq > lastSeq) return at + hit;
      }
      at += last + 8 - (last % 8);
    }
    return undefined;
  }

  private async record(offset: number, header: RecordHeader): Promise<ScanEvent> {
    const from = offset + RECORD_HEADER_BYTES;
    const isJournal = header.type === RECORD_JOURNAL;
    const isCoded = header.codec !== CODEC_PLAIN;
    const damage = (reason: string): ScanEvent => ({
      kind: 'damage',
      from: offset,
      to: offset + recordBytes(header.length),
      reason,
    });
    if (header.codec > MAX_CODEC || (!isJournal && header.type !== RECORD_MESSAGE)) {
      return damage(`record of unknown type ${header.type}, codec ${header.codec}`);
    }
    if (isJournal && header.length > MAX_JOURNAL_BYTES) return damage('journal record too long');
    const body = isJournal ? Buffer.allocUnsafe(header.length) : undefined;
    const hash = this.verifyGuid && !isJournal ? createHash('sha256') : undefined;
    if ((await this.checkSum(from, header.length, isCoded ? undefined : hash, body)) !== header.bodyCrc) {
      return damage('check sum of the body is wrong');
    }
    const { seq, guid, mailboxHint, internalDateSec } = header;
    let { length } = header;
    try {
      if (isCoded) length = await this.rawLength(from, header);
      const ref: PackRef = { pack: this.id, offset, length };
      if (isJournal) return this.journal(ref, header, body!);
      const message: ScanEvent = { kind: 'message', ref, seq, guid, mailboxHint, internalDateSec };
      if (hash === undefined) return message;
      // Without its key a body is taken at the word of its check sum.
      if (isCoded && !(await this.hashBlocks(from, header, ref, hash))) return message;
      return hash.digest().equals(guid) ? message : damage('the body does not match its GUID');
    } catch (error) {
      return damage(PackError.from(error, 'record').message);
    }
  }

  /** @throws PackError corrupt */
  private journal(ref: PackRef, { type, codec, guid, seq }: RecordHeader, stored: Buffer): ScanEvent {
    const { offset, length } = ref;
    if (codec === CODEC_PLAIN) return { kind: 'journal', ref, seq, entries: decodeJournal(stored) };
    try {
      const body = this.decoder.decode(codec, stored, { offset, type, guid, length });
      return { kind: 'journal', ref, seq, entries: decodeJournal(body) };
    } catch (error) {
      if (!(error instanceof PackError) || error.code !== 'locked') throw error;
      return { kind: 'locked', ref, seq, reason: error.message };
    }
  }

  /** Of the body as it came: the last word of what is stored. */
  private async rawLength(from: number, { length, codec }: RecordHeader): Promise<number> {
    if (length < 4) throw new PackError('corrupt', 'the record is too short');
    const raw = (await this.view(from + length - 4, 4)).readUInt32LE(0);
    if (trailerBytes(codec, raw) > length) throw new PackError('corrupt', 'the record is too short');
    return raw;
  }

  /** False when the key is not there. @throws PackError corrupt */
  private async hashBlocks(from: number, header: RecordHeader, ref: PackRef, hash: Hash): Promise<boolean> {
    const { type, codec, guid, length: stored } = header;
    const size = trailerBytes(codec, ref.length);
    const trailer = Buffer.from(await this.view(from + stored - size, size));
    const map = this.decoder.map(codec, stored, trailer, {
      offset: ref.offset,
      type,
      guid,
      length: ref.length,
    });
    if (!this.decoder.hasKey(map)) return false;
    for (let i = 0; i < map.compressed.length; i++) {
      const at = map.starts[i]!;
      hash.update(this.decoder.block(map, i, await this.view(from + at, map.starts[i + 1]! - at)));
    }
    return true;
  }

  private async checkSum(from: number, length: number, hash?: Hash, copyTo?: Buffer): Promise<number> {
    let crc = 0;
    for (let done = 0; done < length; ) {
      const part = await this.view(from + done, Math.min(length - done, this.window.length));
      crc = crc32(part, crc);
      hash?.update(part);
      if (copyTo !== undefined) part.copy(copyTo, done);
      done += part.length;
    }
    return crc;
  }

  private async isZero(from: number, to: number): Promise<boolean> {
    if (from === to) return true;
    return (await this.view(from, to - from)).every((byte) => byte === 0);
  }

  /** These bytes, valid until the next call. Reads ahead as far as the window goes. */
  private view(offset: number, length: number): Buffer | Promise<Buffer> {
    if (offset >= this.windowFrom && offset + length <= this.windowTo) {
      return this.window.subarray(offset - this.windowFrom, offset - this.windowFrom + length);
    }
    return this.fill(offset, length);
  }

  private async fill(offset: number, length: number): Promise<Buffer> {
    let kept = 0;
    if (offset >= this.windowFrom && offset < this.windowTo) {
      kept = this.windowTo - offset;
      this.window.copyWithin(0, offset - this.windowFrom, this.windowTo - this.windowFrom);
    }
    const wanted = Math.min(this.window.length, this.fileBytes - offset);
    const count = await readFully(this.fs, this.fd, this.window.subarray(kept, wanted), offset + kept);
    this.windowFrom = offset;
    this.windowTo = offset + kept + count;
    if (kept + count < length)
      throw new PackError('short', `pack ${this.id} became shorter while it was read`);
    return this.window.subarray(0, length);
  }
}
