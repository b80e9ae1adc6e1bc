/**
 * The header of an internationalised message for a client that has not said UTF8 (RFC 6856 §2.1), after RFC 6858 §2: addresses that
 * ASCII cannot write become invalid ones whose name tells the real address, texts encoded words, parameters are left out.
 * Fields in other 8-bit charsets are no internationalised ones and stay as they are.
 */
import { isUtf8 } from 'node:buffer';
import { type Address, parseAddressList } from '@angarium/sdk';

const EIGHT_BIT = /[\x80-\xff]/;
const INVALID = 'invalid@internationalized-address.invalid';
const ADDRESS_FIELD = /^(resent-)?(from|sender|reply-to|to|cc|bcc)$/i;
const PARAMETER_FIELD = /^content-(type|disposition)$/i;

/** Octets of an encoded word's text; 75 characters is all that a word may have (RFC 2047 §2). */
const MAX_WORD_OCTETS = 45;

/** @param header without the blank line behind it, latin1; line ends are CRLF. @returns the same, in ASCII */
export function surrogateHeader(header: string): string {
  return header
    .split(/\r\n(?![ \t])/)
    .map((field) => (EIGHT_BIT.test(field) && isUtf8(octets(field)) ? surrogateField(field) : field))
    .join('\r\n');
}

function surrogateField(field: string): string {
  const [, name, value] = /^([!-9;-~]+)[ \t]*:(.*)$/s.exec(field) ?? [];
  // A line that is no field: nothing of it is lost but what ASCII has not.
  if (name === undefined || value === undefined) return field.replace(/[\x80-\xff]/g, '?');
  if (ADDRESS_FIELD.test(name)) return `${name}: ${surrogateAddresses(value)}`;
  if (PARAMETER_FIELD.test(name)) return `${name}:${withoutParameters(value)}`;
  return `${name}:${encodeRuns(value)}`;
}

function surrogateAddresses(value: string): string {
  const entries = parseAddressList(value.replace(/\r\n/g, ''));
  const written = entries.map((entry) => {
    if (!('group' in entry)) return surrogateAddress(entry);
    return `${phrase(entry.group)}: ${entry.members.map(surrogateAddress).join(',\r\n ')};`;
  });
  // Nothing that could be read: it stays a text.
  return written.length === 0 ? encodeRuns(value).trimStart() : written.join(',\r\n ');
}

function surrogateAddress({ name, mailbox, host }: Address): string {
  const address = host === '' ? mailbox : `${localPart(mailbox)}@${host}`;
  if (EIGHT_BIT.test(address)) return `${encodedWords(address, '\r\n ')} <${INVALID}>`;
  return name === undefined || name === '' ? `<${address}>` : `${phrase(name)} <${address}>`;
}

function localPart(text: string): string {
  return /^[^\s"(),:;<>@[\\\]]+$/.test(text) ? text : quoted(text);
}

function phrase(text: string): string {
  if (EIGHT_BIT.test(text)) return encodedWords(text, '\r\n ');
  // Encoded words are none between quotes.
  return text.includes('=?') ? text : quoted(text);
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** The first part of the value, and those parameters that ASCII can write (RFC 6858 §2.2). */
function withoutParameters(value: string): string {
  return parametersOf(value)
    .filter((part) => !EIGHT_BIT.test(part))
    .join(';');
}

/** Cut at semicolons that stand in no quoted string. By hand: a regular expression takes square time for hostile quotes. */
function parametersOf(value: string): string[] {
  const parts: string[] = [];
  let isQuoted = false;
  let from = 0;
  for (let at = 0; at < value.length; at++) {
    const char = value[at];
    if (char === '"') isQuoted = !isQuoted;
    else if (char === '\\' && isQuoted) at++;
    else if (char === ';' && !isQuoted) {
      parts.push(value.slice(from, at));
      from = at + 1;
    }
  }
  parts.push(value.slice(from));
  return parts;
}

/** Words that ASCII cannot write, with the blanks between them, become encoded words; the rest stays (RFC 2047 §5). */
function encodeRuns(value: string): string {
  // Words at even places, what is between them at odd ones.
  const pieces = value.split(/([ \t\r\n]+)/);
  let text = '';
  for (let at = 0; at < pieces.length; at++) {
    if (!EIGHT_BIT.test(pieces[at]!)) {
      text += pieces[at];
      continue;
    }
    let run = pieces[at]!;
    for (; at + 2 < pieces.length && EIGHT_BIT.test(pieces[at + 2]!); at += 2) {
      run += pieces[at + 1]! + pieces[at + 2]!;
    }
    text += encodedWords(run.replace(/\r\n/g, ''), '\r\n ');
  }
  return text;
}

/** RFC 2047, cut between characters. @param text UTF-8 as latin1 */
function encodedWords(text: string, between: string): string {
  const words: string[] = [];
  let word = '';
  for (const character of octets(text).toString('utf8')) {
    const next = Buffer.from(character, 'utf8').latin1Slice();
    if (word.length + next.length > MAX_WORD_OCTETS) {
      words.push(word);
      word = '';
    }
    word += next;
  }
  words.push(word);
  return words.map((part) => `=?utf-8?B?${octets(part).toString('base64')}?=`).join(between);
}

function octets(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
