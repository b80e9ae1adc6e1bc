/** number, nz-number and sequence-set (RFC 3501 §9): scanners over a text that answer where they ended. */
import { STAR } from '@angarium/sdk';

export const MAX_NUMBER = 0xffff_ffff;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const COMMA = 44;
const ASTERISK = 42;

/** What was read, and where it ended. `value` undefined: it is no number here, or one above `max`. */
export interface Scanned<T> {
  readonly value: T | undefined;
  /** Behind what was read; for a failure, where it went wrong. */
  readonly end: number;
}

/** Digits up to `max` (at most 2^53). */
export function scanNumber(text: string, from: number, max: number): Scanned<number> {
  let value = 0;
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) break;
    value = value * 10 + (code - ZERO);
    if (value > max) return { value: undefined, end: from };
  }
  return at === from ? { value: undefined, end: from } : { value, end: at };
}

/** `1:5,7,9:*`; a failure's `end` is where a number was expected. */
export function scanRanges(text: string, from: number): Scanned<(readonly [number, number])[]> {
  const ranges: (readonly [number, number])[] = [];
  let at = from;
  // A method of its own for the number would cost an object a number; sets have up to 100,000 ranges.
  const bound = (): number => {
    let code = text.charCodeAt(at);
    if (code === ASTERISK) {
      at++;
      return STAR;
    }
    if (!(code > ZERO && code <= NINE)) return 0;
    const start = at;
    let value = 0;
    while (code >= ZERO && code <= NINE) {
      value = value * 10 + (code - ZERO);
      if (value > MAX_NUMBER) {
        at = start;
        return 0;
      }
      code = text.charCodeAt(++at);
    }
    return value;
  };
  for (;;) {
    const first = bound();
    if (first === 0) return { value: undefined, end: at };
    let second = first;
    if (text.charCodeAt(at) === COLON) {
      at++;
      second = bound();
      if (second === 0) return { value: undefined, end: at };
    }
    ranges.push([first, second]);
    if (text.charCodeAt(at) !== COMMA) return { value: ranges, end: at };
    at++;
  }
}
