/**
 * Likeness of texts for FUZZY (RFC 6203): each word of the key stands somewhere in the text, or a word that is one or two
 * letters away from it. Words are sifted by length and letters, so that few are compared.
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
    return { word, likeness: (text) => likeness(text, word) };
  });
}

/** Typing mistakes that are forgiven; in short words everything would be alike. */
export function mistakes(word: string): number {
  return word.length < 4 ? 0 : word.length < 8 ? 1 : 2;
}

function likeness(text: string, word: string): number {
  const at = text.indexOf(word);
  if (at >= 0) return isWhole(text, at, word.length) ? EXACT : WITHIN_A_WORD;
  const allowed = mistakes(word);
  const least = allowed === 0 ? 1 : leastDistance(text, word, allowed);
  return least <= allowed ? ALIKE[least as 1 | 2] : 0;
}

/** Of the words of the text, the nearest; `allowed + 1` when none is near enough. */
function leastDistance(text: string, word: string, allowed: number): number {
  const wanted = lettersOf(word, 0, word.length);
  let best = allowed + 1;
  for (let at = 0; at < text.length; at++) {
    if (!isLetter(text, at)) continue;
    const from = at;
    while (at < text.length && isLetter(text, at)) at++;
    if (Math.abs(at - from - word.length) >= best) continue;
    // A mistake changes two letters at most.
    if (bitCount(lettersOf(text, from, at) ^ wanted) > 2 * (best - 1)) continue;
    best = Math.min(best, distance(word, text.slice(from, at), best - 1));
    if (best === 1) break;
  }
  return best;
}

/** A bit for each letter that occurs; some share one. */
function lettersOf(text: string, from: number, to: number): number {
  let letters = 0;
  for (let at = from; at < to; at++) letters |= 1 << (text.charCodeAt(at) & 31);
  return letters;
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}

const LETTER = /[\p{L}\p{N}]/u;

function isLetter(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code < 128) return (code > 47 && code < 58) || (code > 96 && code < 123) || (code > 64 && code < 91);
  return LETTER.test(text.charAt(at));
}

function isWhole(text: string, at: number, length: number): boolean {
  return (
    (at === 0 || !isLetter(text, at - 1)) && (at + length >= text.length || !isLetter(text, at + length))
  );
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
