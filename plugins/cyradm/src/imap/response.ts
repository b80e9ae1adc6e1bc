/** What a server sends, as values: atoms and strings are text (latin1), NIL is null, lists are arrays. */

export type Value = string | null | readonly Value[];

/** `* LIST (\Noselect) "." user` → name LIST, values. Status responses keep their text as it is. */
export interface Untagged {
  /** Upper case: `LIST`, `OK`; of `* 5 EXISTS` it is `EXISTS`, with 5 as the first value. */
  readonly name: string;
  readonly values: readonly Value[];
  /** Everything after the name. */
  readonly text: string;
}

/** OK, NO, BAD, BYE, PREAUTH with their text. */
export interface Status {
  readonly kind: string;
  /** Inside of `[…]`, if there is such. */
  readonly code: string | undefined;
  readonly text: string;
}

/** A server nests no deeper than this; whoever does is not followed. */
const MAX_DEPTH = 100;

const statusWords = new Set(['OK', 'NO', 'BAD', 'BYE', 'PREAUTH']);

export function isStatus(name: string): boolean {
  return statusWords.has(name);
}

/** @param text without tag and CRLF. */
export function parseStatus(text: string): Status {
  const [, kind = '', rest = ''] = /^(\S*) ?([\s\S]*)$/.exec(text) ?? [];
  const [, code, words] = /^\[((?:[^\]"]|"(?:[^"\\]|\\.)*")*)\] ?([\s\S]*)$/.exec(rest) ?? [];
  return { kind: kind.toUpperCase(), code, text: words ?? rest };
}

/** @param text a response without `* `, with literals in place. Never throws: what is no value ends the list. */
export function parseUntagged(text: string): Untagged {
  const [, number, word = '', rest = ''] = /^(?:(\d+) )?(\S*) ?([\s\S]*)$/.exec(text) ?? [];
  const name = word.toUpperCase();
  if (isStatus(name)) return { name, values: [], text: rest };
  const values = new ValueReader(rest).all();
  return { name, values: number === undefined ? values : [number, ...values], text: rest };
}

class ValueReader {
  private at = 0;

  constructor(private readonly text: string) {}

  all(): Value[] {
    return this.values(0);
  }

  /** Up to the closing parenthesis, or the end. */
  private values(depth: number): Value[] {
    const found: Value[] = [];
    while (this.at < this.text.length) {
      const char = this.text[this.at]!;
      if (char === ' ') this.at++;
      else if (char === ')') {
        this.at++;
        if (depth > 0) return found;
      } else if (char === '(') {
        this.at++;
        if (depth >= MAX_DEPTH) return found;
        found.push(this.values(depth + 1));
      } else found.push(this.one(char));
    }
    return found;
  }

  private one(char: string): Value {
    if (char === '"') return this.quoted();
    const literal = /~?\{(\d+)\+?\}\r\n/y;
    literal.lastIndex = this.at;
    const size = literal.exec(this.text)?.[1];
    if (size !== undefined) {
      const from = literal.lastIndex;
      this.at = from + Number(size);
      return this.text.slice(from, this.at);
    }
    const from = this.at;
    while (this.at < this.text.length && !' ()'.includes(this.text[this.at]!)) this.at++;
    const atom = this.text.slice(from, this.at);
    return atom.toUpperCase() === 'NIL' ? null : atom;
  }

  private quoted(): string {
    let value = '';
    for (this.at++; this.at < this.text.length; this.at++) {
      const char = this.text[this.at]!;
      if (char === '"') break;
      if (char === '\\') this.at++;
      value += this.text[this.at] ?? '';
    }
    this.at++;
    return value;
  }
}

export function textOf(value: Value | undefined): string {
  return typeof value === 'string' ? value : '';
}

export function listOf(value: Value | undefined): readonly Value[] {
  return typeof value === 'object' && value !== null ? value : [];
}
