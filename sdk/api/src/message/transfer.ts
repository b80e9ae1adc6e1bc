import { Transform } from 'node:stream';

/** Turns chunks into chunks; holds at most a few octets (quoted-printable: 1 KB) between calls. Never throws. */
export interface Decoder {
  push(chunk: Buffer): Buffer;
  /** What was held back. The decoder is at its start again. */
  end(): Buffer;
}

/** For base64 and quoted-printable; any other encoding is the identity (RFC 2045 §6.2, and leniency). */
export function transferDecoder(encoding: string): Decoder {
  const name = encoding.toLowerCase();
  if (name === 'base64') return new Base64Decoder();
  if (name === 'quoted-printable') return new QuotedPrintableDecoder();
  return IDENTITY;
}

/** Undoes a Content-Transfer-Encoding of a whole body; tolerant of broken input. */
export function decodeTransfer(bytes: Buffer, encoding: string): Buffer {
  const decoder = transferDecoder(encoding);
  if (decoder === IDENTITY) return bytes;
  const decoded = decoder.push(bytes);
  const rest = decoder.end();
  return rest.length === 0 ? decoded : Buffer.concat([decoded, rest]);
}

/** The same as a stream, in bounded memory. */
export function transferDecodeStream(encoding: string): Transform {
  const decoder = transferDecoder(encoding);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, decoder.push(chunk));
    },
    flush(done) {
      done(null, decoder.end());
    },
  });
}

const EMPTY = Buffer.alloc(0);
const IDENTITY: Decoder = { push: (chunk) => chunk, end: () => EMPTY };

const BASE64 = new Uint8Array(256).fill(255);
for (const [value, c] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries()) {
  BASE64[c.charCodeAt(0)] = value;
}
BASE64[61] = 254;

/**
 * RFC 2045 §6.8. Characters outside the alphabet are skipped; padding ends a group, what follows starts another
 * (joined encodings exist); a last incomplete group gives its whole octets.
 */
export class Base64Decoder implements Decoder {
  private bits = 0;
  private count = 0;

  push(chunk: Buffer): Buffer {
    const out = Buffer.allocUnsafe(Math.ceil(chunk.length * 0.75) + 3);
    let { bits, count } = this;
    let length = 0;
    for (let i = 0; i < chunk.length; i++) {
      const value = BASE64[chunk[i] as number] as number;
      if (value < 64) {
        bits = ((bits << 6) | value) & 0xffff;
        count += 6;
        if (count >= 8) {
          count -= 8;
          out[length++] = bits >> count;
        }
      } else if (value === 254) {
        bits = 0;
        count = 0;
      }
    }
    this.bits = bits;
    this.count = count;
    return out.subarray(0, length);
  }

  end(): Buffer {
    this.bits = 0;
    this.count = 0;
    return EMPTY;
  }
}

const CR = 13;
const LF = 10;
const EQUALS = 61;

/** Blanks before a line end are held back up to this many, as they may have to be dropped. */
const MAX_HELD = 1024;

/**
 * RFC 2045 §6.7. Blanks at the end of a line are dropped (rule 3), soft line breaks joined; `=` that starts nothing
 * stands for itself, as the RFC recommends. A run of over 1,024 blanks that is split over chunks may be kept.
 */
export class QuotedPrintableDecoder implements Decoder {
  private held = EMPTY;

  push(chunk: Buffer): Buffer {
    const bytes = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    const cut = safeEnd(bytes);
    // A copy: what is held must not keep the chunk alive, which the caller may reuse.
    this.held = cut === bytes.length ? EMPTY : Buffer.from(bytes.subarray(cut));
    return decodeQuotedPrintable(bytes, cut);
  }

  end(): Buffer {
    const bytes = this.held;
    this.held = EMPTY;
    return decodeQuotedPrintable(bytes, bytes.length);
  }
}

/** How much can be decoded without knowing what comes next. */
function safeEnd(bytes: Buffer): number {
  const least = Math.max(0, bytes.length - MAX_HELD);
  let end = bytes.length;
  while (end > least && isBlankOrCr(bytes[end - 1])) end--;
  if (bytes[end - 1] === EQUALS) return end - 1;
  if (end === bytes.length && bytes[end - 2] === EQUALS) return end - 2;
  return end;
}

function isBlankOrCr(c: number | undefined): boolean {
  return c === 32 || c === 9 || c === CR;
}

function decodeQuotedPrintable(bytes: Buffer, end: number): Buffer {
  const out = Buffer.allocUnsafe(end);
  let length = 0;
  // Output up to here must stay, though it be blank: it was written as =20.
  let kept = 0;
  for (let i = 0; i < end; i++) {
    const c = bytes[i] as number;
    if (c === EQUALS) {
      const octet = hexPair(bytes[i + 1], bytes[i + 2]);
      if (octet >= 0 && i + 2 < end) {
        out[length++] = octet;
        kept = length;
        i += 2;
        continue;
      }
      const next = softBreak(bytes, i + 1);
      if (next > 0) {
        i = next - 1;
        kept = length;
        continue;
      }
    } else if (c === LF) {
      const crlf = length > kept && out[length - 1] === CR;
      if (crlf) length--;
      while (length > kept && (out[length - 1] === 32 || out[length - 1] === 9)) length--;
      if (crlf) out[length++] = CR;
      out[length++] = LF;
      kept = length;
      continue;
    }
    out[length++] = c;
  }
  return out.subarray(0, length);
}

/** After `=`: blanks, then a line end or the end of all (`safeEnd` sees to it): position after it, otherwise 0. */
function softBreak(bytes: Buffer, from: number): number {
  const { length } = bytes;
  let at = from;
  while (at < length && at - from < MAX_HELD && (bytes[at] === 32 || bytes[at] === 9)) at++;
  if (at === length) return length;
  if (bytes[at] === LF) return at + 1;
  if (bytes[at] !== CR) return 0;
  if (at + 1 === length) return length;
  return bytes[at + 1] === LF ? at + 2 : 0;
}

function hexPair(a: number | undefined, b: number | undefined): number {
  const high = HEX[a ?? 0] as number;
  const low = HEX[b ?? 0] as number;
  return high > 15 || low > 15 ? -1 : high * 16 + low;
}

const HEX = new Uint8Array(256).fill(255);
for (let value = 0; value < 16; value++) {
  HEX[value.toString(16).charCodeAt(0)] = value;
  HEX[value.toString(16).toUpperCase().charCodeAt(0)] = value;
}
