/** Searching as a service to extensions (SORT, THREAD, SEARCHRES, …): the same keys, the same engine as SEARCH. */
import type { MailboxEntry } from '../contracts/catalogue.js';
import { type Contract, contract } from '../di.js';
import type { CollationName } from '../message/index.js';
import type { NumberSet } from '../model/number-set.js';
import type { ImapCommandContext } from './extension-commands.js';
import type { ReturningCommand, SearchResult } from './extension-results.js';
import type { CommandLine } from './line.js';
import type { ImapSession } from './session.js';

/** Search criteria, parsed; opaque, made by `ImapSearch.parse`. */
export interface SearchProgram {
  /** Some key was MODSEQ: results tell the highest mod-sequence (RFC 7162 §3.1.5). */
  readonly usesModSeq: boolean;
  /** Some key was a set of sequence numbers: `ImapCommand.hasNumbers` of the command it belongs to. */
  readonly usesNumbers: boolean;
  /** Some key is FUZZY: results have scores (RFC 6203 §4). */
  readonly isFuzzy: boolean;
}

/** What `RETURN (…)` asked for; opaque, made by `ImapSearch.parseReturn`. */
export interface ReturnRequest {
  /** Upper case, in the order asked. */
  readonly names: readonly string[];
}

/** How a program is run. */
export interface SearchOptions {
  /** Of the strings in the program; undefined: UTF-8 where they are, else windows-1252. */
  readonly charset?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Only among these indexes. */
  readonly within?: NumberSet | undefined;
  /** Filled with the relevancy of what matches, by index. */
  readonly scores?: Map<number, number> | undefined;
}

/** The search engine of the IMAP plugin, for extensions that build on it. */
export interface ImapSearch {
  /**
   * `search-key *(SP search-key)` up to where no space follows. @throws ImapSyntaxError
   */
  parse(line: CommandLine, isUid: boolean): SearchProgram;
  /** The same of a text that has been kept somewhere, UTF-8 as latin1. @throws ImapSyntaxError */
  parseText(text: string): SearchProgram;
  /**
   * Indexes into `session.selected.view` of what matches, without messages that are gone. Heavy work is sliced, so that
   * other sessions go on.
   * @throws MailError BADCHARSET; what a key throws that stands for others; what `signal` was aborted with.
   */
  evaluate(session: ImapSession, program: SearchProgram, options?: SearchOptions): Promise<NumberSet>;
  /** `RETURN (…)` and the space behind it, if that is what follows. @throws ImapSyntaxError for unknown options */
  parseReturn(line: CommandLine, command: ReturningCommand): ReturnRequest | undefined;
  /** `RETURN (ALL)`, for commands that always answer with ESEARCH. */
  returnAll(command: ReturningCommand): ReturnRequest;
  /** @throws ImapSyntaxError when an option cannot be asked of this program (in `parse`) */
  checkReturn(request: ReturnRequest, program: SearchProgram): void;
  /**
   * First thing in `run`; a MODSEQ key enables CONDSTORE (RFC 7162 §3.1).
   * @throws ImapSyntaxError when an option cannot be asked in this session
   */
  admit(context: ImapCommandContext, program: SearchProgram, request: ReturnRequest | undefined): void;
  /**
   * The ESEARCH response (RFC 4731 §3.1) and what else the options do.
   * @param mailbox ESEARCH: the mailbox that `session` looks into; adds its correlators (RFC 7377 §2.1). `isSilent`: nothing is
   * written, what the options do beside that is done.
   */
  answer(
    context: ImapCommandContext,
    request: ReturnRequest,
    found: FoundMessages,
    mailbox?: { readonly session: ImapSession; readonly isSilent?: boolean },
  ): Promise<void>;
  /** Whatever `run` throws passes here: when it is a NO to a command with SAVE, `$` is empty (RFC 5182 §2.1). */
  failed(context: ImapCommandContext, request: ReturnRequest | undefined, error: unknown): void;
  /**
   * A session like this one whose selected mailbox is another one, for `evaluate` and `answer`: nothing is claimed, told or
   * changed. @throws MailError NONEXISTENT
   */
  lookInto(session: ImapSession, mailbox: MailboxEntry): Promise<ImapSession>;
  /** What the client chose with COMPARATOR (RFC 5255 §4.7); undefined: the default, as the store's keys are. */
  collation(session: ImapSession): CollationName | undefined;
}

/** A result with what led to it. */
export interface FoundMessages extends SearchResult {
  readonly program: SearchProgram;
  readonly charset: string | undefined;
}

/** Provided by the plugin `imap`. */
export const IMAP_SEARCH: Contract<ImapSearch> = contract('imap-search', 1);
