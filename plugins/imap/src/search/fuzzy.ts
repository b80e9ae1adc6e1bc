/**
 * Likeness of texts for FUZZY (RFC 6203): each word of the key stands somewhere in the text, or something that is one or two
 * letters away from it. A substring search on folded text finds candidates, so that text without any costs little.
 */

/** How many words of a key are looked at: each is a search of its own. */
const MAX_WORDS = 16;
/** A longer word is no word. */
const MAX_WORD = 64;

const EXACT = 100;
const WITHIN_A_WORD = 85;
/** By edit distance. */
const ALIKE = [EXACT, 60, 40] as const;

export interface FuzzyWord {
  readonly word: string;
  /** 0 to 100. */
  readonly likeness: (folded: string) => number;
}

/** Words of a folded key; a key without any is one empty word, which is in every text. */
export function fuzzyWords(folded: string): readonly FuzzyWord[] {
  const words = [...new Set(folded.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== ''))].slice(
    0,
    MAX_WORDS,
  );
  return (words.length === 0 ? [''] : words).map((long) => {
    const word = long.slice(0, MAX_WORD);
    const pieces = piecesOf(word);
    return { word, likeness: (text) => likeness(text, word, pieces) };
  });
}

/** Typing mistakes that are forgiven; in short words everything would be alike. */
export function mistakes(word: string): number {
  return word.length < 4 ? 0 : word.length < 8 ? 1 : 2;
}

interface Piece {
  readonly text: string;
  readonly offset: number;
}

/** Of n + 1 pieces one is whole where there are at most n mistakes. */
function piecesOf(word: string): readonly Piece[] {
  const count = mistakes(word) + 1;
  const pieces: Piece[] = [];
  for (let i = 0; i < count; i++) {
    const offset = Math.floor((i * word.length) / count);
    pieces.push({ offset, text: word.slice(offset, Math.floor(((i + 1) * word.length) / count)) });
  }
  return pieces;
}

/** Places of one piece in one text that are looked at: text of nothing but the piece must not cost its square. */
const MAX_PLACES = 2000;

function likeness(text: string, word: string, pieces: readonly Piece[]): number {
  const at = text.indexOf(word);
  if (at >= 0) return isWhole(text, at, word.length) ? EXACT : WITHIN_A_WORD;
  const allowed = pieces.length - 1;
  if (allowed === 0) return 0;
  let best = allowed + 1;
  for (const { text: piece, offset } of pieces) {
    let places = 0;
    for (let from = text.indexOf(piece); from >= 0; from = text.indexOf(piece, from + 1)) {
      if (++places > MAX_PLACES) break;
      const around = wordAround(text, from, word.length + allowed, offset);
      if (around === undefined) continue;
      best = Math.min(best, distance(word, around, best - 1));
      if (best === 1) return ALIKE[1];
    }
  }
  return best <= allowed ? ALIKE[best as 1 | 2] : 0;
}

const LETTER = /[\p{L}\p{N}]/u;

function isLetter(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code < 128) return (code > 47 && code < 58) || (code > 96 && code < 123) || (code > 64 && code < 91);
  return at >= 0 && at < text.length && LETTER.test(text.charAt(at));
}

function isWhole(text: string, at: number, length: number): boolean {
  return !isLetter(text, at - 1) && !isLetter(text, at + length);
}

/** The word that holds the piece; undefined for one that is too long, or begins elsewhere. */
function wordAround(text: string, at: number, max: number, offset: number): string | undefined {
  let from = at;
  while (at - from <= offset + 2 && isLetter(text, from - 1)) from--;
  if (isLetter(text, from - 1)) return undefined;
  let to = at;
  while (to - from <= max && isLetter(text, to)) to++;
  return to - from > max ? undefined : text.slice(from, to);
}

/** Optimal string alignment distance, or `limit + 1` for anything above. */
export function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const isSame = a.charCodeAt(i - 1) === b.charCodeAt(j - 1);
      let value = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && isSwapped(a, i, b, j)) value = Math.min(value, before[j - 2]! + 1);
      row.push(value);
      least = Math.min(least, value);
    }
    if (least > limit) return limit + 1;
    before = previous;
    previous = row;
  }
  return Math.min(previous[b.length]!, limit + 1);
}

function isSwapped(a: string, i: number, b: string, j: number): boolean {
  return a.charCodeAt(i - 1) === b.charCodeAt(j - 2) && a.charCodeAt(i - 2) === b.charCodeAt(j - 1);
}
