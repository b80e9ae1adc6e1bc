/** The beginning of a text as one line of plain text (RFC 8970 §3.3). */
import { htmlText } from './html-text.js';

/** Characters of a preview (RFC 8970 §3.3: SHOULD be 200, MUST NOT be more than 256). */
export const PREVIEW_CHARACTERS = 200;

/** Enough to find that many characters among markup, blanks and quoted lines. */
const MAX_TEXT = 16 * PREVIEW_CHARACTERS;

/** Drawn as nothing: senders fill previews with them. Soft hyphen, joiners, marks of direction, byte order mark. */
const invisible =
  /[\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]|\u034f|\u17b4|\u17b5/g;

/** @param text decoded; '' when there is nothing to show */
export function previewOf(text: string, kind: 'plain' | 'html'): string {
  if (kind === 'html') return oneLine(htmlText(text, MAX_TEXT));
  const lines = beforeSignature(text.slice(0, 4 * MAX_TEXT).split(/\r?\n/));
  // What is answered says less than the answer; but where there is nothing else it is what there is.
  const own = oneLine(withoutQuotes(lines).join(' '));
  return own === '' ? oneLine(lines.join(' ')) : own;
}

function beforeSignature(lines: readonly string[]): readonly string[] {
  // RFC 3676 §4.3.
  const at = lines.indexOf('-- ');
  return at > 0 ? lines.slice(0, at) : lines;
}

function withoutQuotes(lines: readonly string[]): readonly string[] {
  return lines.filter((line, i) => {
    if (line.startsWith('>')) return false;
    // "On Monday, Fred wrote:" in front of a quotation.
    return !(/:\s*$/.test(line) && nextText(lines, i + 1).startsWith('>'));
  });
}

function nextText(lines: readonly string[], from: number): string {
  for (let i = from; i < Math.min(lines.length, from + 3); i++) if (lines[i]!.trim() !== '') return lines[i]!;
  return '';
}

function oneLine(text: string): string {
  const plain = text
    .toWellFormed()
    .replace(invisible, '')
    .replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ')
    .trim();
  if (plain.length <= PREVIEW_CHARACTERS) return plain;
  return [...plain.slice(0, 2 * PREVIEW_CHARACTERS)].slice(0, PREVIEW_CHARACTERS).join('').trimEnd();
}
