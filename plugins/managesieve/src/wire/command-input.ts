/**
 * Reads one command (RFC 5804 §4) piece by piece, as its grammar asks for them. A literal is read when it is asked for and its
 * size is known to be right; whatever a command leaves is thrown away by `finish`, so that the next one is found.
 */
import { type Connection, ReadError } from '@angarium/sdk';
import { MAX_LINE_BYTES } from '../limits.js';
import { literalAtEnd, readQuoted } from './line.js';

/** The line is no command of this grammar. The text says what was expected; it may be shown to the client. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** A string has more octets than whoever asked for it takes; none of them has been read. */
export class StringTooLong extends Error {
  override readonly name = 'StringTooLong';
  constructor(
    readonly octets: number,
    readonly maxOctets: number,
  ) {
    super(`the string is too long, at most ${maxOctets} octets`);
  }
}

/** Reading on to find the next command would take more than the session is worth. */
export class TooMuchInput extends Error {
  override readonly name = 'TooMuchInput';
}

const BLANK = 32;

export class CommandInput {
  private at = 0;
  /** The line ends with a literal whose octets have not been read. */
  private pending: number | undefined;
  /** Behind a line that was too long its rest still comes. */
  private isLineOpen = false;

  private constructor(
    private readonly connection: Connection,
    /** Latin1: one char, one octet. */
    private line: string,
  ) {
    this.pending = literalAtEnd(line);
  }

  /** Undefined: the client has closed its side. A line that is too long is a command that cannot be parsed. @throws ReadError */
  static async read(connection: Connection): Promise<CommandInput | undefined> {
    const line = await CommandInput.readLine(connection);
    if (line === undefined) return undefined;
    const input = new CommandInput(connection, line ?? '');
    input.isLineOpen = line === null;
    return input;
  }

  /** Null: too long. */
  private static async readLine(connection: Connection): Promise<string | null | undefined> {
    try {
      return (await connection.readLine(MAX_LINE_BYTES))?.latin1Slice();
    } catch (error) {
      if (error instanceof ReadError && error.code === 'line-too-long') return null;
      throw error;
    }
  }

  /** Nothing but blanks; old clients send an empty line behind a literal (Cyrus passes over it too). */
  get isEmpty(): boolean {
    return !this.isLineOpen && this.line.trim() === '';
  }

  /** The command's name in upper case. @throws WireError */
  name(): string {
    this.mustBeWhole();
    const found = /^[A-Za-z]{1,32}(?=$| )/.exec(this.line);
    if (found === null) throw new WireError('Expected a command');
    this.at = found[0].length;
    return found[0].toUpperCase();
  }

  /** Is there another argument? */
  get hasMore(): boolean {
    return this.at < this.line.length;
  }

  /** Exactly one blank. @throws WireError */
  space(): void {
    if (this.line.charCodeAt(this.at) !== BLANK) throw new WireError('Expected a space and an argument');
    this.at++;
  }

  /** A quoted string or a literal, without its blank. @throws WireError, StringTooLong, ReadError */
  string(what: string, maxOctets: number): Buffer | Promise<Buffer> {
    this.mustBeWhole();
    if (this.line[this.at] === '"') return this.quoted(what, maxOctets);
    const isLiteral = this.pending !== undefined && this.line.lastIndexOf('{') === this.at;
    if (!isLiteral) throw new WireError(`Expected ${what} as a string`);
    return this.literal(this.pending!, maxOctets);
  }

  /** RFC 5804 §4: 32 bits, no leading zeros. @throws WireError */
  number(what: string): number {
    const found = /^(?:0|[1-9]\d{0,9})(?=$| )/.exec(this.line.slice(this.at, this.at + 11));
    const value = Number(found?.[0]);
    if (found === null || value > 0xffffffff) throw new WireError(`Expected ${what} as a number`);
    this.at += found[0].length;
    return value;
  }

  /** @throws WireError when something is left */
  end(): void {
    this.mustBeWhole();
    if (this.hasMore) throw new WireError('Too many arguments');
  }

  /** Throws away what has not been read, in bounded memory. @throws TooMuchInput above `maxOctets`; ReadError */
  async finish(maxOctets: number): Promise<void> {
    let left = maxOctets;
    for (;;) {
      if (this.isLineOpen) left -= await skipOpenLine(this.connection, left);
      this.isLineOpen = false;
      if (this.pending === undefined) break;
      if (this.pending > left) throw new TooMuchInput();
      await this.connection.skip(this.pending);
      left -= this.pending + 2;
      await this.nextLine();
    }
    this.at = this.line.length;
  }

  private quoted(what: string, maxOctets: number): Buffer {
    const { text, end } = readQuoted(this.line, this.at);
    if (text === undefined) throw new WireError(`Malformed quoted string for ${what}`);
    if (text.length > maxOctets) throw new StringTooLong(text.length, maxOctets);
    this.at = end;
    return Buffer.from(text, 'latin1');
  }

  private async literal(octets: number, maxOctets: number): Promise<Buffer> {
    if (octets > maxOctets) throw new StringTooLong(octets, maxOctets);
    this.pending = undefined;
    const content = octets === 0 ? Buffer.alloc(0) : Buffer.from(await this.connection.readExactly(octets));
    await this.nextLine();
    return content;
  }

  private async nextLine(): Promise<void> {
    const line = await CommandInput.readLine(this.connection);
    if (line === undefined) throw new ReadError('eof', 'the client closed inside a command');
    this.isLineOpen = line === null;
    this.line = line ?? '';
    this.at = 0;
    this.pending = literalAtEnd(this.line);
  }

  private mustBeWhole(): void {
    if (this.isLineOpen) throw new WireError(`The line is too long, at most ${MAX_LINE_BYTES} octets`);
  }
}

/** How many octets it took. Not `skipLine`, which would read on for as long as somebody sends. */
async function skipOpenLine(connection: Connection, maxOctets: number): Promise<number> {
  for (let skipped = 0; ; ) {
    const bytes = await connection.readSome();
    if (bytes === undefined) throw new ReadError('eof', 'the client closed inside a line');
    const end = bytes.indexOf(10);
    if (end >= 0) {
      if (end + 1 < bytes.length) connection.unread(bytes.subarray(end + 1));
      return skipped + end + 1;
    }
    skipped += bytes.length;
    if (skipped > maxOctets) throw new TooMuchInput();
  }
}
