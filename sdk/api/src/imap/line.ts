/**
 * A command's arguments, read by grammar rule (RFC 3501 §9, RFC 9051 §9). Two families: `x()` must be there or it is a
 * syntax error with its position; `tryX()` answers undefined and consumes nothing. Literals are loaded when a rule
 * wants them (bounded): `parse` is then run again from its beginning, so it is a pure function of the line, and a wrong
 * line is refused before its literal is asked for. Only commands that declare `streaming` read literals as they come.
 */
import type { FlagSet } from '../model/flags.js';

/** BAD, with what was expected, what was found and where. */
export class ImapSyntaxError extends Error {
  override readonly name = 'ImapSyntaxError';
  constructor(
    text: string,
    /** Octet in the command line; undefined where the fault is of the command as a whole. */
    readonly position?: number,
    /** Response code, where there is a better one than CLIENTBUG: `UIDREQUIRED`. */
    readonly code: string = 'CLIENTBUG',
  ) {
    super(text);
  }
}

/** `*` is kept as such until it is resolved against a mailbox. */
export const STAR = 0xffffffff + 1;

/** sequence-set as sent: pairs in any order, STAR for `*`. '$' (RFC 5182) stands for the saved search result. */
export interface SequenceSet {
  readonly ranges: readonly (readonly [number, number])[];
  readonly isSaved: boolean;
}

/** The arguments of one command, read rule by rule. */
export interface CommandLine {
  /** Octets read so far, for error positions. */
  readonly position: number;
  readonly isAtEnd: boolean;
  /** The next character without consuming it; '' at the end or where a literal begins (then `isAtLiteral`). */
  peek(): string;
  readonly isAtLiteral: boolean;
  /** Throws the syntax error `expected X, found Y`. */
  fail(expected: string): never;

  sp(): void;
  trySp(): boolean;
  /** End of the command. */
  end(): void;
  /** Exactly this text, without case. */
  expect(text: string): void;
  tryExpect(text: string): boolean;

  /** atom, as sent. */
  atom(): string;
  tryAtom(): string | undefined;
  /** atom, upper case: a keyword of the grammar. */
  keyword(): string;
  tryKeyword(): string | undefined;
  /** A name made of letters, digits, `.`, `-` and `_`, upper case: stops before `[`, `<`, `(` (fetch items are no plain atoms). */
  itemName(): string;
  tryItemName(): string | undefined;
  /** flag-keyword or `\Flag`. */
  flag(): string;
  /** A parenthesised flag-list, or (STORE) flags separated by spaces; `\Recent` and unknown `\X` are errors. */
  flags(): FlagSet;

  /** quoted or literal: latin1, one char an octet. */
  string(): string;
  /** `NIL` is undefined. */
  nstring(): string | undefined;
  /** atom, quoted or literal: latin1. */
  astring(): string;
  tryAstring(): string | undefined;
  /** nstring or literal8 (RFC 4466 §3), latin1: the only strings that may hold NUL. `NIL` is undefined. */
  octets(): string | undefined;
  /** astring, decoded as UTF-8 text (quoted UTF-8 and literals of rev2 and UTF8=ACCEPT; ASCII otherwise). */
  text(): string;
  /**
   * Mailbox name as Unicode text: modified UTF-7 decoded, or UTF-8 where enabled; `INBOX` in any case is `INBOX`.
   * @throws MailError CANNOT for what is no well-formed name (NO, not BAD: the grammar is kept).
   */
  mailbox(): string;
  /** list-mailbox: as mailbox, with `%` and `*`. What is no well-formed name begins with U+0000 and so matches nothing. */
  listMailbox(): string;

  /** 0…2^32-1. */
  number(): number;
  /** 1…2^32-1. */
  nzNumber(): number;
  /** 0…2^63-1; above 2^53 it is capped there (mod-sequences of this server never get that high). */
  number64(): number;
  sequenceSet(): SequenceSet;
  trySequenceSet(): SequenceSet | undefined;
  /** `"dd-Mon-yyyy hh:mm:ss +zzzz"` → ms. */
  dateTime(): number;
  /** `dd-Mon-yyyy`, quoted or not → { year, month (1-12), day }. */
  date(): { readonly year: number; readonly month: number; readonly day: number };

  /** `(` item *(SP item) `)`; at least `min` items (default 1). The depth of nesting is bounded. */
  list<T>(item: () => T, min?: number): T[];
  tryList<T>(item: () => T, min?: number): T[] | undefined;

  /** The next literal as a stream, for `streaming` commands; a synchronizing one is asked for when reading begins; `isBinary` for literal8 (`~{n}`). */
  literalStream(): {
    readonly size: number;
    readonly isBinary: boolean;
    readonly bytes: AsyncIterable<Buffer>;
  };
  /** After a literal was streamed: makes the rest of the line readable. `streaming` commands only. */
  more(): Promise<void>;
  /**
   * `streaming` commands only, in `run`: reads on with a pure function of this line. Where that wants a literal as a string it
   * is loaded and the function run again.
   */
  readOn<T>(parse: () => T): Promise<T>;
}
