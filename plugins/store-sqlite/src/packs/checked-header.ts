/** Is the record at this place the one that was asked for? */
import { CODEC_COMPRESSED, CODEC_ENCRYPTED } from './codec.js';
import { PackError } from './errors.js';
import { CODEC_PLAIN, decodeRecordHeader, RECORD_MESSAGE, type RecordHeader } from './format.js';
import type { OpenPack } from './open-packs.js';
import type { PackRef } from './types.js';

const MAX_CODEC = CODEC_COMPRESSED | CODEC_ENCRYPTED;

/** @param bytes of the record, its header at least @throws PackError corrupt, unsupported */
export function checkHeader(
  open: OpenPack,
  ref: PackRef,
  bytes: Buffer,
  guid: Buffer | undefined,
): RecordHeader {
  const header = decodeRecordHeader(bytes, 0, open.seed, ref.offset);
  if (header === undefined) throw new PackError('corrupt', `${at(ref)}: no valid record header`);
  if (header.codec > MAX_CODEC) throw new PackError('unsupported', `${at(ref)}: codec ${header.codec}`);
  if (header.codec === CODEC_PLAIN && header.length !== ref.length)
    throw new PackError('corrupt', `${at(ref)}: the record has another length`);
  if (guid !== undefined && !header.guid.equals(guid)) {
    throw new PackError('corrupt', `${at(ref)}: the record has another GUID`);
  }
  if (header.type !== RECORD_MESSAGE) throw new PackError('corrupt', `${at(ref)}: not a message`);
  return header;
}

export function isCodedAt(open: OpenPack, ref: PackRef, bytes: Buffer): boolean {
  const header = decodeRecordHeader(bytes, 0, open.seed, ref.offset);
  return header !== undefined && header.codec !== CODEC_PLAIN;
}

function at({ pack, offset }: PackRef): string {
  return `pack ${pack}, offset ${offset}`;
}
