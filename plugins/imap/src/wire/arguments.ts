/** The rules of RFC 3501 §9 over a cursor: strings, names, numbers, dates, lists. Pure: no I/O, no session. */
import { type FlagSet, MailError, parseInternalDate, type SequenceSet, systemFlagBit } from '@angarium/sdk';
import { MAX_COMMAND_DEPTH } from '../limits.js';
import { CharClass } from './characters.js';
import { Cursor, type Segment } from './cursor.js';
import { type CalendarDate, parseDateText } from './dates.js';
import { decodeModUtf7 } from './mod-utf7.js';
import { MAX_NUMBER, scanNumber, scanRanges } from './numbers.js';

/** Where strings of a client's lines differ. */
export interface ArgumentOptions {
  /** Mailbox names are UTF-8 (IMAP4rev2, UTF8=ACCEPT enabled), not modified UTF-7. */
  readonly utf8: boolean;
}

const QUOTE = 34;
const OPEN = 40;
const CLOSE = 41;
const BACKSLASH = 92;
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class Arguments extends Cursor {
  private depth = 0;

  constructor(
    segments: Segment[],
    private readonly options: ArgumentOptions,
  ) {
    super(segments);
  }

  /** Back to where a parse began. */
  restart(mark: { readonly index: number; readonly at: number }): void {
    this.reset(mark);
    this.depth = 0;
  }

  atom(): string {
    return this.run(CharClass.atom, 'an atom');
  }

  tryAtom(): string | undefined {
    return this.tryRun(CharClass.atom);
  }

  keyword(): string {
    return this.run(CharClass.atom, 'a keyword').toUpperCase();
  }

  tryKeyword(): string | undefined {
    return this.tryRun(CharClass.atom)?.toUpperCase();
  }

  itemName(): string {
    return this.run(CharClass.itemName, 'an item name').toUpperCase();
  }

  tryItemName(): string | undefined {
    return this.tryRun(CharClass.itemName)?.toUpperCase();
  }

  flag(): string {
    if (this.code() !== BACKSLASH) return this.run(CharClass.atom, 'a flag');
    this.at++;
    return `\\${this.run(CharClass.atom, 'the name of a flag')}`;
  }

  /** flag-list, or flag *(SP flag). `\Recent` is the server's alone (RFC 3501 §2.3.2). */
  flags(): FlagSet {
    const keywords = new Map<string, string>();
    let system = 0;
    const item = (): void => {
      const start = this.mark();
      const flag = this.flag();
      if (flag.charCodeAt(0) !== BACKSLASH) {
        const key = flag.toLowerCase();
        if (!keywords.has(key)) keywords.set(key, flag);
        return;
      }
      const bit = systemFlagBit(flag);
      if (bit !== undefined) system |= bit;
      else {
        this.reset(start);
        this.fail(`a flag that can be stored instead of ${flag}`);
      }
    };
    if (this.tryList(item, 0) === undefined) {
      do item();
      while (this.trySp());
    }
    return { system, keywords: [...keywords.values()] };
  }

  string(): string {
    return this.tryString() ?? this.fail('a string');
  }

  nstring(): string | undefined {
    return this.tryNil() ? undefined : (this.tryString() ?? this.fail('a string or NIL'));
  }

  octets(): string | undefined {
    if (this.tryNil()) return undefined;
    return this.tryString(true) ?? this.fail('a string or NIL');
  }

  astring(): string {
    return this.tryAstring() ?? this.fail('an atom or a string');
  }

  tryAstring(): string | undefined {
    return this.tryString() ?? this.tryRun(CharClass.astring);
  }

  text(): string {
    const start = this.mark();
    const octets = this.astring();
    const text = decodeUtf8(octets);
    if (text !== undefined) return text;
    this.reset(start);
    return this.fail('UTF-8 text');
  }

  mailbox(): string {
    const name = this.decodeName(this.astring());
    if (name === undefined) {
      const encoding = this.options.utf8 ? 'UTF-8' : 'modified UTF-7';
      throw new MailError('CANNOT', `The mailbox name is not well-formed ${encoding}`);
    }
    return name;
  }

  listMailbox(): string {
    const raw = this.tryString() ?? this.run(CharClass.list, 'a mailbox name or pattern');
    return this.decodeName(raw) ?? `\0${raw}`;
  }

  number(): number {
    return this.digits(MAX_NUMBER, 'a number below 4294967296');
  }

  nzNumber(): number {
    if (this.peek() === '0') this.fail('a number that does not begin with 0');
    return this.digits(MAX_NUMBER, 'a number between 1 and 4294967295');
  }

  number64(): number {
    const start = this.mark();
    const digits = this.run(CharClass.digit, 'a number');
    if (BigInt(digits.slice(0, 32)) >= 2n ** 63n || digits.length > 32) {
      this.reset(start);
      this.fail('a number below 9223372036854775808');
    }
    return Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
  }

  sequenceSet(): SequenceSet {
    if (this.tryExpect('$')) return { ranges: [], isSaved: true };
    const { value, end } = scanRanges(this.segment.text, this.at);
    this.at = end;
    return value === undefined ? this.fail('a message number, UID or *') : { ranges: value, isSaved: false };
  }

  trySequenceSet(): SequenceSet | undefined {
    return /[0-9*$]/.test(this.peek()) ? this.sequenceSet() : undefined;
  }

  dateTime(): number {
    const start = this.mark();
    const ms = this.code() === QUOTE ? parseInternalDate(this.quoted()) : undefined;
    if (ms !== undefined) return ms;
    this.reset(start);
    return this.fail('a date and time, as " 7-Feb-1994 21:52:25 -0800"');
  }

  date(): CalendarDate {
    const start = this.mark();
    const text = this.code() === QUOTE ? this.quoted() : this.tryRun(CharClass.atom);
    const date = text === undefined ? undefined : parseDateText(text);
    if (date !== undefined) return date;
    this.reset(start);
    return this.fail('a date, as 1-Feb-1994');
  }

  list<T>(item: () => T, min = 1): T[] {
    return this.tryList(item, min) ?? this.fail('a parenthesised list');
  }

  tryList<T>(item: () => T, min = 1): T[] | undefined {
    if (this.code() !== OPEN) return undefined;
    if (this.depth === MAX_COMMAND_DEPTH) this.fail(`at most ${MAX_COMMAND_DEPTH} lists inside one another`);
    this.depth++;
    this.at++;
    const items: T[] = [];
    if (min > 0 || this.code() !== CLOSE) {
      do items.push(item());
      while (this.trySp());
    }
    if (items.length < min || this.code() !== CLOSE) this.fail('a space or )');
    this.at++;
    this.depth--;
    return items;
  }

  private digits(max: number, expected: string): number {
    const { value, end } = scanNumber(this.segment.text, this.at, max);
    if (value === undefined) this.fail(expected);
    this.at = end;
    return value;
  }

  /** NIL where a string could stand: not the beginning of a longer atom. */
  private tryNil(): boolean {
    const start = this.mark();
    if (this.tryExpect('NIL') && this.tryRun(CharClass.astring) === undefined) return true;
    this.reset(start);
    return false;
  }

  private tryString(isBinaryAllowed = false): string | undefined {
    if (this.code() === QUOTE) return this.quoted();
    if (!this.isAtLiteral) return undefined;
    const { literal, data } = this.segment;
    if (literal!.isBinary && !isBinaryAllowed) return this.fail('a string that is no literal8');
    this.advance();
    return data;
  }

  /** Leniency: 8-bit octets, which clients send unasked in passwords and search terms (RFC 3501 §9: TEXT-CHAR is 7-bit). */
  private quoted(): string {
    const { text } = this.segment;
    const start = this.at + 1;
    const end = text.indexOf('"', start);
    const plain = end < 0 ? text.slice(start) : text.slice(start, end);
    if (plain.includes('\r')) this.fail('a quoted string without CR');
    if (end >= 0 && !plain.includes('\\')) {
      this.checkUtf8(plain);
      this.at = end + 1;
      return plain;
    }
    const value = this.quotedWithEscapes(start);
    this.checkUtf8(value);
    return value;
  }

  /** RFC 6855 §3, RFC 9051 §4.3: where UTF-8 is agreed on, 8-bit octets are that or an error. */
  private checkUtf8(octets: string): void {
    if (this.options.utf8 && decodeUtf8(octets) === undefined) this.fail('UTF-8 in a quoted string');
  }

  private quotedWithEscapes(start: number): string {
    const { text } = this.segment;
    let value = '';
    for (let at = start; at < text.length; at++) {
      let character = text[at]!;
      if (character === '"') {
        this.at = at + 1;
        return value;
      }
      if (character === '\\') {
        character = text[++at] ?? '';
        if (character !== '"' && character !== '\\') {
          this.at = at;
          this.fail('" or \\ behind a \\');
        }
      } else if (character === '\r') {
        this.at = at;
        this.fail('a quoted string without CR');
      }
      value += character;
    }
    this.at = text.length;
    return this.fail('the closing "');
  }

  private decodeName(octets: string): string | undefined {
    if (/^inbox$/i.test(octets)) return 'INBOX';
    const text = this.options.utf8 ? decodeUtf8(octets) : decodeModUtf7(octets);
    // Net-Unicode (RFC 5198 §2): no control characters, and none of the separators that are line ends to some.
    return text === undefined || /[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(text) ? undefined : text;
  }
}

function decodeUtf8(octets: string): string | undefined {
  if (/^[\x00-\x7f]*$/.test(octets)) return octets;
  try {
    return utf8Decoder.decode(Buffer.from(octets, 'latin1'));
  } catch {
    return undefined;
  }
}
