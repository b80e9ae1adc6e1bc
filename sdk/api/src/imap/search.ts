/** Searching as a service to extensions (SORT, THREAD, SEARCHRES, …): the same keys, the same engine as SEARCH. */
import { type Contract, contract } from '../di.js';
import type { NumberSet } from '../model/number-set.js';
import type { CommandLine } from './line.js';
import type { ImapSession } from './session.js';

/** Search criteria, parsed; opaque, made by `ImapSearch.parse`. */
export interface SearchProgram {
  /** Some key was MODSEQ: results tell the highest mod-sequence (RFC 7162 §3.1.5). */
  readonly usesModSeq: boolean;
  /** Some key was a set of sequence numbers: `ImapCommand.hasNumbers` of the command it belongs to. */
  readonly usesNumbers: boolean;
}

/** The search engine of the IMAP plugin, for extensions that build on it. */
export interface ImapSearch {
  /**
   * `search-key *(SP search-key)` up to where no space follows. @throws ImapSyntaxError
   */
  parse(line: CommandLine, isUid: boolean): SearchProgram;
  /**
   * Indexes into `session.selected.view` of what matches, without messages that are gone. Heavy work is sliced, so that
   * other sessions go on. @param charset of the strings in the program; undefined: UTF-8 where they are, else windows-1252
   * @throws MailError BADCHARSET; what `signal` was aborted with.
   */
  evaluate(
    session: ImapSession,
    program: SearchProgram,
    options?: {
      readonly charset?: string | undefined;
      readonly signal?: AbortSignal | undefined;
      /** Only among these indexes. */
      readonly within?: NumberSet | undefined;
    },
  ): Promise<NumberSet>;
}
/** Provided by the plugin `imap`. */
export const IMAP_SEARCH: Contract<ImapSearch> = contract('imap-search', 1);
