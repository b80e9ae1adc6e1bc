/**
 * Collations of RFC 4790 and RFC 5051 as key functions: texts are equal when their keys are, order is that of the
 * keys by code unit, a substring matches when its key is a substring of the other key (not for ascii-numeric).
 * Keys are latin1 strings of octets (UTF-8), so that their order is octet order and they can be stored as they are.
 */
export type CollationName = 'i;octet' | 'i;ascii-casemap' | 'i;ascii-numeric' | 'i;unicode-casemap';

/** Key functions by name: two texts are equal under a collation when their keys are. */
export const collations: Readonly<Record<CollationName, (text: string) => string>> = {
  'i;octet': octets,
  'i;ascii-casemap': asciiCasemap,
  'i;ascii-numeric': numericKey,
  'i;unicode-casemap': (text) => octets(unicodeCasemap(text)),
};

const ASCII = /^[\x00-\x7f]*$/;

function octets(text: string): string {
  return ASCII.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** RFC 4790 §9.2. No replacement by words: whole bodies are compared. */
function asciiCasemap(text: string): string {
  if (ASCII.test(text)) return text.toUpperCase();
  const bytes = Buffer.from(text, 'utf8');
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte >= 0x61 && byte <= 0x7a) bytes[i] = byte - 0x20;
  }
  return bytes.latin1Slice();
}

/** RFC 4790 §9.1.1: leading digits as a number; anything else is one value above all numbers. */
function numericKey(text: string): string {
  const digits = /^[0-9]+/.exec(text)?.[0].replace(/^0+(?=.)/, '');
  if (digits === undefined) return '\uffff';
  // Shorter numbers sort first: the length leads, below the value for "no number".
  return String.fromCharCode(Math.min(digits.length, 0xfffe)) + digits;
}

/**
 * RFC 5051 §2: simple titlecase mapping, then full compatibility decomposition. ECMAScript has no simple titlecase:
 * it is the upper case where that is one character, except for the digraphs and Georgian, which differ.
 */
function unicodeCasemap(text: string): string {
  if (ASCII.test(text)) return text.toUpperCase();
  let out = '';
  for (const c of text) out += titlecase(c);
  return out.normalize('NFKD');
}

const DIGRAPHS: ReadonlyMap<string, string> = new Map([
  ['\u01c4', '\u01c5'],
  ['\u01c6', '\u01c5'],
  ['\u01c5', '\u01c5'],
  ['\u01c7', '\u01c8'],
  ['\u01c9', '\u01c8'],
  ['\u01c8', '\u01c8'],
  ['\u01ca', '\u01cb'],
  ['\u01cc', '\u01cb'],
  ['\u01cb', '\u01cb'],
  ['\u01f1', '\u01f2'],
  ['\u01f3', '\u01f2'],
  ['\u01f2', '\u01f2'],
]);

function titlecase(c: string): string {
  const digraph = DIGRAPHS.get(c);
  if (digraph !== undefined) return digraph;
  if (c >= '\u10d0' && c <= '\u10ff') return c;
  const upper = c.toUpperCase();
  return upper.length === c.length ? upper : greekTitle(c);
}

/** Greek letters with iota subscript upper-case to two letters but title-case to one: U+1F80 to U+1FFC. */
function greekTitle(c: string): string {
  if (c < '\u1f80' || c > '\u1ffc') return c;
  const parts = c.normalize('NFD');
  return parts.endsWith('\u0345') ? parts.slice(0, 1).toUpperCase() + parts.slice(1) : c;
}

/**
 * The folding of search, for what is looked for and what is looked in alike: compatibility decomposition, no
 * diacritics, no case (ß is ss, final sigma a sigma), runs of blanks and line ends as one space.
 */
export function fold(text: string): string {
  const letters = ASCII.test(text) ? text.toLowerCase() : foldUnicode(text);
  return letters.replace(/\s+/g, ' ');
}

function foldUnicode(text: string): string {
  const base = text.normalize('NFKD').replace(/\p{Mn}+/gu, '');
  return base
    .toUpperCase()
    .toLowerCase()
    .replaceAll('\u03c2', '\u03c3')
    .replace(/\p{Mn}+/gu, '');
}
