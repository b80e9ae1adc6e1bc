/**
 * A command as it comes from the client: lines, and literals between them (RFC 3501 §4.3, RFC 7888).
 * Key rule: a literal is asked for (`+`) or loaded when a rule of the grammar wants it, and within bounds; the parse is run
 * again then. So a wrong line is refused before its literal, and whatever a client sends, memory is bounded.
 * What a refused command leaves on the wire is taken off by `finish`.
 */
import { type CommandLine, type Connection, ImapSyntaxError, ReadError } from '@angarium/sdk';
import {
  LITERAL_OVERHEAD_BYTES,
  MAX_LINE_BYTES,
  MAX_LITERAL_MINUS_BYTES,
  MAX_PARSES_PER_COMMAND,
} from '../limits.js';
import { type ArgumentOptions, Arguments } from './arguments.js';
import { LiteralWanted, type Segment } from './cursor.js';
import { type LiteralHead, literalHead } from './literal.js';

export interface LineOptions extends ArgumentOptions {
  /** Literals of one command that are held in memory together. */
  readonly maxLiteralBytes: number;
  /** What is read and thrown away of a refused command, before the session is ended. */
  readonly maxSkippedBytes: number;
  /** 'LITERAL-' bounds literals that come unasked. */
  readonly literals: 'LITERAL+' | 'LITERAL-';
}

/** More than anybody wants to throw away: the session ends. */
export class TooMuchInput extends Error {
  override readonly name = 'TooMuchInput';
}

/** A literal above a bound: BAD for one that came unasked (RFC 7888 §5), NO for one that was not asked for. */
export class LiteralRefused extends Error {
  override readonly name = 'LiteralRefused';
  constructor(readonly kind: 'NO' | 'BAD') {
    super('The literal is too big');
  }
}

/** A line that has been read, and why it cannot be right. */
interface RawLine {
  readonly text: string;
  /** The literal that it announces; undefined for none. */
  readonly literal: LiteralHead | undefined;
  /** Octets on the wire, without the line's end; at least. */
  readonly length: number;
  /** Where in the line, and what. Thrown when the parse begins, since the line's literals have to be seen first. */
  readonly fault: { readonly at: number; readonly text: string } | undefined;
}

function rawLine(bytes: Buffer): RawLine {
  const text = bytes.latin1Slice();
  const literal = literalHead(text);
  // A CHAR is never NUL (RFC 3501 §9, note 3).
  const nul = bytes.indexOf(0);
  const own = literal === undefined ? text : text.slice(0, text.length - literal.length);
  const fault = nul < 0 ? undefined : { at: nul, text: 'NUL is not allowed' };
  return { text: own, literal, length: bytes.length, fault };
}

/** What is kept of a line that is too long: its beginning, for the tag, and its end, for the literal it may announce. */
const KEPT_BYTES = 256;

async function longLine(connection: Connection): Promise<RawLine> {
  let head: Buffer | undefined;
  let tail: Buffer = Buffer.alloc(0);
  for (;;) {
    const bytes = await connection.readSome();
    if (bytes === undefined) throw new ReadError('eof', 'the client closed inside a line');
    const lineFeed = bytes.indexOf(10);
    const own = lineFeed < 0 ? bytes : bytes.subarray(0, lineFeed);
    head ??= Buffer.from(own.subarray(0, KEPT_BYTES));
    tail = Buffer.concat([tail, own.subarray(-KEPT_BYTES)]).subarray(-KEPT_BYTES);
    if (lineFeed < 0) continue;
    if (lineFeed + 1 < bytes.length) connection.unread(Buffer.from(bytes.subarray(lineFeed + 1)));
    const literal = literalHead(tail.latin1Slice().replace(/\r$/, ''));
    const fault = { at: MAX_LINE_BYTES, text: 'The line is too long' };
    return { text: head.latin1Slice(), literal, length: MAX_LINE_BYTES, fault };
  }
}

async function readRawLine(connection: Connection): Promise<RawLine | undefined> {
  try {
    const bytes = await connection.readLine(MAX_LINE_BYTES);
    return bytes === undefined ? undefined : rawLine(bytes);
  } catch (error) {
    if (error instanceof ReadError && error.code === 'line-too-long') return longLine(connection);
    throw error;
  }
}

function segmentOf({ text, literal }: RawLine, start: number): Segment {
  return { text, literal, data: undefined, start };
}

function faultOf({ fault }: RawLine, start: number): ImapSyntaxError | undefined {
  return fault === undefined ? undefined : new ImapSyntaxError(fault.text, start + fault.at);
}

export class WireLine extends Arguments implements CommandLine {
  /** Octets of the command so far, for positions. */
  private total: number;
  /** Octets behind the first line that are held in memory. */
  private held = 0;
  /** Of the last literal: not yet read from the connection. Infinity for one that is refused by its size alone. */
  private left: number;
  private isAskedFor = false;
  private isStreaming = false;
  private fault: ImapSyntaxError | undefined;

  private constructor(
    private readonly connection: Connection,
    first: RawLine,
    private readonly lineOptions: LineOptions,
  ) {
    super([segmentOf(first, 0)], lineOptions);
    this.fault = faultOf(first, 0);
    this.total = first.length;
    this.left = first.literal?.size ?? 0;
  }

  /** The next command, when its first line is buffered already: for pipelines, without a promise. */
  static tryRead(connection: Connection, options: LineOptions): WireLine | undefined {
    const bytes = connection.tryReadLine(MAX_LINE_BYTES);
    return bytes === undefined ? undefined : new WireLine(connection, rawLine(bytes), options);
  }

