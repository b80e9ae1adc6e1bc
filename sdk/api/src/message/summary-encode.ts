import { bodyStructure } from './body-structure.js';
import { parseMailDate } from './dates.js';
import { type EnvelopeFields, envelopeFields, envelopeText } from './envelope.js';
import { blankLineOf, HeaderBlock } from './headers.js';
import { scan } from './parse.js';
import {
  AT,
  CACHED_HEADERS,
  CACHED_INDEX,
  FIXED_LENGTH,
  FLAG,
  MAX_BODY_STRUCTURE,
  MAX_ENVELOPE,
  MAX_HEADER,
  MAX_NODES,
  VERSION,
} from './summary-format.js';
import { keyArea } from './summary-keys.js';
import { sectionArea } from './summary-sections.js';
import type { MessagePart, MessageStructure, SummaryExtra } from './types.js';

/** Parses a message and writes its summary. Never throws for what is in the message. */
export function summarise(bytes: Buffer, extra: SummaryExtra): Buffer {
  const { structure, block } = scan(bytes);
  return encode(bytes, structure, block, extra);
}

/** The summary of a message that is parsed already. */
export function encodeSummary(bytes: Buffer, structure: MessageStructure, extra: SummaryExtra): Buffer {
  const { root } = structure;
  const block = new HeaderBlock(bytes.toString('latin1', root.headerOffset, root.bodyOffset));
  return encode(bytes, structure, block, extra);
}

function encode(bytes: Buffer, structure: MessageStructure, block: HeaderBlock, extra: SummaryExtra): Buffer {
  const { root } = structure;
  const fields = envelopeFields(block);
  const sent = fields.date === undefined ? undefined : parseMailDate(fields.date);
  const keys = keyArea(fields);
  const headers = headerArea(block, root);
  let flags = sent === undefined ? 0 : FLAG.sentDate;
  if (keys.isReplyOrForward) flags |= FLAG.replyOrForward;
  if (hasAttachment(root, 0)) flags |= FLAG.attachment;

  const envelope = boundedEnvelope(fields, block);
  if (envelope === '') flags |= FLAG.noEnvelope;
  // Every part takes over 60 octets of BODYSTRUCTURE: no need to write what cannot fit.
  const tooMany = structure.partCount > MAX_BODY_STRUCTURE / 60;
  let structureText = tooMany ? '' : bodyStructure(bytes, structure);
  if (structureText.length > MAX_BODY_STRUCTURE) structureText = '';
  if (structureText === '') flags |= FLAG.noBodyStructure;
  const sections = structure.partCount > MAX_NODES ? undefined : sectionArea(root, structure.partCount);
  if (sections === undefined) flags |= FLAG.noSections;

  const areas = [envelope, structureText, sections?.text ?? '', keys.text, headers.text];
  let end = FIXED_LENGTH;
  const ends = areas.map((area) => {
    end += area.length;
    return end;
  });
  const out = Buffer.alloc(end);
  writeFixed(out, extra, structure, flags);
  out.writeUInt16LE(sections?.nodes ?? 0, AT.nodes);
  out.writeDoubleLE(sent?.ms ?? extra.internalDateMs, AT.sentDate);
  out.writeInt16LE(sent?.zoneMinutes ?? 0, AT.zone);
  out.writeUInt16LE(headers.count, AT.headerCount);
  out.writeBigUInt64LE(headers.tooLarge, AT.tooLarge);
  for (const [i, value] of ends.entries()) out.writeUInt32LE(value, AT.ends + 4 * i);
  out.write(areas.join(''), FIXED_LENGTH, 'latin1');
  return out;
}

function writeFixed(out: Buffer, extra: SummaryExtra, structure: MessageStructure, flags: number): void {
  out[AT.version] = VERSION;
  out[AT.flags] = flags;
  out.writeUInt32LE(Math.min(structure.size, 0xffffffff), AT.size);
  out.writeDoubleLE(extra.internalDateMs, AT.internalDate);
  out.writeDoubleLE(extra.saveDateMs, AT.saveDate);
  extra.guid.copy(out, AT.guid, 0, 32);
  extra.threadId?.copy(out, AT.threadId, 0, 16);
  out.writeUInt32LE(structure.root.bodyLines, AT.lines);
}

/** '' when it is too large, also without writing it where the header alone shows that. */
function boundedEnvelope(fields: EnvelopeFields, block: HeaderBlock): string {
  if (block.text.length > 16 * MAX_ENVELOPE) {
    let size = 0;
    for (const value of Object.values(fields)) size += (value as string).length;
    // An address takes more room in an envelope than in the field, so this much will not fit.
    if (size > 2 * MAX_ENVELOPE) return '';
  }
  const text = envelopeText(fields);
  return text.length > MAX_ENVELOPE ? '' : text;
}

interface HeaderArea {
  readonly text: string;
  readonly count: number;
  readonly tooLarge: bigint;
}

function headerArea(block: HeaderBlock, root: MessagePart): HeaderArea {
  const kept: { index: number; raw: string }[] = [];
  const sizes = new Uint32Array(CACHED_HEADERS.length);
  for (let i = 0; i < block.count; i++) {
    const index = CACHED_INDEX.get(block.name(i));
    if (index === undefined) continue;
    const raw = block.raw(i);
    const size = (sizes[index] as number) + raw.length + 3;
    sizes[index] = size;
    if (size <= MAX_HEADER) kept.push({ index, raw });
  }
  let tooLarge = 0n;
  for (const [index, size] of sizes.entries()) if (size > MAX_HEADER) tooLarge |= 1n << BigInt(index);
  let text = '';
  let count = 0;
  for (const { index, raw } of kept) {
    if ((sizes[index] as number) > MAX_HEADER) continue;
    text += String.fromCharCode(index, raw.length & 255, raw.length >> 8) + raw;
    count++;
  }
  return { text: text + blankLineOf(block, root), count, tooLarge };
}

/**
 * Is there something a reader would call an attachment? A disposition of that name, or a leaf that is neither text nor
 * shown within the text (inline images of multipart/related have a Content-ID), nor a signature.
 */
function hasAttachment(part: MessagePart, depth: number): boolean {
  if (part.disposition?.type === 'attachment') return true;
  if (part.kind === 'multipart') return part.children.some((child) => hasAttachment(child, depth + 1));
  if (part.kind === 'message') return depth > 0;
  if (part.type === 'text' || part.disposition?.type === 'inline') return false;
  return part.id === undefined && !part.subtype.endsWith('-signature') && part.type !== 'message';
}
