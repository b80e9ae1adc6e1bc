/** Messages that the server writes itself: automatic answers and the like. */
import { randomUUID } from 'node:crypto';
import { formatMailDate } from '@angarium/sdk';

/** RFC 2047 §2. */
const ENCODED_WORD_OCTETS = 45;
const LINE = 76;

export interface ReplyHeader {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly nowMs: number;
  readonly serverName: string;
  /** More fields, in order; values are Unicode text. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** The header without the content's own fields and without the blank line, CRLF line ends. */
export function replyHeader({ from, to, subject, nowMs, serverName, fields }: ReplyHeader): string {
  const all: (readonly [string, string])[] = [
    ['From', from],
    ['To', to],
    ['Subject', subject],
    ['Date', formatMailDate(nowMs)],
    ['Message-ID', `<${randomUUID()}@${/^[A-Za-z0-9.-]+$/.test(serverName) ? serverName : 'localhost'}>`],
    ...fields,
    ['MIME-Version', '1.0'],
  ];
  return all.map(([name, value]) => field(name, value)).join('');
}

/** One field, folded and encoded (RFC 5322 §2.2.3, RFC 2047). */
export function field(name: string, value: string): string {
  const text = value
    .toWellFormed()
    .replace(/[\x00-\x1f\x7f]+/g, ' ')
    .trim();
  const isPlain = /^[\x20-\x7e]*$/.test(text) && !/[^ ]{900}/.test(text);
  const words = isPlain ? text.split(' ') : encodedWords(text);
  let line = `${name}:`;
  const lines: string[] = [];
  for (const word of words) {
    if (line.length + 1 + word.length > LINE && line.trim() !== `${name}:` && line.trim() !== '') {
      lines.push(line);
      line = '';
    }
    line += ` ${word}`;
  }
  return `${[...lines, line].join('\r\n')}\r\n`;
}

/** An address with its name, if it has one: the name may need encoding, the address stays. */
export function addressField(text: string): string {
  const match = /^(.*?)\s*<([^<>]*)>\s*$/s.exec(text);
  if (match === null || /^[\x20-\x7e]*$/.test(text)) return text;
  const name = (match[1] ?? '').replace(/^"(.*)"$/s, '$1');
  return `${encodedWords(name).join(' ')} <${match[2]}>`;
}

/** The address of a recipient, of this server where it names no domain. */
export function withDomain(address: string, serverName: string): string {
  return address.includes('@') ? address : `${address}@${serverName}`;
}

/** The content's fields, a blank line, and the text. */
export function textBody(text: string): string {
  const lines = text
    .toWellFormed()
    .replace(/\r\n|\r|\n/g, '\r\n')
    .replaceAll('\0', '');
  const isPlain = /^[\x09\x0d\x0a\x20-\x7e]*$/.test(lines) && !/[^\r\n]{991}/.test(lines);
  if (isPlain) return `Content-Type: text/plain; charset=us-ascii\r\n\r\n${withLineEnd(lines)}`;
  const encoded = Buffer.from(lines, 'utf8')
    .toString('base64')
    .replace(/.{1,76}/g, '$&\r\n');
  return `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${encoded}`;
}

export function withLineEnd(text: string): string {
  return text.endsWith('\r\n') ? text : `${text}\r\n`;
}

function encodedWords(value: string): string[] {
  const words: string[] = [];
  let piece = '';
  for (const character of value) {
    if (Buffer.byteLength(piece + character) > ENCODED_WORD_OCTETS) {
      words.push(piece);
      piece = '';
    }
    piece += character;
  }
  words.push(piece);
  return words.map((word) => `=?utf-8?B?${Buffer.from(word, 'utf8').toString('base64')}?=`);
}
