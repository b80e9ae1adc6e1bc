/** What an extension tells of mailboxes: STATUS and LIST. */

import type { MailboxEntry } from '../contracts/catalogue.js';
import type { MailboxStatus } from '../contracts/mail-store.js';
import type { MailboxName } from '../model/mailbox-name.js';
import type { CommandLine } from './line.js';
import type { ImapReply, ImapSession } from './session.js';

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
