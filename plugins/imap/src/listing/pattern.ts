/**
 * LIST patterns (RFC 3501 §6.3.8): `*` is any text, `%` any text without the separator. Matching costs at most pattern
 * times name, whatever the pattern is: all positions are followed at once.
 */
import { MAX_PATTERN_LENGTH } from '../limits.js';

const STAR = 1;
const PERCENT = 2;

export class Pattern {
  /** Nothing before the first wildcard can be different. */
  readonly prefix: string;
  readonly hasWildcards: boolean;
  /** `%` at the end: levels of hierarchy match too, though there be no mailbox. */
  readonly endsWithPercent: boolean;
  private readonly tokens: readonly (string | typeof STAR | typeof PERCENT)[];
  private readonly marks: Uint8Array;
  private isNever = false;

  /** @param text canonical: reference and pattern joined. */
  constructor(
    readonly text: string,
    private readonly separator: string,
  ) {
    this.tokens = tokensOf(withInbox(text, separator));
    if (text.length > MAX_PATTERN_LENGTH) this.isNever = true;
    const first = this.tokens.findIndex((token) => typeof token === 'number');
    this.hasWildcards = first >= 0;
    this.prefix = (first < 0 ? this.tokens : this.tokens.slice(0, first)).join('');
    this.endsWithPercent = text.endsWith('%');
    this.marks = new Uint8Array(this.tokens.length + 1);
  }

  matches(name: string): boolean {
    if (this.isNever || !name.startsWith(this.prefix)) return false;
    const { tokens } = this;
    if (!this.hasWildcards) return name.length === this.prefix.length;
    const rest = tokens.length - this.prefix.length;
    if (rest === 1) return this.matchesRest(name);
    return this.follow(name);
  }

  /** `prefix*` and `prefix%`, nearly all that clients send. */
  private matchesRest(name: string): boolean {
    return this.tokens.at(-1) === STAR || !name.includes(this.separator, this.prefix.length);
  }

  private follow(name: string): boolean {
    const { tokens, marks, separator } = this;
    const end = tokens.length;
    marks.fill(0);
    let low = this.prefix.length;
    marks[low] = 1;
    for (let at = low; at < name.length; at++) {
      const character = name[at]!;
      // What a wildcard may leave out is reached without a character; descending, each mark moves once.
      this.spread(low);
      let lowest = end + 1;
      for (let i = end; i >= low; i--) {
        if (marks[i] === 0) continue;
        marks[i] = 0;
        const token = tokens[i];
        if (token === STAR || (token === PERCENT && character !== separator)) {
          marks[i] = 1;
          lowest = i;
        } else if (token === character) {
          marks[i + 1] = 1;
          lowest = i + 1;
        }
      }
      if (lowest > end) return false;
      low = lowest;
    }
    this.spread(low);
    return marks[end] === 1;
  }

  private spread(from: number): void {
    const { tokens, marks } = this;
    for (let i = from; i < tokens.length; i++) {
      if (marks[i] === 1 && typeof tokens[i] === 'number') marks[i + 1] = 1;
    }
  }
}

/** `INBOX` as first component is without case (RFC 3501 §5.1). */
function withInbox(text: string, separator: string): string {
  if (!/^inbox/i.test(text)) return text;
  const next = text[5];
  return next === undefined || next === separator || next === '%' || next === '*'
    ? `INBOX${text.slice(5)}`
    : text;
}

/** Runs of wildcards mean as much as one: `*` where there is one among them. */
function tokensOf(text: string): (string | typeof STAR | typeof PERCENT)[] {
  const tokens: (string | typeof STAR | typeof PERCENT)[] = [];
  for (const character of text.split('')) {
    const token = character === '*' ? STAR : character === '%' ? PERCENT : character;
    const last = tokens.at(-1);
    if (typeof token === 'number' && typeof last === 'number') {
      if (token === STAR) tokens[tokens.length - 1] = STAR;
    } else tokens.push(token);
  }
  return tokens;
}

/** Reference and pattern in canonical form: appended, with one separator where both bring one. */
export function joinReference(reference: string, pattern: string, separator: string): string {
  if (reference.endsWith(separator) && pattern.startsWith(separator))
    return reference + pattern.slice(separator.length);
  return reference + pattern;
}
