/**
 * Tokens of structured header fields, RFC 5322 §3.2 and RFC 2045 §5.1, on an unfolded latin1 value. Never fails:
 * an unclosed comment or quoted string ends with the value. Every method moves forward, none looks twice.
 */
export class Lexer {
  pos = 0;
  /** Content of the last comment passed over, undefined when there was none. */
  comment: string | undefined;

  constructor(readonly text: string) {}

  get done(): boolean {
    return this.pos >= this.text.length;
  }

  /** Passes over blanks and comments (CFWS). Line ends count as blanks. */
  blanks(): void {
    for (; this.pos < this.text.length; ) {
      const c = this.text.charCodeAt(this.pos);
      if (c === 32 || c === 9 || c === 13 || c === 10) this.pos++;
      else if (c === 40) this.comment = this.readComment();
      else return;
    }
  }

  /** Passes over `code` when it is next. */
  take(code: number): boolean {
    if (this.text.charCodeAt(this.pos) !== code) return false;
    this.pos++;
    return true;
  }

  skip(): void {
    this.pos++;
  }

  private readComment(): string {
    const start = ++this.pos;
    let depth = 1;
    let escaped = false;
    for (; this.pos < this.text.length; this.pos++) {
      const c = this.text.charCodeAt(this.pos);
      if (c === 92) {
        escaped = true;
        this.pos++;
      } else if (c === 40) depth++;
      else if (c === 41 && --depth === 0) break;
    }
    const content = this.text.slice(start, Math.min(this.pos, this.text.length));
    this.pos++;
    return escaped ? content.replace(/\\([\s\S])/g, '$1') : content;
  }

  /** A MIME token after CFWS, '' when there is none. Octets above 127 are taken in. */
  token(): string {
    this.blanks();
    const start = this.pos;
    for (; this.pos < this.text.length; this.pos++) if (!isTokenChar(this.text.charCodeAt(this.pos))) break;
    return this.text.slice(start, this.pos);
  }

  /** The content of the quoted string whose opening quote is next, without quoting. */
  quoted(): string {
    const start = ++this.pos;
    let escaped = false;
    for (; this.pos < this.text.length; this.pos++) {
      const c = this.text.charCodeAt(this.pos);
      if (c === 34) break;
      if (c === 92) {
        escaped = true;
        this.pos++;
      }
    }
    const content = this.text.slice(start, Math.min(this.pos, this.text.length));
    this.pos++;
    return escaped ? content.replace(/\\([\s\S])/g, '$1') : content;
  }

  /** A parameter's value: a quoted string, or all up to the semicolon without comments and outer blanks. */
  parameterValue(): string {
    this.blanks();
    if (this.text.charCodeAt(this.pos) === 34) return this.quoted();
    let value = '';
    while (!this.done) {
      const start = this.pos;
      for (; this.pos < this.text.length; this.pos++) {
        const c = this.text.charCodeAt(this.pos);
        if (c === 59 || c === 40 || c === 32 || c === 9) break;
      }
      value += this.text.slice(start, this.pos);
      const gap = this.pos;
      this.blanks();
      if (this.done || this.text.charCodeAt(this.pos) === 59 || this.startsParameter()) break;
      if (this.pos > gap) value += ' ';
    }
    return value;
  }

  /** Is `token=` next? Then a semicolon was forgotten before it. */
  private startsParameter(): boolean {
    let at = this.pos;
    // 60: no attribute is longer, and a bound keeps repeated looks linear.
    const limit = Math.min(this.text.length, at + 60);
    while (at < limit && isTokenChar(this.text.charCodeAt(at))) at++;
    return at > this.pos && this.text.charCodeAt(at) === 61;
  }
}

/** RFC 2045 §5.1 token: neither blank, control nor tspecial. */
function isTokenChar(c: number): boolean {
  return c > 127 ? true : TOKEN[c] === 1;
}

const TOKEN = new Uint8Array(128).fill(1, 33, 127);
for (const special of '()<>@,;:\\"/[]?=') TOKEN[special.charCodeAt(0)] = 0;
