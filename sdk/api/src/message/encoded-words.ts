import { decodeCharset, guess } from './charset.js';

/**
 * RFC 2047 in a latin1 header value, leniently: anywhere in the value, of any length, blanks allowed in Q. Adjacent
 * words lose the blanks between them (§6.2), and those of one charset are joined before decoding, as many mailers
 * split characters. Octets that are no encoded word are UTF-8 (RFC 6532), or else windows-1252. What is no
 * well-formed word stays as it is.
 */
export function decodeWords(value: string): string {
  if (!value.includes('=?')) return HIGH.test(value) ? guess(Buffer.from(value, 'latin1')) : value;
  let out = '';
  let charset = '';
  let pending: Buffer[] = [];
  let last = 0;
  const flush = (): void => {
    if (pending.length > 0) out += decodeCharset(Buffer.concat(pending), charset);
    pending = [];
  };
  for (const match of value.matchAll(WORD)) {
    const between = value.slice(last, match.index);
    const bytes = wordBytes(match[2] ?? '', match[3] ?? '');
    const adjacent = last > 0 && BLANKS.test(between);
    if (!adjacent) {
      flush();
      out += plain(between);
    } else if (charset !== (match[1] ?? '').toLowerCase()) flush();
    charset = (match[1] ?? '').toLowerCase();
    pending.push(bytes);
    last = match.index + match[0].length;
  }
  flush();
  return out + plain(value.slice(last));
}

const HIGH = /[\x80-\xff]/;
const BLANKS = /^[ \t\r\n]*$/;
const WORD = /=\?([^?\s*]{1,60})(?:\*[^?\s]{0,60})?\?([bBqQ])\?([^?\r\n]*)\?=/g;

function plain(text: string): string {
  return HIGH.test(text) ? guess(Buffer.from(text, 'latin1')) : text;
}

function wordBytes(encoding: string, text: string): Buffer {
  if (encoding === 'b' || encoding === 'B') return Buffer.from(text.replace(/=+(?=[^=])/g, ''), 'base64');
  const raw = text.replaceAll('_', ' ').replace(/=([0-9A-Fa-f]{2})/g, (_all, hex: string) => {
    return String.fromCharCode(Number.parseInt(hex, 16));
  });
  return Buffer.from(raw, 'latin1');
}
