/** The announcement of a literal at the end of a line (RFC 3501 §4.3, RFC 7888 §8, RFC 4466 §3). */

import { MAX_NUMBER } from './numbers.js';

export interface LiteralHead {
  /** Octets; above 2^32-1 it is Infinity, and refused by every bound. */
  readonly size: number;
  /** The client waits for `+` before it sends. */
  readonly isSync: boolean;
  /** literal8: `~{n}`. */
  readonly isBinary: boolean;
  /** How many characters of the line the announcement takes. */
  readonly length: number;
}

const CLOSE_BRACE = 125;
const announcement = /^\{(\d+)(\+?)\}$/;

/** What the line announces at its end, if it does. */
export function literalHead(line: string): LiteralHead | undefined {
  if (line.charCodeAt(line.length - 1) !== CLOSE_BRACE) return undefined;
  const open = line.lastIndexOf('{');
  const match = announcement.exec(line.slice(open));
  if (open < 0 || match === null) return undefined;
  const size = Number(match[1]);
  const isBinary = line[open - 1] === '~';
  return {
    size: size > MAX_NUMBER ? Number.POSITIVE_INFINITY : size,
    isSync: match[2] === '',
    isBinary,
    length: match[0].length + (isBinary ? 1 : 0),
  };
}
