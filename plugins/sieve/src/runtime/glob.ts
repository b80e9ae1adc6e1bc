/** Wildcards of ":matches" (RFC 5228 §2.7.1), without backtracking: pieces between stars are found from left to right. */
import type { Comparator } from '../compiler/extension.js';
import { SieveRuntimeError } from '../language/problem.js';

export interface Glob {
  /** What stands for each wildcard, after the whole value; undefined: no match. `spend` is told the work. */
  match(value: string, spend: (cost: number) => void): readonly string[] | undefined;
}

/** Between two stars. `holes` are the places of "?". */
interface Piece {
  readonly units: string;
  readonly holes: readonly number[];
}

/** One UTF-16 unit for each character, equal when the comparator says so; and how each was written. */
interface Characters {
  readonly units: string;
  slice(from: number, to: number): string;
}

type Read = (text: string) => Characters;

/** Stands in `Piece.units` for a hole. */
const HOLE = ' ';

export function compileGlob(pattern: string, comparator: Comparator): Glob {
  const read = comparator.isOctetwise ? octetReader(comparator) : characterReader(comparator);
  const pieces = piecesOf(pattern, read);
  return {
    match(value, spend) {
      const characters = read(value);
      spend(1 + (characters.units.length >> 9));
      const starts = startsOf(pieces, characters.units, spend);
      return starts === undefined ? undefined : groupsOf(value, pieces, starts, characters);
    },
  };
}

/** A character is an octet of UTF-8. */
function octetReader({ key }: Comparator): Read {
  return (text) => {
    const isAscii = /^[\x00-\x7f]*$/.test(text);
    const octets = isAscii ? text : Buffer.from(text, 'utf8').toString('latin1');
    const slice = (from: number, to: number) => {
      const part = octets.slice(from, to);
      return isAscii ? part : Buffer.from(part, 'latin1').toString('utf8');
    };
    // These keys are octet by octet.
    return { units: key(text), slice };
  };
}

/** A character is one of Unicode: each key that comes up gets a number. */
function characterReader({ key }: Comparator): Read {
  const numbers = new Map<string, string>();
  const known = new Map<string, string>();
  const numberOf = (character: string) => {
    const own = key(character);
    let number = numbers.get(own);
    if (number === undefined) {
      if (numbers.size === 0xffff) throw new SieveRuntimeError('too many different characters');
      number = String.fromCharCode(numbers.size);
      numbers.set(own, number);
    }
    return number;
  };
  const unit = (character: string) => {
    let number = known.get(character);
    if (number === undefined) known.set(character, (number = numberOf(character)));
    return number;
  };
  return (text) => {
    const characters = [...text];
    return {
      units: characters.map(unit).join(''),
      slice: (from, to) => characters.slice(from, to).join(''),
    };
  };
}

/** Split at stars. */
function piecesOf(pattern: string, read: Read): Piece[] {
  const pieces: Piece[] = [];
  let units = '';
  let holes: number[] = [];
  for (const [token] of pattern.matchAll(/\\.|[^*?\\]+|./gs)) {
    if (token === '*') {
      pieces.push({ units, holes });
      units = '';
      holes = [];
    } else if (token === '?') {
      holes.push(units.length);
      units += HOLE;
    } else units += read(token.length > 1 && token.startsWith('\\') ? token.slice(1) : token).units;
  }
  return [...pieces, { units, holes }];
}

/** Where each piece begins: the first and the last are fixed, those between come as early as they can. */
function startsOf(pieces: readonly Piece[], units: string, spend: (cost: number) => void) {
  const [first] = pieces as [Piece];
  if (!fits(first, units, 0)) return undefined;
  if (pieces.length === 1) return first.units.length === units.length ? [0] : undefined;
  const last = pieces.at(-1)!;
  const lastStart = units.length - last.units.length;
  if (lastStart < first.units.length || !fits(last, units, lastStart)) return undefined;
  const starts = [0];
  let from = first.units.length;
  for (const piece of pieces.slice(1, -1)) {
    const start = find(piece, units, from, lastStart, spend);
    if (start === undefined) return undefined;
    starts.push(start);
    from = start + piece.units.length;
  }
  return [...starts, lastStart];
}

function find(piece: Piece, units: string, from: number, end: number, spend: (cost: number) => void) {
  const { units: wanted, holes } = piece;
  if (holes.length === 0) {
    const start = units.indexOf(wanted, from);
    return start < 0 || start + wanted.length > end ? undefined : start;
  }
  for (let start = from; start + wanted.length <= end; start++) {
    const length = fittingLength(piece, units, start);
    if (length === wanted.length) return start;
    if (((start - from) & 63) === 63 || length > 64) spend(1 + (length >> 6));
  }
  return undefined;
}

function fits(piece: Piece, units: string, at: number): boolean {
  return at + piece.units.length <= units.length && fittingLength(piece, units, at) === piece.units.length;
}

function fittingLength({ units: wanted, holes }: Piece, units: string, at: number): number {
  let hole = 0;
  for (let i = 0; i < wanted.length; i++) {
    if (holes[hole] === i) hole++;
    else if (wanted.charCodeAt(i) !== units.charCodeAt(at + i)) return i;
  }
  return wanted.length;
}

function groupsOf(
  value: string,
  pieces: readonly Piece[],
  starts: readonly number[],
  { slice }: Characters,
): string[] {
  const groups = [value];
  pieces.forEach(({ holes }, i) => {
    const start = starts[i]!;
    if (i > 0) groups.push(slice(starts[i - 1]! + pieces[i - 1]!.units.length, start));
    for (const hole of holes) groups.push(slice(start + hole, start + hole + 1));
  });
  return groups;
}
