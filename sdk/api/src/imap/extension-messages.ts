/** What an extension tells of messages, finds them by, sorts them by and changes in them. */

import type { SummaryBatch } from '../contracts/mail-store.js';
import type { SummaryView } from '../message/index.js';
import type { FlagChange } from '../model/flags.js';
import type { NumberSet } from '../model/number-set.js';
import type { SnapshotChunk } from '../model/snapshot.js';
import type { ImapCommandContext } from './extension-commands.js';
import type { CommandLine } from './line.js';
import type { SearchProgram } from './search.js';
import type { ImapSession } from './session.js';

/** What a FETCH item needs to be answered; the fetch engine plans once and streams. */
export interface FetchItem {
  /** `PREVIEW`, `SAVEDATE`, `BINARY`. */
  readonly name: string;
  /** Reads what follows the name: `[…]<…>`, `(LAZY)`. Absent: nothing follows. */
  parse?(line: CommandLine): unknown;
  /** 'index': columns of the snapshot; 'summary': the cold record; 'message': octets too. */
  readonly needs: 'index' | 'summary' | 'message';
  /** Fetching it sets \Seen (RFC 3501 §6.4.5). */
  readonly setsSeen?: boolean;
  /**
   * Items that have one are told in its order, whatever the client's, and behind them the UID that a UID FETCH did not ask for
   * by name: there are clients that know such lines (Gmail's) by pattern.
   */
  readonly rank?: number;
  /**
   * Called once a batch, in UID order: pushes `NAME value` texts (latin1), one a message, '' to leave it out.
   * Async only when it must read messages.
   */
  run(batch: FetchBatch, args: unknown): readonly string[] | Promise<readonly string[]>;
}

/** Up to some hundred messages, side by side. */
export interface FetchBatch {
  readonly session: ImapSession;
  readonly uids: Uint32Array;
  /** Where each is in the view. */
  readonly chunks: readonly SnapshotChunk[];
  readonly at: Uint16Array;
  /** For needs 'summary' and 'message'. */
  readonly summaries: SummaryBatch | undefined;
}

/** A search key; evaluated in order of cost, on ever fewer messages. */
export interface SearchKey {
  readonly name: string;
  parse(line: CommandLine, isUid: boolean): unknown;
  readonly needs: 'index' | 'summary' | 'message';
  /** For 'index': does the message at chunk[at] match? */
  matchIndex?(session: ImapSession, chunk: SnapshotChunk, at: number, args: unknown): boolean;
  /** Instead of `matchIndex`, where something is to be worked out once a search: answers the test. */
  prepareIndex?(session: ImapSession, args: unknown): (chunk: SnapshotChunk, at: number) => boolean;
  matchSummary?(session: ImapSession, summary: SummaryView, args: unknown): boolean;
  matchMessage?(session: ImapSession, uid: number, summary: SummaryView, args: unknown): Promise<boolean>;
  /** The key stands for others: their text as in a command (latin1), strings as literals where they must be. Then nothing else is asked. */
  standsFor?(args: unknown): string;
  /** The key stands before another one and changes what that means (FUZZY, RFC 6203); `parse` and `needs` do not count then. */
  wrap?(key: SearchProgram): SearchProgram;
  /**
   * The key stands for criteria that are kept elsewhere (FILTER, RFC 5466): asked once a search, before anything is looked
   * at. What comes back may hold such keys again: `round` counts from 0. @throws MailError, ImapRefusal
   */
  expand?(session: ImapSession, args: unknown, round: number): Promise<SearchProgram>;
}

/** A criterion of SORT that sorts by texts which are kept beside the messages: `SORT (ANNOTATION /comment value.priv) …`. */
export interface SortKey {
  readonly name: string;
  /** Reads what follows the name, with the space before it. */
  parse(line: CommandLine): unknown;
  /** A message's text can change while it is there: see `ResultOrder`. */
  readonly isVolatile: boolean;
  /**
   * Texts as they are, UID → text, of those that have one; whoever sorts applies the comparator. Called once a command, with
   * any number of UIDs: give others their turns.
   */
  load(session: ImapSession, uids: NumberSet, args: unknown): Promise<ReadonlyMap<number, string>>;
}

/** What STORE can change beside FLAGS, `+NAME value`: what it comes to in flags, or something that is no flag. */
export interface StoreItem {
  /** `X-GM-LABELS`. */
  readonly name: string;
  /** Reads the value, behind the space. */
  parse(line: CommandLine): unknown;
  /** Done one after another for all messages of the command. @throws MailError to refuse */
  changes?(session: ImapSession, mode: FlagChange['mode'], args: unknown): readonly FlagChange[];
  /**
   * Instead of `changes`: does it. Without flags there is nothing for the client to be told but mod-sequences. Answers those
   * that failed the UNCHANGEDSINCE test, which only the store can make (RFC 7162 §3.1.3). @throws MailError
   */
  store?(
    context: ImapCommandContext,
    uids: NumberSet,
    mode: FlagChange['mode'],
    args: unknown,
    unchangedSince: number | undefined,
  ): Promise<NumberSet>;
}
