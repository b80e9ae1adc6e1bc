/** Commands that an extension brings, what they are given, and what is added to or kept from commands of others. */

import type { CreateMailbox, MailboxEntry } from '../contracts/catalogue.js';
import type { AppendItem } from '../contracts/mail-store.js';
import type { MailboxName } from '../model/mailbox-name.js';
import type { NumberSet } from '../model/number-set.js';
import type { CommandLine, SequenceSet } from './line.js';
import type { ImapReply, ImapSession, ImapState } from './session.js';

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

/** The command that a parameter belongs to. */
export interface CommandScope {
  readonly isUid: boolean;
  /** As sent; undefined for SEARCH. */
  readonly set: SequenceSet | undefined;
  /** FETCH's own CHANGEDSINCE (RFC 7162 §3.1.4.1). */
  readonly changedSince: number | undefined;
}

/** Refuses commands as a whole, by what the client has enabled or has not (UIDONLY, UTF8=ONLY). */
export interface CommandGuard {
  readonly isActive: (session: ImapSession) => boolean;
  /** Before the arguments are read. @throws MailError, ImapSyntaxError to refuse. */
  beforeParse?(session: ImapSession, command: ImapCommand<unknown>, isUid: boolean): void;
  /** When they have been. @throws as above */
  beforeRun?(session: ImapSession, command: ImapCommand<unknown>, args: unknown, isUid: boolean): void;
}
