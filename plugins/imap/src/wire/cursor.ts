/** A position in a command's text, its literals between the pieces; the plain rules on which the grammar is built. */
import { ImapSyntaxError } from '@angarium/sdk';
import { CharClass, isIn, runEnd } from './characters.js';
import type { LiteralHead } from './literal.js';

/** A stretch of a command between literals. */
export interface Segment {
  /** latin1, without the announcement of the literal that follows. */
  readonly text: string;
  /** What follows the text; undefined: the end of the command. */
  readonly literal: LiteralHead | undefined;
  /** The literal's octets once they are there. */
  data: string | undefined;
  /** Octets of the command before `text`. */
  readonly start: number;
}

/** The parse needs a literal that has not been read. Caught by whoever loads it; never leaves the plugin. */
export class LiteralWanted extends Error {
  override readonly name = 'LiteralWanted';
}

/** For `mark` and `reset`. */
export interface Mark {
  readonly index: number;
  readonly at: number;
}

export class Cursor {
  protected segment: Segment;
  protected at = 0;
  private index = 0;

  constructor(protected readonly segments: Segment[]) {
    this.segment = segments[0]!;
  }

  get position(): number {
    return this.segment.start + this.at;
  }

  get isAtEnd(): boolean {
    return this.at >= this.segment.text.length && this.segment.literal === undefined;
  }

  get isAtLiteral(): boolean {
    return this.at >= this.segment.text.length && this.segment.literal !== undefined;
  }

  mark(): Mark {
    return { index: this.index, at: this.at };
  }

  reset(mark: Mark): void {
    this.index = mark.index;
    this.segment = this.segments[mark.index]!;
    this.at = mark.at;
  }

  peek(): string {
    return this.segment.text.charAt(this.at);
  }

  /** Code of the next character, NaN at the end. */
  protected code(): number {
    return this.segment.text.charCodeAt(this.at);
  }

  fail(expected: string): never {
    throw new ImapSyntaxError(`expected ${expected}, found ${this.found()}`, this.position);
  }

  sp(): void {
    if (!this.trySp()) this.fail('a space');
  }

  trySp(): boolean {
    if (this.code() !== 32) return false;
    this.at++;
    return true;
  }

  end(): void {
    if (!this.isAtEnd) this.fail('the end of the command');
  }

  expect(text: string): void {
    if (!this.tryExpect(text)) this.fail(text);
  }

  tryExpect(text: string): boolean {
    const end = this.at + text.length;
    const there = this.segment.text.slice(this.at, end);
    if (there !== text && there.toUpperCase() !== text.toUpperCase()) return false;
    this.at = end;
    return true;
  }

  /** The longest run of these characters; undefined when there is none. */
  tryRun(bits: number): string | undefined {
    const { text } = this.segment;
    const end = runEnd(text, this.at, bits);
    if (end === this.at) return undefined;
    const run = text.slice(this.at, end);
    this.at = end;
    return run;
  }

  run(bits: number, expected: string): string {
    return this.tryRun(bits) ?? this.fail(expected);
  }

  /** The next segment, from behind this one's literal. */
  protected advance(): void {
    const next = this.segments[this.index + 1];
    if (next === undefined) throw new LiteralWanted();
    this.index++;
    this.segment = next;
    this.at = 0;
  }

  private found(): string {
    if (this.isAtLiteral) return 'a literal';
    if (this.isAtEnd) return 'the end of the command';
    const code = this.code();
    if (code === 32) return 'a space';
    if (isIn(code, CharClass.list)) {
      const word = this.segment.text.slice(this.at, runEnd(this.segment.text, this.at, CharClass.list));
      return word.length > 24 ? `${word.slice(0, 24)}...` : word;
    }
    return code > 32 && code < 127 ? String.fromCharCode(code) : `octet ${code}`;
  }
}
