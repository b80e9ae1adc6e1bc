/** Tokens of a script (RFC 5228 §8.1). */
import { type Position, SieveError } from './problem.js';

/** One token; `end` is the end of the script. */
export type Token =
  | { readonly kind: 'identifier'; readonly text: string; readonly at: Position }
  | { readonly kind: 'tag'; readonly text: string; readonly at: Position }
  | { readonly kind: 'number'; readonly value: number; readonly at: Position }
  | { readonly kind: 'string'; readonly value: string; readonly at: Position }
  | { readonly kind: 'special'; readonly text: string; readonly at: Position }
  | { readonly kind: 'end'; readonly at: Position };

const BLANKS = /[ \t\r\n]+/y;
const IDENTIFIER = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /([0-9]+)([KMGkmg]?)/y;
const MULTI_LINE = /text:[ \t]*(?:#[^\r\n]*)?\r?\n/iy;
const SUFFIXES: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** RFC 5228 §2.3: implementations must take 2^31 - 1; these are octets and counts, which doubles hold exactly. */
const MAX_NUMBER = Number.MAX_SAFE_INTEGER;

/** Reads one token after the other; line ends in strings become CRLF. */
export class Lexer {
  private position = 0;
  private line = 1;
  private lineStart = 0;
  /** Of the line end at or behind `position`; Infinity: there is none. */
  private lineEnd: number;

  constructor(private readonly text: string) {
    this.lineEnd = this.lineEndFrom(0);
    const nul = text.indexOf('\0');
    if (nul >= 0) {
      this.advance(nul);
      throw new SieveError('a NUL character', this.at);
    }
  }

  private get at(): Position {
    return { line: this.line, column: this.position - this.lineStart + 1 };
  }

  /** @throws SieveError */
  next(): Token {
    this.skipBlanks();
    const { at, text, position } = this;
    const character = text[position];
    if (character === undefined) return { kind: 'end', at };
    if (character === '"') return { kind: 'string', value: this.quoted(at), at };
    if (character === ':') return this.tag(at);
    if ('[](){},;'.includes(character)) {
      this.advance(position + 1);
      return { kind: 'special', text: character, at };
    }
    const multiLine = this.take(MULTI_LINE);
    if (multiLine !== undefined) return { kind: 'string', value: this.multiLine(at), at };
    const identifier = this.take(IDENTIFIER);
    if (identifier !== undefined) return { kind: 'identifier', text: identifier[0].toLowerCase(), at };
    const number = this.take(NUMBER);
    if (number !== undefined) return { kind: 'number', value: numberOf(number, at), at };
    const shown = String.fromCodePoint(text.codePointAt(position) ?? 0);
    throw new SieveError(`unexpected character ${JSON.stringify(shown)}`, at);
  }

  private tag(at: Position): Token {
    this.advance(this.position + 1);
    const name = this.take(IDENTIFIER);
    if (name === undefined) throw new SieveError('a tag needs a name after the colon', at);
    return { kind: 'tag', text: `:${name[0].toLowerCase()}`, at };
  }

  private skipBlanks(): void {
    for (;;) {
      this.take(BLANKS);
      const { text, position } = this;
      if (text[position] === '#') {
        const end = text.indexOf('\n', position);
        this.advance(end < 0 ? text.length : end);
      } else if (text.startsWith('/*', position)) {
        const end = text.indexOf('*/', position + 2);
        if (end < 0) throw new SieveError('a comment without end', this.at);
        this.advance(end + 2);
      } else return;
    }
  }

  /** RFC 5228 §2.4.2: a backslash takes the next character as it is. */
  private quoted(at: Position): string {
    const { text } = this;
    let value = '';
    let from = this.position + 1;
    for (let i = from; i < text.length; i++) {
      const character = text[i];
      if (character === '"') {
        value += text.slice(from, i);
        this.advance(i + 1);
        return withCrlf(value);
      }
      if (character !== '\\') continue;
      value += text.slice(from, i);
      i++;
      from = i;
    }
    throw new SieveError('a string without end', at);
  }

  /** RFC 5228 §2.4.2: up to a line with a dot alone; a line that begins with a dot loses it. */
  private multiLine(at: Position): string {
    const { text } = this;
    const lines: string[] = [];
    let from = this.position;
    while (from < text.length) {
      const lf = text.indexOf('\n', from);
      const end = lf < 0 ? text.length : lf;
      const line = text.slice(from, text[end - 1] === '\r' && end > from ? end - 1 : end);
      from = end + 1;
      if (line === '.') {
        this.advance(Math.min(from, text.length));
        return lines.map((one) => `${one}\r\n`).join('');
      }
      lines.push(line.startsWith('.') ? line.slice(1) : line);
    }
    throw new SieveError('a multi-line text without the dot that ends it', at);
  }

  private take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.advance(pattern.lastIndex);
    return match;
  }

  private advance(to: number): void {
    while (this.lineEnd < to) {
      this.line++;
      this.lineStart = this.lineEnd + 1;
      this.lineEnd = this.lineEndFrom(this.lineStart);
    }
    this.position = to;
  }

  private lineEndFrom(from: number): number {
    const found = this.text.indexOf('\n', from);
    return found < 0 ? Number.POSITIVE_INFINITY : found;
  }
}

function withCrlf(value: string): string {
  return value.includes('\n') ? value.replace(/\r?\n/g, '\r\n') : value;
}

function numberOf([, digits = '', suffix = '']: RegExpExecArray, at: Position): number {
  const value = Number(digits) * (SUFFIXES[suffix.toLowerCase()] ?? 1);
  if (value > MAX_NUMBER) throw new SieveError('the number is too large', at);
  return value;
}
