/** What searching commands answer: `RETURN (…)`. */

import type { NumberSet } from '../model/number-set.js';
import type { ImapCommandContext } from './extension-commands.js';
import type { CommandLine } from './line.js';
import type { SearchProgram } from './search.js';
import type { ImapSession } from './session.js';

/** The commands that know RETURN (RFC 4466 §2.6.1, RFC 5267 §3, RFC 7377 §2). */
export type ReturningCommand = 'SEARCH' | 'SORT' | 'ESEARCH';

/** A word of `RETURN (…)`: what a searching command is to answer, or to do, with what it has found. */
export interface ReturnOption {
  readonly name: string;
  readonly commands: readonly ReturningCommand[];
  /** Reads what follows the name, with the space before it. Absent: nothing follows. */
  parse?(line: CommandLine): unknown;
  /** Options, this one possibly among them, that must not stand beside it. */
  readonly excludes?: readonly string[];
  /** Nothing is told of the result for its sake: alone it gets no ESEARCH response (SAVE, RFC 5182 §2.1). */
  readonly isSilent?: boolean;
  /** Text of a syntax error when it cannot be asked of this program. */
  refuse?(program: SearchProgram): string | undefined;
  /** Before anything is looked for. @throws ImapSyntaxError when the session is not one for it */
  refuseUse?(command: ImapCommandContext): void;
  /**
   * Which results it is about, as pairs of positions (0-based, inclusive) among `count`: MODSEQ and SAVE are about what all
   * options together are about (RFC 4731 §3.2, RFC 5182 §2.4). Absent: it does not narrow them.
   */
  covers?(count: number, args: unknown): readonly (readonly [number, number])[];
  /** `NAME value` for the ESEARCH response, latin1; '' to leave it out. */
  tell?(context: ReturnContext, args: unknown): string;
  /** Once the response has been written. */
  after?(context: ReturnContext, args: unknown): void | Promise<void>;
}

/** A searching command that has found what it will answer. */
export interface ReturnContext {
  readonly command: ImapCommandContext;
  /** The command's session, or (ESEARCH) that of another mailbox: see `ImapSearch.lookInto`. */
  readonly session: ImapSession;
  readonly program: SearchProgram;
  readonly charset: string | undefined;
  readonly result: SearchResult;
  /** The same by position. */
  readonly results: ResultList;
  /** What all options together are about. */
  readonly covered: NumberSet;
}

/** Results in their order, counted from 0; numbers are UIDs or sequence numbers, as the command has it. */
export interface ResultList {
  readonly count: number;
  readonly isUid: boolean;
  /** @throws RangeError outside 0…count-1. */
  numberAt(position: number): number;
  /** sequence-set of these positions (inclusive) in their order (RFC 5267 §3.2). */
  setText(from: number, to: number): string;
  /** Indexes into the view. */
  indexesAt(from: number, to: number): NumberSet;
}

/** What a search found. */
export interface SearchResult {
  /** Into `session.selected.view`. */
  readonly indexes: NumberSet;
  /** SORT: the same in order. Absent: mailbox order. */
  readonly order?: ResultOrder;
  /** Relevancy, 1 to 100, by index; for programs with a FUZZY key (RFC 6203 §4). */
  readonly scores?: ReadonlyMap<number, number>;
}

/** The order of a SORT, for those who keep it up to date (RFC 5267). */
export interface ResultOrder {
  readonly indexes: Uint32Array;
  /** A message's place can change while it is there (MODSEQ). */
  readonly isVolatile: boolean;
  /** Where each of these messages belongs among `sorted` (UIDs in order): how many come before it. Absent: not to be told. */
  places?(
    session: ImapSession,
    sorted: ArrayLike<number>,
    uids: readonly number[],
  ): Promise<readonly number[]>;
}
