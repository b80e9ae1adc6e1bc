/** Where IMAP grows: everything an extension may add, and nothing about how the plugin `imap` works inside. */

import type { CreateMailbox, MailboxEntry } from '../contracts/catalogue.js';
import type { AppendItem, MailboxStatus, SummaryBatch } from '../contracts/mail-store.js';
import { type Contract, contract } from '../di.js';
import type { SummaryView } from '../message/index.js';
import type { FlagChange } from '../model/flags.js';
import type { MailboxName } from '../model/mailbox-name.js';
import type { NumberSet } from '../model/number-set.js';
import type { SnapshotChunk } from '../model/snapshot.js';
import type { CommandLine, SequenceSet } from './line.js';
import type { SearchProgram } from './search.js';
import type { ImapReply, ImapSession, ImapState } from './session.js';

/** Provided by the plugin `imap`; add in `start()`. */
export const IMAP_EXTENSIONS: Contract<ImapExtensions> = contract('imap-extensions', 1);

/** The registry of IMAP extensions. */
export interface ImapExtensions {
  /** All that are there now, the built-in ones too. */
  readonly extensions: readonly ImapExtension[];
  add(extension: ImapExtension): Disposable;
}

/** All of one extension, so that it can be read, removed or added in one place. Every list may be absent. */
export interface ImapExtension {
  /** `QUOTA`, for logs and errors. */
  readonly name: string;
  readonly capabilities?: readonly Capability[];
  // biome-ignore lint/suspicious/noExplicitAny: each command's argument type is its own
  readonly commands?: readonly ImapCommand<any>[];
  readonly fetchItems?: readonly FetchItem[];
  readonly searchKeys?: readonly SearchKey[];
  readonly storeItems?: readonly StoreItem[];
  readonly sortKeys?: readonly SortKey[];
  readonly returnOptions?: readonly ReturnOption[];
  readonly statusItems?: readonly StatusItem[];
  readonly listOptions?: readonly ListOption[];
  /** Parameters in parentheses: `SELECT box (CONDSTORE)`, `STORE 1 (UNCHANGEDSINCE 5) …`, `FETCH … (CHANGEDSINCE 5)`. */
  readonly parameters?: readonly CommandParameter[];
  readonly enable?: readonly EnableFeature[];
  readonly updateFilters?: readonly UpdateFilter[];
  /**
   * SELECT and EXAMINE, with or without parameters: the mailbox is open, what parameters ask for comes after this. The place
   * for untagged OKs with a response code, and for warnings.
   */
  onSelect?(session: ImapSession, reply: ImapReply): void | Promise<void>;
  readonly guards?: readonly CommandGuard[];
  readonly translations?: readonly Translation[];
}

/** A word of CAPABILITY; computed for the session's state, so that what is advertised is what is there. */
export interface Capability {
  readonly word: string;
  /** Instead of `word`, where it has a value or there are several: `APPENDLIMIT=…`, `AUTH=…`. */
  readonly words?: (session: ImapSession) => readonly string[];
  /** Absent: in all states. */
  readonly states?: readonly ImapState[];
  readonly isOffered?: (session: ImapSession) => boolean;
}

/** The four steps of a command: parse the whole line, check state, call the store, write. */
export interface ImapCommand<A> {
  /** `MOVE`; the UID form shares the declaration. */
  readonly name: string;
  readonly rfc: string;
  readonly states: readonly ImapState[];
  /** `UID NAME` exists too. */
  readonly hasUidForm?: boolean;
  /** Its arguments or results are sequence numbers: it may not run while another command could expunge. */
  readonly usesNumbers?: boolean;
  /** EXPUNGE may be sent when it ends (RFC 3501 §7.4.1: not during FETCH, STORE, SEARCH). Default true; UID forms: true. */
  readonly mayExpunge?: boolean;
  /**
   * The arguments of the UID form have sequence numbers in them (UID SEARCH 1:5): no EXPUNGE then (RFC 9051 §7.5.1), and
   * nothing for clients that have given numbers up (RFC 9586).
   */
  hasNumbers?(args: A): boolean;
  /** Reads literals as they come: `parse` ends where the first of them begins (`line.isAtLiteral`) and `run` reads on to the end. */
  readonly streaming?: boolean;
  /** Refused until TLS is in place where passwords must not travel in the clear (LOGIN). */
  readonly needsPrivacy?: boolean;
  /**
   * Begins right behind the name (mostly with `line.sp()`); the dispatcher checks that the line ends where it ends. Pure, and
   * must not see the session: it can be run again when a literal has come.
   */
  parse(line: CommandLine, isUid: boolean): A;
  run(context: ImapCommandContext, args: A): Promise<void>;
}

