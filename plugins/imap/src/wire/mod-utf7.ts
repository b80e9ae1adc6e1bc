/**
 * Modified UTF-7 (RFC 3501 §5.1.3): mailbox names of IMAP4rev1. Every text has exactly one encoding, and only that
 * one is accepted: no base64 of printable ASCII, no superfluous shifts, no bits left over, no lone surrogates.
 */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,';
const AMPERSAND = 0x26;
const sextets = new Int8Array(128).fill(-1);
for (let i = 0; i < 64; i++) sextets[ALPHABET.charCodeAt(i)] = i;

function isDirect(code: number): boolean {
  return code >= 0x20 && code <= 0x7e;
}

/** @param text well-formed Unicode (no lone surrogates), or the result decodes to nothing. */
export function encodeModUtf7(text: string): string {
  if (/^[\x20-\x25\x27-\x7e]*$/.test(text)) return text;
  let out = '';
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === AMPERSAND) {
      out += '&-';
      at++;
    } else if (isDirect(code)) {
      out += text[at++];
    } else {
      const start = at;
      while (at < text.length && !isDirect(text.charCodeAt(at))) at++;
      out += `&${base64(text, start, at)}-`;
    }
  }
  return out;
}

function base64(text: string, from: number, to: number): string {
  let out = '';
  let bits = 0;
  let held = 0;
  for (let at = from; at < to; at++) {
    held = (held << 16) | text.charCodeAt(at);
    for (bits += 16; bits >= 6; ) {
      bits -= 6;
      out += ALPHABET[(held >>> bits) & 63];
    }
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? out : out + ALPHABET[(held << (6 - bits)) & 63];
}

/** The text, or undefined for what `encodeModUtf7` never makes. */
export function decodeModUtf7(encoded: string): string | undefined {
  if (/^[\x20-\x25\x27-\x7e]*$/.test(encoded)) return encoded;
  let text = '';
  for (let at = 0; at < encoded.length; ) {
    if (encoded.charCodeAt(at) !== AMPERSAND) {
      const next = encoded.indexOf('&', at);
      const end = next < 0 ? encoded.length : next;
      text += encoded.slice(at, end);
      at = end;
    } else {
      const end = encoded.indexOf('-', at);
      if (end < 0) return undefined;
      const run = end === at + 1 ? '&' : unbase64(encoded, at + 1, end);
      if (run === undefined) return undefined;
      text += run;
      at = end + 1;
    }
  }
  // One comparison instead of a rule for each way to write the same name twice.
  return text.isWellFormed() && encodeModUtf7(text) === encoded ? text : undefined;
}

function unbase64(encoded: string, from: number, to: number): string | undefined {
  let text = '';
  let bits = 0;
  let held = 0;
  for (let at = from; at < to; at++) {
    const code = encoded.charCodeAt(at);
    const value = code < 128 ? sextets[code]! : -1;
    if (value < 0) return undefined;
    held = ((held << 6) | value) & 0x3fffff;
    bits += 6;
    if (bits >= 16) {
      bits -= 16;
      text += String.fromCharCode((held >>> bits) & 0xffff);
    }
  }
  return text;
}
