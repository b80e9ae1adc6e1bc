import { isUtf8 } from 'node:buffer';
import type { WireOptions } from './types.js';

/**
 * IMAP strings as latin1 wire text, RFC 3501 §4.3. A literal where a quoted string cannot be: octets above 127
 * (unless UTF-8 is agreed, RFC 6855 §3), CR, LF, or more than MAX_QUOTED octets. NUL has no place in either
 * (CHAR8 of RFC 3501 §9 leaves it out) and becomes a blank.
 */

/** Clients have fixed line buffers; Cyrus draws the line at the same length. */
const MAX_QUOTED = 1024;

export const NIL = 'NIL';

/** `value` is latin1: one character an octet. */
export function wireString(value: string | undefined, options?: WireOptions): string {
  if (value === undefined) return NIL;
  if (PLAIN.test(value) && value.length <= MAX_QUOTED) return `"${value}"`;
  const text = value.includes('\0') ? value.replaceAll('\0', ' ') : value;
  if (text.length > MAX_QUOTED || LITERAL.test(text)) {
    const quotable = options?.utf8 === true && text.length <= MAX_QUOTED && !/[\r\n]/.test(text);
    if (!quotable || !isUtf8(Buffer.from(text, 'latin1'))) return `{${text.length}}\r\n${text}`;
  }
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

const PLAIN = /^[\x01-\x09\x0b\x0c\x0e-\x21\x23-\x5b\x5d-\x7f]*$/;
const LITERAL = /[\r\n\x80-\uffff]/;
