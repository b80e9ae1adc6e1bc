/** A response of an IMAP server as a tree, so that a rule need not care how a string was sent (RFC 3501 §9, RFC 9051 §9). */

export type Token =
  /** Quoted or literal. */
  | { readonly is: 'string'; readonly text: string }
  /** Atoms, numbers, flags, `NIL`, section names such as `BODY[HEADER.FIELDS (DATE)]<0>`. */
  | { readonly is: 'atom'; readonly text: string }
  | { readonly is: 'list'; readonly open: '(' | '['; readonly items: readonly Token[] };

const close = { '(': ')', '[': ']' } as const;

class Scanner {
  private at = 0;

  constructor(private readonly text: string) {}

  tokens(end = ''): Token[] {
    const found: Token[] = [];
    for (;;) {
      while (this.text[this.at] === ' ') this.at++;
      const next = this.text[this.at];
      if (next === undefined || next === end) {
        if (end !== '' && next === undefined) throw new Error(`no ${end} in ${this.text}`);
        this.at++;
        return found;
      }
      found.push(this.token(next));
    }
  }

  private token(next: string): Token {
    if (next === '(' || next === '[') {
      this.at++;
      return { is: 'list', open: next, items: this.tokens(close[next]) };
    }
    if (next === '"') return this.quoted();
    const literal = /^~?\{(\d+)\}\r\n/.exec(this.text.slice(this.at, this.at + 24));
    if (literal !== null) {
      const start = this.at + literal[0].length;
      this.at = start + Number(literal[1]);
      return { is: 'string', text: this.text.slice(start, this.at) };
    }
    return this.atom();
  }

  private quoted(): Token {
    let text = '';
    for (this.at++; this.text[this.at] !== '"'; this.at++) {
      if (this.text[this.at] === '\\') this.at++;
      if (this.at >= this.text.length) throw new Error(`no end of the string in ${this.text}`);
      text += this.text[this.at];
    }
    this.at++;
    return { is: 'string', text };
  }

  /** A bracket inside belongs to it, with all up to its end. */
  private atom(): Token {
    const start = this.at;
    while (this.at < this.text.length && !/[ ()\]]/.test(this.text[this.at]!)) {
      if (this.text[this.at] === '[') {
        const end = this.text.indexOf(']', this.at);
        this.at = end < 0 ? this.text.length : end;
      }
      this.at++;
    }
    // A lone bracket that opens nothing.
    if (this.at === start) this.at++;
    return { is: 'atom', text: this.text.slice(start, this.at) };
  }
}

export function tokensOf(text: string): readonly Token[] {
  return new Scanner(text).tokens();
}
