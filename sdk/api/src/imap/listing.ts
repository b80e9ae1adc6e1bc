/** LIST and FETCH as services to extensions: the same names, the same lines. */
import type { MailboxEntry } from '../contracts/catalogue.js';
import { type Contract, contract } from '../di.js';
import type { MailboxName } from '../model/mailbox-name.js';
import type { NumberSet } from '../model/number-set.js';
import type { CommandLine } from './line.js';
import type { ImapReply, ImapSession } from './session.js';

/** What LIST tells, for commands and responses like it. */
export interface ImapListing {
  /** As `LIST reference pattern` (RFC 3501 §6.3.8), under another word and with more attributes. */
  list(
    session: ImapSession,
    reply: ImapReply,
    query: {
      readonly reference: string;
      readonly pattern: string;
      readonly word: string;
      attributes?(mailbox: MailboxEntry): readonly string[];
    },
  ): Promise<void>;
  /**
   * `LIST (\HasNoChildren) "." INBOX.x` of one name, with \Subscribed where that holds, and \NonExistent for one that the client
   * may not look up or that is not there. @param extended what follows the name: `("OLDNAME" ("INBOX.y"))`
   */
  line(session: ImapSession, reply: ImapReply, name: MailboxName, extended?: string): Promise<string>;
}

/** Provided by the plugin `imap`. */
export const IMAP_LISTING: Contract<ImapListing> = contract('imap-listing', 1);

/** Items of FETCH, parsed; opaque, made by `ImapFetch.parse`. */
export interface FetchProgram {
  /** How many. */
  readonly count: number;
}

/** FETCH without its command: for what tells of messages by itself (RFC 5465 §5.2). */
export interface ImapFetch {
  /** `fetch-att *(SP fetch-att)` in parentheses. @throws ImapSyntaxError */
  parse(line: CommandLine): FetchProgram;
  /** Writes a FETCH line for each of these indexes into `session.selected.view`. Nothing becomes \Seen. */
  write(session: ImapSession, reply: ImapReply, program: FetchProgram, indexes: NumberSet): Promise<void>;
}

/** Provided by the plugin `imap`. */
export const IMAP_FETCH: Contract<ImapFetch> = contract('imap-fetch', 1);
