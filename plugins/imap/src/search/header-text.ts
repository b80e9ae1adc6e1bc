/** Header fields as octets (latin1) and what stands in them. */
import { decodeWords } from '@angarium/sdk';

/** Unfolded values of all fields. */
export function fieldValues(raw: string): string[] {
  const values: string[] = [];
  for (const field of unfolded(raw)) {
    const colon = field.indexOf(':');
    if (colon >= 0) values.push(field.slice(colon + 1).trim());
  }
  return values;
}

/** Fields of this name (lower case) only, with their names. */
export function fieldsNamed(raw: string, name: string): string {
  return unfolded(raw)
    .filter((field) => field.slice(0, field.indexOf(':')).trim().toLowerCase() === name)
    .join('\r\n');
}

export function unfolded(raw: string): string[] {
  return raw
    .replace(/\r?\n(?=[ \t])/g, '')
    .split(/\r?\n/)
    .filter((field) => field !== '');
}

/** A whole header as text to be looked in: names, values decoded, folded. */
export function foldedHeader(raw: string, fold: (text: string) => string): string {
  return fold(unfolded(raw).map(decodeWords).join('\n'));
}

/** The longest word of a folded text: what has not got it has not got the text. */
export function longestWord(folded: string): string {
  let longest = '';
  for (const word of folded.split(' ')) if (word.length > longest.length) longest = word;
  return longest;
}

/** Is it what it looks like: ASCII, no encoded words? Folding changes nothing but case and blanks then. */
export function isPlainHeader(raw: string): boolean {
  return !/[\x80-\xff]|=\?/.test(raw);
}
