/** Wildcards of ":matches" (RFC 5228 §2.7.1), without backtracking: pieces between stars are found from left to right. */
import type { Comparator } from '../compiler/extension.js';

export interface Glob {
  /** What stands for each wildcard, after the whole value; undefined: no match. `spend` is told the work. */
  match(value: string, spend: (cost: number) => void): readonly string[] | undefined;
}

type Piece = readonly (string | undefined)[];

/** Characters as they are compared, and how each was written. */
interface Characters {
  readonly keys: readonly string[];
  readonly texts: readonly string[];
}

export function compileGlob(pattern: string, comparator: Comparator): Glob {
  const pieces = piecesOf(pattern, comparator);
  return {
    match(value, spend) {
      const characters = charactersOf(value, comparator);
      spend(1 + (characters.keys.length >> 4));
      const starts = startsOf(pieces, characters.keys, spend);
      return starts === undefined ? undefined : groupsOf(value, pieces, starts, characters, comparator);
    },
  };
}

/** Split at stars; undefined in a piece is "?". */
function piecesOf(pattern: string, comparator: Comparator): Piece[] {
  let piece: (string | undefined)[] = [];
  const pieces: Piece[] = [piece];
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i]!;
    if (character === '*') pieces.push((piece = []));
    else if (character === '?') piece.push(undefined);
    else {
      let from = character === '\\' && i + 1 < pattern.length ? i + 1 : i;
      const literalFrom = from;
      from++;
      while (from < pattern.length && !'*?\\'.includes(pattern[from]!)) from++;
      piece.push(...charactersOf(pattern.slice(literalFrom, from), comparator).keys);
      i = from - 1;
    }
  }
  return pieces;
}

function charactersOf(text: string, { key, isOctetwise }: Comparator): Characters {
  if (!isOctetwise) {
    const texts = [...text];
    return { texts, keys: texts.map(key) };
  }
  const octets = /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
  // These keys are octet by octet; what is not ASCII stays as it is.
  return { texts: octets.split(''), keys: keyOfOctets(octets, key).split('') };
}

function keyOfOctets(octets: string, key: (text: string) => string): string {
  return octets.replace(/[\x00-\x7f]+/g, key);
}

/** Where each piece begins: the first and the last are fixed, those between come as early as they can. */
function startsOf(pieces: readonly Piece[], keys: readonly string[], spend: (cost: number) => void) {
  const [first = []] = pieces;
  if (!fits(first, keys, 0)) return undefined;
  if (pieces.length === 1) return first.length === keys.length ? [0] : undefined;
  const last = pieces.at(-1)!;
  const lastStart = keys.length - last.length;
  if (lastStart < first.length || !fits(last, keys, lastStart)) return undefined;
  const starts = [0];
  let from = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const start = find(piece, keys, from, lastStart, spend);
    if (start === undefined) return undefined;
    starts.push(start);
    from = start + piece.length;
  }
  return [...starts, lastStart];
}

function find(
  piece: Piece,
  keys: readonly string[],
  from: number,
  end: number,
  spend: (cost: number) => void,
) {
  for (let start = from; start + piece.length <= end; start++) {
    let length = 0;
    while (length < piece.length && (piece[length] === undefined || piece[length] === keys[start + length]))
      length++;
    if (length === piece.length) return start;
    if (length > 16) spend(length >> 4);
  }
  return undefined;
}

function fits(piece: Piece, keys: readonly string[], at: number): boolean {
  return (
    at + piece.length <= keys.length && piece.every((one, i) => one === undefined || one === keys[at + i])
  );
}

function groupsOf(
  value: string,
  pieces: readonly Piece[],
  starts: readonly number[],
  { texts }: Characters,
  { isOctetwise }: Comparator,
): string[] {
  const slice = (from: number, to: number): string => {
    const text = texts.slice(from, to).join('');
    return isOctetwise ? Buffer.from(text, 'latin1').toString('utf8') : text;
  };
  const groups = [value];
  pieces.forEach((piece, i) => {
    const start = starts[i]!;
    if (i > 0) groups.push(slice(starts[i - 1]! + pieces[i - 1]!.length, start));
    piece.forEach((one, at) => {
      if (one === undefined) groups.push(slice(start + at, start + at + 1));
    });
  });
  return groups;
}
