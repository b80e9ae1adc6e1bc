/**
 * BODY out of BODYSTRUCTURE (both as this toolkit writes them): the extension data of every part is left out.
 * RFC 3501 §9: body-ext-1part follows the fields of a part, body-ext-mpart the subtype of a multipart.
 */
export function stripExtensionData(bodyStructure: string): string {
  const copier = new Copier(bodyStructure);
  return copier.all();
}

const OPEN = 40;
const CLOSE = 41;
const SPACE = 32;
const QUOTE = 34;
const BACKSLASH = 92;
const BRACE = 123;

class Copier {
  private out = '';
  private pos = 0;
  private copied = 0;

  constructor(private readonly text: string) {}

  all(): string {
    this.body();
    return this.out + this.text.slice(this.copied, this.pos);
  }

  private at(): number {
    return this.text.charCodeAt(this.pos);
  }

  /** One body: as deep as the structure, which is bounded. */
  private body(): void {
    this.pos++;
    if (this.at() === OPEN) {
      while (this.at() === OPEN) this.body();
      this.fields(1);
    } else this.single();
    this.out += this.text.slice(this.copied, this.pos);
    while (this.pos < this.text.length && this.at() !== CLOSE) this.fields(1);
    this.copied = this.pos;
    this.pos++;
  }

  private single(): void {
    const type = this.string();
    this.pos++;
    const subtype = this.string();
    this.fields(5);
    if (type === '"TEXT"') this.fields(1);
    else if (type === '"MESSAGE"' && (subtype === '"RFC822"' || this.hasEnvelope())) {
      this.fields(1);
      this.pos++;
      this.body();
      this.fields(1);
    }
  }

  /** message/global has an envelope in UTF-8 mode only: a list where the MD5 string would stand. */
  private hasEnvelope(): boolean {
    return this.text.charCodeAt(this.pos + 1) === OPEN;
  }

  private string(): string {
    const start = this.pos;
    this.value();
    return this.text.slice(start, this.pos);
  }

  /** Passes over that many values, each with the space before it. */
  private fields(count: number): void {
    for (let i = 0; i < count; i++) {
      if (this.at() === SPACE) this.pos++;
      this.value();
    }
  }

  /** Passes over a list, string, number or NIL. */
  private value(): void {
    let depth = 0;
    do {
      const c = this.at();
      if (c === OPEN) depth++;
      else if (c === CLOSE) depth--;
      if (c === QUOTE) this.quoted();
      else if (c === BRACE) this.literal();
      else if (c === OPEN || c === CLOSE || c === SPACE) this.pos++;
      else this.atom();
    } while (depth > 0 && this.pos < this.text.length);
  }

  private quoted(): void {
    for (this.pos++; this.pos < this.text.length && this.at() !== QUOTE; this.pos++) {
      if (this.at() === BACKSLASH) this.pos++;
    }
    this.pos++;
  }

  private literal(): void {
    const close = this.text.indexOf('}', this.pos);
    this.pos = close + 3 + Number(this.text.slice(this.pos + 1, close));
  }

  private atom(): void {
    const start = this.pos;
    for (; this.pos < this.text.length; this.pos++) {
      const c = this.at();
      if (c === SPACE || c === CLOSE || c === OPEN) break;
    }
    if (this.pos === start) this.pos = this.text.length;
  }
}
