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
import type { ImapReply, ImapSession, ImapState } from './session.js';

/** Provided by the plugin `imap`; add in `start()`. */
export const IMAP_EXTENSIONS: Contract<ImapExtensions> = contract('imap-extensions', 1);

/** The registry of IMAP extensions. */
export interface ImapExtensions {
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
  readonly statusItems?: readonly StatusItem[];
  readonly listOptions?: readonly ListOption[];
  /** Parameters in parentheses: `SELECT box (CONDSTORE)`, `STORE 1 (UNCHANGEDSINCE 5) …`, `FETCH … (CHANGEDSINCE 5)`. */
  readonly parameters?: readonly CommandParameter[];
  readonly enable?: readonly EnableFeature[];
  readonly updateFilters?: readonly UpdateFilter[];
  /** Response codes of untagged OKs that SELECT and EXAMINE send: `MAILBOXID (…)`; undefined for none. */
  readonly selectCodes?: readonly ((session: ImapSession) => string | undefined)[];
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
  matchSummary?(session: ImapSession, summary: SummaryView, args: unknown): boolean;
  matchMessage?(session: ImapSession, uid: number, summary: SummaryView, args: unknown): Promise<boolean>;
}

/** What STORE can change beside FLAGS, `+NAME value`: what it comes to in flags, or something that is no flag. */
export interface StoreItem {
  /** `X-GM-LABELS`. */
  readonly name: string;
  /** Reads the value, behind the space. */
  parse(line: CommandLine): unknown;
  /** Done one after another for all messages of the command. @throws MailError to refuse */
  changes?(session: ImapSession, mode: FlagChange['mode'], args: unknown): readonly FlagChange[];
  /** Instead of `changes`: does it. Without flags there is nothing for the client to be told but mod-sequences. @throws MailError */
  store?(
    context: ImapCommandContext,
    uids: NumberSet,
    mode: FlagChange['mode'],
    args: unknown,
  ): Promise<void>;
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
  /** Untagged lines, without `* `, to follow each LIST line (LIST-STATUS, LIST-MYRIGHTS); '' for none. */
  follow?(
    session: ImapSession,
    mailboxes: readonly MailboxEntry[],
    args: unknown,
    reply: ImapReply,
  ): Promise<readonly string[]>;
}

/** A parameter of SELECT/EXAMINE, FETCH, STORE, SEARCH, CREATE, APPEND (RFC 4466). */
export interface CommandParameter {
  readonly command: 'SELECT' | 'FETCH' | 'STORE' | 'CREATE' | 'APPEND' | 'SEARCH';
  readonly name: string;
  parse?(line: CommandLine): unknown;
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
  /** FETCH and SEARCH: narrows what is looked at (indexes into the view). */
  narrow?(
    session: ImapSession,
    indexes: NumberSet,
    args: unknown,
    reply: ImapReply,
    scope: CommandScope,
  ): Promise<NumberSet>;
  /** SEARCH: writes the result in place of the SEARCH line (RETURN, RFC 4731). */
  answerSearch?(context: ImapCommandContext, result: SearchResult, args: unknown): Promise<void>;
}

/** What a search found. */
export interface SearchResult {
  /** Into `session.selected.view`. */
  readonly indexes: NumberSet;
  /** Highest of the messages found; undefined without a MODSEQ key or when nothing was found (RFC 7162 §3.1.5). */
  readonly modSeq: number | undefined;
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
  readonly name: string;
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
