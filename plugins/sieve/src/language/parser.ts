/** Scripts to trees by the grammar of RFC 5228 §8.2; what commands mean is the compiler's. */
import type { Argument, CommandNode, StringArgument, TestNode } from './ast.js';
import { Lexer, type Token } from './lexer.js';
import { type Position, SieveError } from './problem.js';

/** Blocks in blocks, tests in tests (RFC 5228 §2.10.5 asks for 15 at least). */
const MAX_DEPTH = 32;
/** Of one list of strings. */
const MAX_STRINGS = 4096;

/** @throws SieveError at the first mistake. */
export function parseScript(text: string): readonly CommandNode[] {
  return new Parser(new Lexer(text)).script();
}

/** UTF-8 (RFC 5228 §2.1), with or without a byte order mark. @throws SieveError */
export function decodeScript(octets: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch {
    throw new SieveError('the script is not UTF-8', firstBadLine(octets));
  }
}

function firstBadLine(octets: Uint8Array): Position {
  const lines = Buffer.from(octets).toString('latin1').split('\n');
  const index = lines.findIndex((line) => {
    const bytes = Buffer.from(line, 'latin1');
    return !bytes.equals(Buffer.from(bytes.toString('utf8'), 'utf8'));
  });
  return { line: Math.max(index, 0) + 1, column: 1 };
}

class Parser {
  private token: Token;

  constructor(private readonly lexer: Lexer) {
    this.token = lexer.next();
  }

  script(): CommandNode[] {
    const commands: CommandNode[] = [];
    while (this.token.kind !== 'end') commands.push(this.command(0));
    return commands;
  }

  private command(depth: number): CommandNode {
    this.checkDepth(depth);
    const { token } = this;
    if (token.kind !== 'identifier') throw this.unexpected('a command');
    this.advance();
    const rest = this.argumentsAndTests(depth);
    const head = { name: token.text, at: token.at, ...rest };
    if (this.takes(';')) return { ...head, block: undefined };
    if (!this.takes('{')) throw this.unexpected(`";" or "{" after ${token.text}`);
    const block: CommandNode[] = [];
    while (!this.takes('}')) block.push(this.command(depth + 1));
    return { ...head, block };
  }

  private argumentsAndTests(depth: number) {
    const args: Argument[] = [];
    for (let one = this.argument(); one !== undefined; one = this.argument()) args.push(one);
    if (this.token.kind === 'identifier') return { args, tests: [this.test(depth + 1)], isTestList: false };
    if (!this.takes('(')) return { args, tests: [], isTestList: false };
    const tests = [this.test(depth + 1)];
    while (!this.takes(')')) {
      if (!this.takes(',')) throw this.unexpected('"," or ")" in a list of tests');
      tests.push(this.test(depth + 1));
    }
    return { args, tests, isTestList: true };
  }

  private test(depth: number): TestNode {
    this.checkDepth(depth);
    const { token } = this;
    if (token.kind !== 'identifier') throw this.unexpected('a test');
    this.advance();
    return { name: token.text, at: token.at, ...this.argumentsAndTests(depth) };
  }

  private argument(): Argument | undefined {
    const { token } = this;
    if (token.kind === 'string') {
      this.advance();
      return token;
    }
    if (token.kind === 'number') {
      this.advance();
      return token;
    }
    if (token.kind === 'tag') {
      this.advance();
      return { kind: 'tag', name: token.text, at: token.at };
    }
    if (!this.takes('[')) return undefined;
    return { kind: 'strings', values: this.strings(), at: token.at };
  }

  /** After the bracket; the grammar has no empty list. */
  private strings(): StringArgument[] {
    const values: StringArgument[] = [];
    do {
      const { token } = this;
      if (token.kind !== 'string') throw this.unexpected('a string');
      if (values.length === MAX_STRINGS) throw new SieveError('the list has too many strings', token.at);
      values.push(token);
      this.advance();
    } while (this.takes(','));
    if (!this.takes(']')) throw this.unexpected('"," or "]" in a list of strings');
    return values;
  }

  private takes(special: string): boolean {
    if (this.token.kind !== 'special' || this.token.text !== special) return false;
    this.advance();
    return true;
  }

  private advance(): void {
    this.token = this.lexer.next();
  }

  private checkDepth(depth: number): void {
    if (depth > MAX_DEPTH) throw new SieveError('nested too deeply', this.token.at);
  }

  private unexpected(wanted: string): SieveError {
    return new SieveError(`expected ${wanted}, found ${shown(this.token)}`, this.token.at);
  }
}

function shown(token: Token): string {
  if (token.kind === 'end') return 'the end of the script';
  if (token.kind === 'number') return `the number ${token.value}`;
  if (token.kind === 'string') return 'a string';
  return JSON.stringify(token.text);
}
