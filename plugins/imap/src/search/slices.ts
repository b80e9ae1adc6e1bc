/** Decoded, folded text in slices, so that a large body does not keep the loop. */
import { decodeCharset } from '@angarium/sdk';
import type { TextProbe } from './tests.js';

/** A few milliseconds of decoding and folding. */
export const SLICE_BYTES = 256 * 1024;
export const MIN_SLICE_BYTES = 8 * 1024;

/**
 * Where to cut octets of a charset between `from` and `from + SLICE_BYTES`: behind a line end if there is one, since no
 * multi-octet character or ISO 2022 state goes across it, and never within a character of UTF-8, -16 or -32.
 */
export function cutAt(bytes: Buffer, from: number, charset: string | undefined, max: number): number {
  const limit = from + max;
  if (limit >= bytes.length) return bytes.length;
  if (/^(utf-?16|ucs-?2|utf-?32|ucs-?4)/i.test(charset ?? '')) return limit - ((limit - from) % 4);
  const lineEnd = bytes.lastIndexOf(10, limit - 1);
  if (lineEnd > from) return lineEnd + 1;
  let cut = limit;
  // Back to the first octet of a UTF-8 character, at most three octets.
  while (cut > limit - 4 && ((bytes[cut] ?? 0) & 0xc0) === 0x80) cut--;
  return cut;
}

/** What a fuzzy needle may be longer by in the text, with the letters on both sides. */
const MARGIN = 4;

/** What is looked for in a text that comes in slices. */
export class SliceSearch {
  private tail = '';
  private readonly longest: number;

  constructor(
    private readonly probes: readonly TextProbe[],
    private readonly fold: (text: string) => string,
  ) {
    this.longest = probes.reduce((longest, { needle }) => Math.max(longest, needle.length + MARGIN), 0);
  }

  /** Calls `look` for each probe with this slice and the end of the one before. */
  feed(bytes: Buffer, charset: string | undefined, look: (probe: TextProbe, text: string) => void): void {
    const folded = this.fold(decodeCharset(bytes, charset));
    // A run of blanks that was cut is one blank all the same.
    const text =
      this.tail.endsWith(' ') && folded.startsWith(' ') ? this.tail + folded.slice(1) : this.tail + folded;
    for (const probe of this.probes) look(probe, text);
    this.tail = this.longest > 1 ? text.slice(1 - this.longest) : '';
  }
}
