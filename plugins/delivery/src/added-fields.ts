/** Header fields that stages add, as octets of a message (RFC 5322 §2.2, RFC 2047). */
import type { AddedField } from '@angarium/sdk';

/** RFC 5322 §2.1.1: lines should have no more octets, and must not have more than 998. */
const LINE_OCTETS = 78;
const MAX_LINE_OCTETS = 998;
/** An encoded word has at most 75 octets (RFC 2047 §2): 45 octets of text in base64, and `=?utf-8?B??=`. */
const ENCODED_WORD_TEXT = 45;

/** All of them with their line ends, latin1; undefined when one is no field. */
export function fieldText({ name, value }: AddedField): string | undefined {
  if (!/^[\x21-\x39\x3b-\x7e]+$/.test(name) || name.length > LINE_OCTETS) return undefined;
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) return undefined;
  const words = /^[\t\x20-\x7e]*$/.test(value) ? value.split(' ') : encodedWords(value);
  let text = `${name}:`;
  let length = text.length;
  for (const word of words) {
    if (word.length > MAX_LINE_OCTETS - 1) return undefined;
    // A line of nothing but blanks would end the header for some.
    const isFolded = length + 1 + word.length > LINE_OCTETS && word.trim() !== '' && length > name.length + 1;
    text += isFolded ? `\r\n ${word}` : ` ${word}`;
    length = isFolded ? 1 + word.length : length + 1 + word.length;
  }
  return `${text}\r\n`;
}

function encodedWords(value: string): string[] {
  const words: string[] = [];
  let piece = '';
  for (const character of value) {
    if (Buffer.byteLength(piece + character) > ENCODED_WORD_TEXT) {
      words.push(piece);
      piece = '';
    }
    piece += character;
  }
  words.push(piece);
  return words.map((word) => `=?utf-8?B?${Buffer.from(word, 'utf8').toString('base64')}?=`);
}