  /** The next command; undefined when the client has closed its side. @throws ReadError */
  static async read(connection: Connection, options: LineOptions): Promise<WireLine | undefined> {
    const line = await readRawLine(connection);
    return line === undefined ? undefined : new WireLine(connection, line, options);
  }

  private get last(): Segment {
    return this.segments[this.segments.length - 1]!;
  }

  /** Nothing of this command is left on the wire. */
  get isComplete(): boolean {
    return this.last.literal === undefined;
  }

  /**
   * Runs a pure function of this line from where the line is now; only a command with literals costs a promise.
   * @param mayLoadAll false for `streaming` commands.
   */
  parse<T>(parse: () => T, mayLoadAll: boolean): T | Promise<T> {
    if (this.fault !== undefined) throw this.fault;
    return this.isComplete ? parse() : this.parseAndLoad(parse, mayLoadAll);
  }

  readOn<T>(parse: () => T): Promise<T> {
    return this.parseAndLoad(parse, false);
  }

  private async parseAndLoad<T>(parse: () => T, mayLoadAll: boolean): Promise<T> {
    const start = this.mark();
    for (let run = 1; ; run++) {
      try {
        return parse();
      } catch (error) {
        if (!(error instanceof LiteralWanted)) throw error;
      }
      do await this.load();
      while (mayLoadAll && run >= MAX_PARSES_PER_COMMAND && !this.isComplete);
      this.restart(start);
    }
  }

  literalStream(): {
    readonly size: number;
    readonly isBinary: boolean;
    readonly bytes: AsyncIterable<Buffer>;
  } {
    const { literal } = this.last;
    if (!this.isAtLiteral || literal === undefined || this.isStreaming) return this.fail('a literal');
    this.checkUnasked(literal);
    this.isStreaming = true;
    return { size: literal.size, isBinary: literal.isBinary, bytes: this.stream(literal) };
  }

  async more(): Promise<void> {
    const { literal } = this.last;
    if (literal === undefined || !this.isAtLiteral)
      throw new Error('more() without a literal that was streamed');
    if (!this.isAskedFor) this.ask(literal);
    if (this.left > 0) await this.skipLeft();
    this.last.data = '';
    await this.nextLine();
    this.checkLine();
    this.advance();
  }

  /** Takes what is left of this command off the wire. @throws TooMuchInput, ReadError */
  async finish(): Promise<void> {
    let budget = this.lineOptions.maxSkippedBytes;
    for (let last = this.last; last.literal !== undefined; last = this.last) {
      // It has not been asked for, and the tagged reply tells the client not to send it (RFC 3501 §7.5).
      if (last.literal.isSync && !this.isAskedFor) return;
      budget -= this.left + LITERAL_OVERHEAD_BYTES;
      if (budget < 0) throw new TooMuchInput('The command is too big');
      await this.skipLeft();
      await this.nextLine();
      budget -= this.last.text.length;
      // Only its literal matters from here on.
      this.segments.splice(0, this.segments.length - 1);
    }
  }

  private async *stream(literal: LiteralHead): AsyncGenerator<Buffer, void, undefined> {
    this.ask(literal);
    for await (const chunk of this.connection.readStream(literal.size)) {
      this.left -= chunk.length;
      yield chunk;
    }
  }

  /** Reads the last literal and the line behind it into memory. */
  private async load(): Promise<void> {
    const segment = this.last;
    const { literal } = segment;
    if (literal === undefined) throw new Error('a literal is wanted where none is');
    if (this.isStreaming) throw new Error('a literal that is streamed is wanted as a string');
    this.checkUnasked(literal);
    this.held += literal.size + LITERAL_OVERHEAD_BYTES;
    if (this.held > this.lineOptions.maxLiteralBytes) throw new LiteralRefused(literal.isSync ? 'NO' : 'BAD');
    this.ask(literal);
    const bytes = await this.connection.readExactly(literal.size);
    this.left = 0;
    const nul = literal.isBinary ? -1 : bytes.indexOf(0);
    segment.data = bytes.latin1Slice();
    if (nul >= 0) throw new ImapSyntaxError('NUL is not allowed in a literal', this.total + 2 + nul);
    await this.nextLine();
    this.checkLine();
  }

  private checkUnasked(literal: LiteralHead): void {
    if (literal.isSync || this.lineOptions.literals === 'LITERAL+') return;
    if (literal.size > MAX_LITERAL_MINUS_BYTES) throw new LiteralRefused('BAD');
  }

  private ask(literal: LiteralHead): void {
    if (this.isAskedFor) return;
    this.isAskedFor = true;
    if (!literal.isSync) return;
    this.connection.write('+ OK\r\n');
    this.connection.flush();
  }

  private async skipLeft(): Promise<void> {
    const { left } = this;
    this.left = 0;
    if (left > 0) await this.connection.skip(left);
  }

  /** The line behind a literal. What is wrong with it is noted in `fault`. */
  private async nextLine(): Promise<void> {
    const start = this.total + 2 + (this.last.literal?.size ?? 0);
    const line = await readRawLine(this.connection);
    if (line === undefined) throw new ReadError('eof', 'the client closed inside a command');
    this.segments.push(segmentOf(line, start));
    this.total = start + line.length;
    this.held += line.length;
    this.left = line.literal?.size ?? 0;
    this.isAskedFor = false;
    this.isStreaming = false;
    this.fault = faultOf(line, start);
  }

  private checkLine(): void {
    if (this.fault !== undefined) throw this.fault;
    if (this.held > this.lineOptions.maxLiteralBytes + MAX_LINE_BYTES) throw new LiteralRefused('BAD');
  }
}
