/** Command lines gone wrong, for fuzzing sessions. Everything is latin1, an octet a character. */
import type { Pick } from './imap-grammar.js';

const pieces = [
  ' ',
  '(',
  ')',
  '"',
  '\\',
  '*',
  '%',
  '{',
  '}',
  '[',
  ']',
  '<',
  '>',
  '~',
  '+',
  '&',
  '$',
  ',',
  ':',
  '0',
  '4294967296',
  '9223372036854775808',
  '99999999999999999999',
  '-1',
  'NIL',
  '\0',
  '\r',
  '\n',
  '\t',
  '\x7f',
  '\xff',
  '\xc3',
  '{3}\r\nabc',
  '{0+}\r\n',
  '~{2+}\r\n\0\0',
  '{99999999999999999999+}\r\n',
  '4294967295:*',
  '&AGE-',
  '&',
  'UID ',
  'NOT ',
  '('.repeat(300),
  'x'.repeat(5000),
];

/** One to three changes: something cut off, left out, doubled, put in, put elsewhere, or an octet that is another. */
export function mutated(text: string, pick: Pick): string {
  let out = text;
  for (let changes = 1 + pick(3); changes > 0; changes--) out = changed(out, pick);
  return out;
}

function changed(text: string, pick: Pick): string {
  const from = pick(text.length + 1);
  const to = from + pick(Math.min(12, text.length - from + 1));
  const piece = pieces[pick(pieces.length)]!;
  switch (pick(7)) {
    case 0:
      return text.slice(0, from);
    case 1:
      return text.slice(0, from) + text.slice(to);
    case 2:
      return text.slice(0, to) + text.slice(from);
    case 3:
      return text.slice(0, from) + piece + text.slice(from);
    case 4:
      return text.slice(0, from) + piece + text.slice(to);
    case 5:
      return text.slice(to) + text.slice(from, to) + text.slice(0, from);
    default:
      return text.slice(0, from) + String.fromCharCode(pick(256)) + text.slice(from + 1);
  }
}

/** Larger literals than this are announced smaller: tests do not send megabytes. */
const MAX_LITERAL = 70_000;

/**
 * What a client sends that never waits: every literal that the text announces comes unasked and in its full length, filled up where
 * the text is too short. Ends with the line's end.
 */
export function unasked(text: string): string {
  let out = '';
  let rest = text;
  for (;;) {
    const lineEnd = rest.indexOf('\n');
    const line = (lineEnd < 0 ? rest : rest.slice(0, lineEnd)).replace(/\r$/, '');
    const literal = /^(.*?)(~?)\{(\d+)\+?\}$/s.exec(line);
    if (literal === null) {
      if (lineEnd < 0) return `${out}${line}\r\n`;
      out += `${line}\r\n`;
      rest = rest.slice(lineEnd + 1);
      continue;
    }
    const size = Number(literal[3]) > MAX_LITERAL ? 5 : Number(literal[3]);
    const behind = lineEnd < 0 ? '' : rest.slice(lineEnd + 1);
    const data = behind.slice(0, size).padEnd(size, 'x');
    out += `${literal[1]}${literal[2]}{${size}+}\r\n${data}`;
    rest = behind.slice(size);
  }
}