/** What a command's `run` is given. */
export interface ImapCommandContext {
  readonly session: ImapSession;
  readonly reply: ImapReply;
  readonly isUid: boolean;
  readonly tag: string;
  /** `streaming` commands only. */
  readonly line: CommandLine;
  /** Aborted when the connection ends. */
  readonly signal: AbortSignal;
  /** Work to be done when the tagged reply has been written: STARTTLS, COMPRESS. */
  afterReply(work: () => void | Promise<void>): void;
}

/** Keeps A inferred from `parse` to `run`. */
export function defineImapCommand<A>(command: ImapCommand<A>): ImapCommand<A> {
  return command;
}

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

/** An item of STATUS and of what builds on it. */
export interface StatusItem {
  readonly name: string;
  /** The value's text, or undefined to leave it out. */
  value(
    session: ImapSession,
    mailbox: MailboxEntry,
    status: MailboxStatus,
  ): string | undefined | Promise<string | undefined>;
}

/**
 * An option of LIST (RFC 5258): selection options say which names are listed, return options what is told of them. All but `names`
 * is called for a slice of the mailboxes at a time, in the order in which they are listed.
 */
export interface ListOption {
  readonly name: string;
  readonly place: 'selection' | 'return';
  /**
   * 'base' (default) can stand beside RECURSIVEMATCH, which asks whether something below meets it; 'independent' options (REMOTE)
   * and 'modifier's (RECURSIVEMATCH) cannot make a selection of that sort (RFC 5258 §6).
   */
  readonly kind?: 'base' | 'independent' | 'modifier';
  /** Selection: the return option that comes with it, without arguments. */
  readonly implies?: string;
  /** Return: its attributes are told in every LIST, asked for or not (RFC 6154 §2 for one). */
  readonly isUnasked?: boolean;
  parse?(line: CommandLine): unknown;
  /**
   * The names that this option is about, once a command, be there a mailbox or not. Selection: exactly these are listed, those
   * without a mailbox as \NonExistent. Return: these get `mark` when they are listed.
   */
  names?(session: ImapSession, args: unknown): Promise<readonly MailboxName[]>;
  /** Attribute of these names: `\Subscribed`. */
  readonly mark?: string;
  /** Attributes such as `\Sent`, one list a mailbox. */
  attributes?(
    session: ImapSession,
    mailboxes: readonly MailboxEntry[],
    args: unknown,
  ): Promise<readonly (readonly string[])[]>;
  /** Selection: keep only these mailboxes. */
  select?(
    session: ImapSession,
    mailboxes: readonly MailboxEntry[],
    args: unknown,
  ): Promise<readonly boolean[]>;
  /**
   * Untagged lines, without `* `, to follow each LIST line (LIST-STATUS, LIST-MYRIGHTS), '' for none; `reply` is for the form of names and
   * strings, nothing is written to it.
   */
  follow?(
    session: ImapSession,
    mailboxes: readonly MailboxEntry[],
    args: unknown,
    reply: ImapReply,
  ): Promise<readonly string[]>;
}

