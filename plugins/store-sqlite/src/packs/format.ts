/**
 * The bytes of a pack. Little endian throughout.
 *
 *     pack   = header 64 B, then records, each 8-byte aligned
 *     header = "ANGPACK\x01"  version u32  headerBytes u32  salt 16 B  id f64  random 16 B  keyId u32  crc32 u32
 *     record = magic u32  length u32  seq f64  bodyCrc u32  guid 32 B  hint u32  idate u32  headerCrc u32
 *              body  zeros up to the next multiple of 8
 *     magic  = 0xA9 0xD7 type codec        (codec: 0 = as it came, 1 = compressed, 2 = encrypted, 3 = both: see codec.ts)
 *
 * Behind the last record there may be zeros: room for those to come.
 *
 * `length` and bodyCrc are those of the body as it is stored. random and keyId are 0 unless the pack is encrypted.
 *
 * headerCrc begins with a value made of the pack's secret salt, its id and the record's offset. So a record is valid
 * in one place only, and whoever mails the image of a record cannot have it taken for one when a scan looks for the
 * next record after damage. `seq` counts the records of one pack from 1: a gap tells how many were lost.
 */
import { crc32 } from 'node:zlib';
import { PackError } from './errors.js';
import type { PackId } from './types.js';

export const PACK_HEADER_BYTES = 64;
export const RECORD_HEADER_BYTES = 64;
export const SALT_BYTES = 16;
export const GUID_BYTES = 32;
export const FORMAT_VERSION = 1;
export const MAX_BODY_BYTES = 0xffff_ffff;

export const RECORD_MESSAGE = 1;
export const RECORD_JOURNAL = 3;
export const CODEC_PLAIN = 0;

/** First two bytes of each record: neither ASCII nor a UTF-8 sequence, so mail rarely has them. */
export const RECORD_MARK = Buffer.from([0xa9, 0xd7]);
const PACK_MAGIC = Buffer.from('ANGPACK\x01', 'latin1');
const PACK_CRC_AT = 60;
const RECORD_CRC_AT = 60;

export interface RecordHeader {
  readonly type: number;
  readonly codec: number;
  readonly length: number;
  readonly seq: number;
  readonly bodyCrc: number;
  readonly guid: Buffer;
  readonly mailboxHint: number;
  readonly internalDateSec: number;
}

/** Zeros that follow a body. */
export function padBytes(length: number): number {
  return (8 - (length % 8)) % 8;
}

/** Bytes of a whole record with a body of `length`. */
export function recordBytes(length: number): number {
  return RECORD_HEADER_BYTES + length + padBytes(length);
}

/** Random octets and key of an encrypted pack. */
export interface PackSecret {
  readonly random: Buffer;
  readonly keyId: number;
}

export function encodePackHeader(id: PackId, salt: Buffer, secret?: PackSecret): Buffer {
  const header = Buffer.alloc(PACK_HEADER_BYTES);
  PACK_MAGIC.copy(header, 0);
  header.writeUInt32LE(FORMAT_VERSION, 8);
  header.writeUInt32LE(PACK_HEADER_BYTES, 12);
  salt.copy(header, 16, 0, SALT_BYTES);
  header.writeDoubleLE(id, 32);
  if (secret !== undefined) {
    secret.random.copy(header, 40);
    header.writeUInt32LE(secret.keyId, 56);
  }
  header.writeUInt32LE(crc32(header.subarray(0, PACK_CRC_AT)), PACK_CRC_AT);
  return header;
}

/** The salt in a pack header, a copy. Throws PackError `corrupt` or `unsupported`. */
export function decodePackHeader(header: Buffer, id: PackId): Buffer {
  if (header.length < PACK_HEADER_BYTES) throw new PackError('short', `pack ${id} ends within its header`);
  if (crc32(header.subarray(0, PACK_CRC_AT)) !== header.readUInt32LE(PACK_CRC_AT)) {
    throw new PackError('corrupt', `pack ${id}: the header's check sum is wrong`);
  }
  if (!header.subarray(0, PACK_MAGIC.length).equals(PACK_MAGIC)) {
    throw new PackError('corrupt', `pack ${id}: not a pack file`);
  }
  const version = header.readUInt32LE(8);
  if (version !== FORMAT_VERSION) throw new PackError('unsupported', `pack ${id} has format ${version}`);
  if (header.readDoubleLE(32) !== id) {
    throw new PackError('corrupt', `pack ${id} says that it is pack ${header.readDoubleLE(32)}`);
  }
  return Buffer.from(header.subarray(16, 16 + SALT_BYTES));
}

/** What all header check sums of a pack begin with. */
export function packSeed(id: PackId, salt: Buffer): number {
  const idBytes = Buffer.alloc(8);
  idBytes.writeDoubleLE(id, 0);
  return crc32(idBytes, crc32(salt));
}

/** Multiplying by an odd number is a bijection of 32 bits: no two offsets below 32 GB share a seed. */
function recordSeed(seed: number, offset: number): number {
  return (seed ^ Math.imul((offset / 8) >>> 0, 0x9e37_79b1)) >>> 0;
}

/** Writes a record header at `at` in `target`. `offset` is where in the pack it will be. */
export function encodeRecordHeader(
  target: Buffer,
  at: number,
  record: RecordHeader,
  seed: number,
  offset: number,
): void {
  target[at] = RECORD_MARK[0]!;
  target[at + 1] = RECORD_MARK[1]!;
  target[at + 2] = record.type;
  target[at + 3] = record.codec;
  target.writeUInt32LE(record.length, at + 4);
  target.writeDoubleLE(record.seq, at + 8);
  target.writeUInt32LE(record.bodyCrc, at + 16);
  record.guid.copy(target, at + 20, 0, GUID_BYTES);
  target.writeUInt32LE(record.mailboxHint, at + 52);
  target.writeUInt32LE(record.internalDateSec, at + 56);
  const covered = target.subarray(at, at + RECORD_CRC_AT);
  target.writeUInt32LE(crc32(covered, recordSeed(seed, offset)), at + RECORD_CRC_AT);
}

/** The header at `at` when it is valid for this pack and offset; otherwise undefined. `guid` is a copy. */
export function decodeRecordHeader(
  source: Buffer,
  at: number,
  seed: number,
  offset: number,
): RecordHeader | undefined {
  if (source.length - at < RECORD_HEADER_BYTES) return undefined;
  if (source[at] !== RECORD_MARK[0] || source[at + 1] !== RECORD_MARK[1]) return undefined;
  const covered = source.subarray(at, at + RECORD_CRC_AT);
  if (crc32(covered, recordSeed(seed, offset)) !== source.readUInt32LE(at + RECORD_CRC_AT)) return undefined;
  return {
    type: source[at + 2]!,
    codec: source[at + 3]!,
    length: source.readUInt32LE(at + 4),
    seq: source.readDoubleLE(at + 8),
    bodyCrc: source.readUInt32LE(at + 16),
    guid: Buffer.from(source.subarray(at + 20, at + 20 + GUID_BYTES)),
    mailboxHint: source.readUInt32LE(at + 52),
    internalDateSec: source.readUInt32LE(at + 56),
  };
}
