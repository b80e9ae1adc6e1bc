/** Where IMAP grows: everything an extension may add, and nothing about how the plugin `imap` works inside. */

import { type Contract, contract } from '../di.js';
import type { NumberSet } from '../model/number-set.js';
import type { SnapshotChunk } from '../model/snapshot.js';
import type { CommandGuard, CommandParameter, ImapCommand } from './extension-commands.js';
import type { ListOption, StatusItem } from './extension-mailboxes.js';
import type { FetchItem, SearchKey, SortKey, StoreItem } from './extension-messages.js';
import type { ReturnOption } from './extension-results.js';
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
