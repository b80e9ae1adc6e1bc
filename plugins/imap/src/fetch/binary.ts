/**
 * Sections with their transfer encoding undone (RFC 3516 §4, RFC 9051 §6.4.5). The length stands before a literal, so a small
 * section is decoded in memory, and a large one twice: to count, then to send. Memory is bounded either way.
 */
import {
  type ContentRequest,
  type Decoder,
  LineEndNormaliser,
  type Section,
  transferDecoder,
} from '@angarium/sdk';
import { nextTurn } from '../view/index.js';
import type { ContentReader } from './contents.js';
import type { BinaryItem } from './items.js';
import type { MessageFacts } from './pieces.js';
import type { Partial } from './section.js';

/** Sections of up to so many encoded octets, and partial fetches of up to so many decoded ones, are made in memory. */
const IN_MEMORY_BYTES = 256 * 1024;

/** Every transfer encoding of RFC 2045 §6.1; what else there may be cannot be undone. */
const knownEncodings = new Set(['7bit', '8bit', 'binary', 'base64', 'quoted-printable']);

/** Charsets in which an LF octet is no line feed. */
const wideCharsets = /^(utf-?(16|32)|ucs-?[24]|iso-10646)/;

/** How octets of a section become what BINARY shows. */
export interface Decoding {
  readonly encoding: string;
  /** Text has CRLF whatever it was encoded with (RFC 9051 §7.5.2). */
  readonly isText: boolean;
}

/** Undefined: the encoding is not known (RFC 3516 §4.3). */
export function decodingOf(section: Section, path: readonly number[]): Decoding | undefined {
  // A message as a whole, and what is made of parts, has no encoding of its own (RFC 2045 §6.4).
  if (path.length === 0 || section.kind !== 'leaf') return { encoding: '7bit', isText: false };
  if (!knownEncodings.has(section.encoding)) return undefined;
  const isText = section.type === 'text' && !wideCharsets.test(section.charset ?? '');
  return { encoding: section.encoding, isText };
}

class SectionDecoder implements Decoder {
  private readonly transfer: Decoder;
  private readonly lineEnds: LineEndNormaliser | undefined;

  constructor({ encoding, isText }: Decoding) {
    this.transfer = transferDecoder(encoding);
    this.lineEnds = isText ? new LineEndNormaliser() : undefined;
  }

  push(chunk: Buffer): Buffer {
    const bytes = this.transfer.push(chunk);
    return this.lineEnds === undefined ? bytes : this.lineEnds.push(bytes);
  }

  end(): Buffer {
    const bytes = this.transfer.end();
    return this.lineEnds === undefined ? bytes : this.lineEnds.push(bytes);
  }
}

/** Decoded octets as they come; answers what is undefined when the source is. */
export async function* decoded(source: AsyncIterable<Buffer>, decoding: Decoding): AsyncGenerator<Buffer> {
  const decoder = new SectionDecoder(decoding);
  for await (const bytes of source) {
    const out = decoder.push(bytes);
    if (out.length > 0) yield out;
    if (bytes.length > IN_MEMORY_BYTES) await nextTurn();
  }
  const rest = decoder.end();
  if (rest.length > 0) yield rest;
}

/** Octets `start` to `end` of what comes; the source is read to its end. */
async function* slice(source: AsyncIterable<Buffer>, start: number, end: number): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const bytes of source) {
    const from = Math.max(0, start - at);
    const to = Math.min(bytes.length, end - at);
    at += bytes.length;
    if (from < to) yield bytes.subarray(from, to);
  }
}

/** A BINARY item of one message, to be answered from content requests. */
export interface DecodedPiece {
  readonly label: string;
  readonly isSize: boolean;
  readonly decoding: Decoding;
  readonly partial: Partial | undefined;
  /** Read once to count or, when it is small, to hold. */
  readonly request: number;
  /** Read to send; undefined when that needs no second reading. */
  readonly second: number | undefined;
}

/**
 * What a BINARY item is: known at once, octets to be asked for (added to `requests`), or undefined when the encoding is not
 * known.
 */
export function binaryPiece(
  item: BinaryItem,
  { uid, size, find }: MessageFacts,
  requests: ContentRequest[],
): string | DecodedPiece | undefined {
  const { label, path, partial, isSize } = item;
  const section = find(path);
  if (section === undefined) return isSize ? `${label} 0` : `${label} NIL`;
  const decoding = decodingOf(section, path);
  if (decoding === undefined) return undefined;
  const from = path.length === 0 ? 0 : section.bodyOffset;
  const length = path.length === 0 ? size : section.bodyLength;
  if (length === 0) return isSize ? `${label} 0` : `${label} ""`;
  if (isSize && isIdentity(decoding)) return `${label} ${length}`;
  const ask = (): number => requests.push({ uid, from, to: from + length }) - 1;
  const request = ask();
  const isSmall = isSize || length <= IN_MEMORY_BYTES || (partial?.count ?? Infinity) <= IN_MEMORY_BYTES;
  return { label, isSize, decoding, partial, request, second: isSmall ? undefined : ask() };
}

function isIdentity({ encoding, isText }: Decoding): boolean {
  return !isText && encoding !== 'base64' && encoding !== 'quoted-printable';
}

/** A BINARY item that is ready to be written: a whole text, or a literal of known length and what fills it. */
export type DecodedValue =
  | { readonly text: string }
  | { readonly announcement: string; readonly length: number; readonly bytes: AsyncIterable<Buffer> };

/** Undefined: the message is gone. */
export async function decodePiece(
  piece: DecodedPiece,
  reader: ContentReader,
): Promise<DecodedValue | undefined> {
  const { label, isSize, decoding, partial, request, second } = piece;
  const first = reader.stream(request);
  const start = partial?.start ?? 0;
  const end = partial === undefined ? Number.POSITIVE_INFINITY : start + partial.count;
  const held: Buffer[] = [];
  let total = 0;
  let length = 0;
  let hasNul = false;
  for await (const bytes of decoded(first.bytes, decoding)) {
    const from = Math.max(0, start - total);
    const to = Math.min(bytes.length, end - total);
    total += bytes.length;
    if (isSize || from >= to) continue;
    const part = bytes.subarray(from, to);
    length += part.length;
    hasNul ||= part.includes(0);
    if (second === undefined) held.push(part);
  }
  if (first.isMissing()) {
    if (second !== undefined) await reader.skip(second);
    return undefined;
  }
  if (isSize) return { text: `${label} ${total}` };
  const announcement = `${label} ${hasNul ? '~' : ''}{${length}}\r\n`;
  if (second === undefined)
    return { text: length === 0 ? `${label} ""` : announcement + Buffer.concat(held).latin1Slice() };
  const bytes = slice(decoded(reader.stream(second).bytes, decoding), start, end);
  return { announcement, length, bytes };
}
