/** A script as it was written (RFC 5228 §8.2). */
import type { Position } from './problem.js';

/** Names of commands, tests and tags are lower case, tags with their colon. */
export type Argument =
  | { readonly kind: 'string'; readonly value: string; readonly at: Position }
  | { readonly kind: 'strings'; readonly values: readonly StringArgument[]; readonly at: Position }
  | { readonly kind: 'number'; readonly value: number; readonly at: Position }
  | { readonly kind: 'tag'; readonly name: string; readonly at: Position };

/** One string, alone or in a list. */
export type StringArgument = Extract<Argument, { kind: 'string' }>;

/** A test with its arguments. */
export interface TestNode {
  readonly name: string;
  readonly args: readonly Argument[];
  /** `not TEST` has one, `allof (TEST, …)` a list. */
  readonly tests: readonly TestNode[];
  readonly isTestList: boolean;
  readonly at: Position;
}

/** A command; `block` is absent where a semicolon ends it. */
export interface CommandNode extends TestNode {
  readonly block: readonly CommandNode[] | undefined;
}
