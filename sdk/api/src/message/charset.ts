import { isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import { decodeIso2022 } from './iso-2022.js';

/**
 * Octets to text, never failing. A charset that is unknown, absent or US-ASCII is read as UTF-8 where the octets
 * are valid UTF-8, otherwise as windows-1252; ISO-8859-1 is read as windows-1252, whose superset it is in mail.
 */
export function decodeCharset(bytes: Buffer, charset: string | undefined): string {
  const name = canonical(charset ?? '');
  if (name === 'utf8') return stripBom(bytes.toString('utf8'));
  if (GUESSED.has(name)) return guess(bytes);
  const iso2022 = decodeIso2022(bytes, name);
  if (iso2022 !== undefined) return iso2022;
  try {
    return iconv.decode(bytes, ALIASES[name] ?? name);
  } catch {
    return guess(bytes);
  }
}

/** Is it a charset that is decoded for what it is? For SEARCH CHARSET and its BADCHARSET. */
export function isKnownCharset(charset: string): boolean {
  const name = canonical(charset);
  if (name === 'utf8' || name === 'usascii' || name === 'ascii') return true;
  if (decodeIso2022(Buffer.alloc(0), name) !== undefined) return true;
  return !NOT_CHARSETS.has(name) && iconv.encodingExists(ALIASES[name] ?? name);
}

/** UTF-8 where it can be, windows-1252 otherwise. */
export function guess(bytes: Buffer): string {
  return isUtf8(bytes) ? stripBom(bytes.toString('utf8')) : iconv.decode(bytes, 'windows-1252');
}

function stripBom(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** Lower case without punctuation, quotes and RFC 2231 language. */
function canonical(charset: string): string {
  return charset
    .slice(0, 60)
    .toLowerCase()
    .replace(/\*.*/, '')
    .replace(/[^a-z0-9]/g, '');
}

/** Not charsets, but codecs that iconv-lite offers under such names. */
const NOT_CHARSETS: ReadonlySet<string> = new Set(['base64', 'hex', 'binary', 'internal', 'utf7imap']);

const GUESSED: ReadonlySet<string> = new Set([
  ...NOT_CHARSETS,
  '',
  'usascii',
  'ascii',
  'ansix341968',
  'iso646us',
  'unknown8bit',
  'unknown',
  'default',
  'defaultcharset',
  'xunknown',
  '8bit',
  '7bit',
  'none',
  'auto',
]);

const ALIASES: Readonly<Record<string, string>> = {
  __proto__: null as never,
  iso88591: 'windows-1252',
  latin1: 'windows-1252',
  l1: 'windows-1252',
  iso8859: 'windows-1252',
  ansi: 'windows-1252',
  unicode11utf7: 'utf-7',
  xunicode20utf7: 'utf-7',
  csunicode11utf7: 'utf-7',
  iso88598i: 'iso-8859-8',
  iso88598e: 'iso-8859-8',
  iso88596i: 'iso-8859-6',
  iso88596e: 'iso-8859-6',
  xmacroman: 'macroman',
  macintosh: 'macroman',
  xmac: 'macroman',
  xmaccyrillic: 'maccyrillic',
  xwindows949: 'cp949',
  ksc5601: 'cp949',
  ksc56011987: 'cp949',
  ksc56011989: 'cp949',
  windows949: 'cp949',
  xeuckr: 'euc-kr',
  xeucjp: 'euc-jp',
  xsjis: 'shift_jis',
  mskanji: 'shift_jis',
  windows31j: 'shift_jis',
  cp932: 'shift_jis',
  xgbk: 'gbk',
  xgb2312: 'gbk',
  gb2312: 'gbk',
  gb231280: 'gbk',
  euccn: 'gbk',
  cngb: 'gbk',
  xbig5: 'big5',
  cnbig5: 'big5',
  big5hkscs: 'big5-hkscs',
  tis620: 'windows-874',
  iso885911: 'windows-874',
  xwindows874: 'windows-874',
  koi8: 'koi8-r',
  xkoi8r: 'koi8-r',
  cp1252: 'windows-1252',
  win1251: 'windows-1251',
  xcp1251: 'windows-1251',
  unicode: 'utf-16',
  ucs2: 'utf-16',
  utf16: 'utf-16',
};