/** A parameter of SELECT/EXAMINE, FETCH, STORE, SEARCH, CREATE, APPEND (RFC 4466). */
export interface CommandParameter {
  readonly command: 'SELECT' | 'FETCH' | 'STORE' | 'CREATE' | 'APPEND';
  readonly name: string;
  parse?(line: CommandLine): unknown;
  /**
   * SELECT and FETCH: before anything is done, the old mailbox still selected. `scope` is of FETCH.
   * @throws ImapSyntaxError, MailError to refuse the command.
   */
  check?(session: ImapSession, args: unknown, scope: CommandScope | undefined): void;
  /** CREATE: what the store is to be asked for. @throws MailError to refuse. */
  onCreate?(
    session: ImapSession,
    options: CreateMailbox,
    args: unknown,
    name: MailboxName,
  ): CreateMailbox | Promise<CreateMailbox>;
  /** APPEND: more of the message. @throws MailError to refuse. */
  onAppend?(session: ImapSession, mailbox: MailboxEntry, item: AppendItem, args: unknown): AppendItem;
  /** SELECT: after the mailbox is open, before the tagged OK. */
  onSelect?(session: ImapSession, reply: ImapReply, args: unknown): Promise<void>;
  /** UID forms only. */
  readonly uidOnly?: boolean;
  /** FETCH: narrows what is looked at (indexes into the view). */
  narrow?(
    session: ImapSession,
    indexes: NumberSet,
    args: unknown,
    reply: ImapReply,
    scope: CommandScope,
  ): Promise<NumberSet>;
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

/** The command that a parameter belongs to. */
export interface CommandScope {
  readonly isUid: boolean;
  /** As sent; undefined for SEARCH. */
  readonly set: SequenceSet | undefined;
  /** FETCH's own CHANGEDSINCE (RFC 7162 §3.1.4.1). */
  readonly changedSince: number | undefined;
}

/** A word that ENABLE accepts (RFC 5161). */
export interface EnableFeature {
  /** As ENABLED shows it: `IMAP4rev2`. */
  readonly name: string;
  /** False: not now, and ENABLE passes it over. */
  isOffered?(session: ImapSession): boolean;
  onEnable?(session: ImapSession): void;
}

/** Rewrites what is told about changes: UIDONLY, VANISHED instead of EXPUNGE, MODSEQ in FETCH. */
export interface UpdateFilter {
  readonly isActive: (session: ImapSession) => boolean;
  /** Answers true when it has told the client itself. */
  expunged?(session: ImapSession, reply: ImapReply, uids: NumberSet): boolean;
  /** What the client wants to hear of the selected mailbox (RFC 5465 §3.1); the answer to its own STORE it gets anyway. */
  wants?(session: ImapSession): SelectedNews;
  /** EXISTS has told of these messages. */
  appended?(session: ImapSession, reply: ImapReply, uids: NumberSet): Promise<void>;
  /** More items for an unsolicited FETCH of this message. */
  flagsChanged?(session: ImapSession, chunk: SnapshotChunk, at: number): string;
  /** These are about to be told as expunged; their numbers still hold (RFC 5267 §4.3.4). */
  expunging?(session: ImapSession, reply: ImapReply, uids: NumberSet): void;
  /** All that was new has been told. `changed`: indexes into the view of messages that are new or whose metadata differ. */
  told?(session: ImapSession, reply: ImapReply, changed: NumberSet): Promise<void>;
}

/** Refuses commands as a whole, by what the client has enabled or has not (UIDONLY, UTF8=ONLY). */
export interface CommandGuard {
  readonly isActive: (session: ImapSession) => boolean;
  /** Before the arguments are read. @throws MailError, ImapSyntaxError to refuse. */
  beforeParse?(session: ImapSession, command: ImapCommand<unknown>, isUid: boolean): void;
  /** When they have been. @throws as above */
  beforeRun?(session: ImapSession, command: ImapCommand<unknown>, args: unknown, isUid: boolean): void;
}

/** Human-readable texts in another language (LANGUAGE, RFC 5255 §3). Texts that nobody has translated stay English. */
export interface Translation {
  /** RFC 5646: `de`, `fr-CA`. */
  readonly language: string;
  /** English, exactly as it is sent, to the translation. One line each. */
  readonly texts: Readonly<Record<string, string>>;
}

/** What of a selected mailbox a client is told. */
export interface SelectedNews {
  /** EXISTS. */
  readonly messages: boolean;
  /** EXPUNGE: without it, messages that are gone keep their numbers. */
  readonly expunges: boolean;
  /** FETCH FLAGS. */
  readonly flags: boolean;
}
