import type { SieveProblem } from '@angarium/sdk';

/** Where something stands in a script; both count from 1, columns are characters. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A mistake in a script. The lexer and the parser throw it; the compiler gathers several. */
export class SieveError extends Error {
  override readonly name = 'SieveError';

  constructor(
    message: string,
    readonly at: Position,
  ) {
    super(message);
  }

  get problem(): SieveProblem {
    return { line: this.at.line, column: this.at.column, message: this.message };
  }
}

/** What goes wrong while a script runs (RFC 5228 §2.10.6): the message is kept. */
export class SieveRuntimeError extends Error {
  override readonly name = 'SieveRuntimeError';
}
