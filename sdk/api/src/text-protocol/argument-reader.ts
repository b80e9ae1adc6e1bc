/** Reads the arguments of a command line. Text is latin1: one char, one octet. */

/** The line is no command of this grammar. The text says what was expected; it may be shown to the client. */
export class CommandSyntaxError extends Error {
  override readonly name = 'CommandSyntaxError';
}

/** `expectX` throws CommandSyntaxError, `tryX` consumes nothing when there is no X. */
export class ArgumentReader {
  private position: number;

  /** @param from index of the first character after the command's name. */
  constructor(
    readonly line: string,
    from = 0,
  ) {
    this.position = from;
  }

  /** Anything but blanks left? */
  get isAtEnd(): boolean {
    return this.skipBlanks() >= this.line.length;
  }

  /** The next word, up to a blank. */
  tryWord(): string | undefined {
    const start = this.skipBlanks();
    if (start >= this.line.length) return undefined;
    let end = start;
    while (end < this.line.length && !isBlank(this.line.charCodeAt(end))) end++;
    this.position = end;
    return this.line.slice(start, end);
  }

  expectWord(what: string): string {
    const word = this.tryWord();
    if (word === undefined) throw new CommandSyntaxError(`${what} expected`);
    return word;
  }

  /** A decimal number without sign, 0 to `max`. */
  expectNumber(what: string, max = 0xffffffff): number {
    const word = this.expectWord(what);
    if (!/^[0-9]{1,15}$/.test(word) || Number(word) > max) {
      throw new CommandSyntaxError(`${what} must be a number up to ${max}`);
    }
    return Number(word);
  }

  /** Exactly this text, without regard to case; blanks before it are passed over. */
  tryText(text: string): boolean {
    const start = this.skipBlanks();
    if (this.line.slice(start, start + text.length).toUpperCase() !== text.toUpperCase()) return false;
    this.position = start + text.length;
    return true;
  }

  /** Everything that is left, blanks included, but for the one blank that separates it from what came before. */
  rest(): string {
    const start = isBlank(this.line.charCodeAt(this.position)) ? this.position + 1 : this.position;
    this.position = this.line.length;
    return this.line.slice(start);
  }

  /** @throws CommandSyntaxError when something is left. */
  expectEnd(): void {
    if (!this.isAtEnd) throw new CommandSyntaxError('Too many arguments');
  }

  private skipBlanks(): number {
    while (isBlank(this.line.charCodeAt(this.position))) this.position++;
    return this.position;
  }
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}
