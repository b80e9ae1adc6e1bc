/** Parts that are `binary` and have NUL in them become base64 (RFC 3516 §4.4); all else stays as it is. */
import { MailError, type NumberedSection, type StagedMessage } from '@angarium/sdk';

/** A multiple of 57, the octets of one line of base64 (RFC 2045 §6.8), so that lines go on from piece to piece. */
const PIECE_BYTES = 57 * 4096;

/** @throws MailError UNKNOWN-CTE when there is NUL elsewhere. */
export async function* withoutBinaryParts(message: StagedMessage): AsyncGenerator<Buffer> {
  let at = 0;
  for (const part of await binaryParts(message)) {
    yield* plain(message, at, part.headerOffset);
    const header = await message.read(part.headerOffset, part.bodyOffset);
    if (header.includes(0)) throw unencodable();
    yield Buffer.from(header.latin1Slice().replace(encodingField, '$1base64'), 'latin1');
    const end = part.bodyOffset + part.bodyLength;
    for (let from = part.bodyOffset; from < end; from += PIECE_BYTES) {
      yield base64Lines(
        await message.read(from, Math.min(end, from + PIECE_BYTES)),
        from + PIECE_BYTES >= end,
      );
    }
    at = end;
  }
  yield* plain(message, at, message.size);
}

const encodingField = /^(content-transfer-encoding[ \t]*:)[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*/im;

/** Leaves of encoding `binary` that have NUL in them, in the order of the message. */
async function binaryParts(message: StagedMessage): Promise<NumberedSection[]> {
  if (!message.summary.sectionsStored) throw unencodable();
  const parts = new Map<number, NumberedSection>();
  for (const section of message.summary.sections()) {
    if (section.kind !== 'leaf' || section.encoding !== 'binary') continue;
    // Of a message that is no multipart, part 1 and the message itself are one.
    if (await hasNul(message, section)) parts.set(section.bodyOffset, section);
  }
  return [...parts.values()].sort((a, b) => a.bodyOffset - b.bodyOffset);
}

async function hasNul(message: StagedMessage, { bodyOffset, bodyLength }: NumberedSection): Promise<boolean> {
  const end = bodyOffset + bodyLength;
  for (let from = bodyOffset; from < end; from += PIECE_BYTES) {
    if ((await message.read(from, Math.min(end, from + PIECE_BYTES))).includes(0)) return true;
  }
  return false;
}

async function* plain(message: StagedMessage, from: number, to: number): AsyncGenerator<Buffer> {
  for (let at = from; at < to; at += PIECE_BYTES) {
    const bytes = await message.read(at, Math.min(to, at + PIECE_BYTES));
    if (bytes.includes(0)) throw unencodable();
    yield bytes;
  }
}

/** The last line without its line end, which belongs to what follows. */
function base64Lines(bytes: Buffer, isLast: boolean): Buffer {
  const lines = bytes.toString('base64').match(/.{1,76}/g) ?? [];
  return Buffer.from(lines.join('\r\n') + (isLast ? '' : '\r\n'), 'latin1');
}

function unencodable(): MailError {
  return new MailError('UNKNOWN-CTE', 'NUL octets are taken in parts of the encoding binary only');
}
