/** What IMAP commands and extensions see of a session, and how they answer. */
import type { AccessPolicy, Rights } from '../contracts/access-policy.js';
import type { MailboxEntry } from '../contracts/catalogue.js';
import type { Mailbox, MailStore } from '../contracts/mail-store.js';
import type { NamespaceView } from '../contracts/namespace.js';
import type { Origin } from '../contracts/origin.js';
import type { Connection, Lease } from '../kernel/connection.js';
import type { FlagChange } from '../model/flags.js';
import type { Identity } from '../model/identity.js';
import type { MailboxName } from '../model/mailbox-name.js';
import type { NumberSet } from '../model/number-set.js';
import type { MailboxSnapshot } from '../model/snapshot.js';
import type { SequenceSet } from './line.js';

/** The states of RFC 3501 §3. */
export type ImapState = 'not-authenticated' | 'authenticated' | 'selected' | 'logout';

/** A session as commands and extensions see it. */
export interface ImapSession {
  readonly state: ImapState;
  readonly connection: Connection;
  /** @throws Error before login: commands for those states do not ask. */
  readonly identity: Identity;
  readonly namespace: NamespaceView;
  readonly store: MailStore;
  readonly access: AccessPolicy;
  /** ENABLEd features, upper case (`CONDSTORE`, `IMAP4REV2`, …). Mind also the implicit CONDSTORE enabling commands. */
  readonly enabled: ReadonlySet<string>;
  enable(feature: string): void;
  /** @throws Error outside the selected state. */
  readonly selected: SelectedMailbox;
  /** For hooks and the store: who, and which operation. */
  origin(operation: string): Origin;
  /**
   * Has something told that no command has asked for: as soon as no command is in progress, also in IDLE, or where one ends after
   * which EXPUNGE is legal; never while something else is written, and in the order of the calls. Whoever calls often joins what
   * he has to say himself. A MailError NONEXISTENT that it throws ends the session: the selected mailbox is gone.
   */
  interject(tell: (reply: ImapReply) => void | Promise<void>): void;
  /** State that an extension keeps for this session; made at first use, disposed (if it can be) when the user logs out and another may log in. */
  local<T>(key: symbol, make: () => T): T;

  /**
   * The mailbox of this name if it may be looked up with at least `rights`.
   * @throws MailError NONEXISTENT (also when the lookup right is missing, so that it stays hidden), NOPERM.
   */
  find(name: MailboxName, rights?: Rights): Promise<MailboxEntry>;
  /** Client's text to name and entry in one; `tryCreate`: missing gives TRYCREATE (RFC 3501 §6.3.11). */
  findByText(
    text: string,
    options?: { readonly rights?: Rights; readonly tryCreate?: boolean },
  ): Promise<MailboxEntry>;
}

/** The selected mailbox as this client knows it: sequence numbers are those it has been told. */
export interface SelectedMailbox {
  /** As it was when the command began, the same for `rights`: others may rename it and change its ACL. */
  readonly entry: MailboxEntry;
  readonly mailbox: Mailbox;
  readonly isReadOnly: boolean;
  readonly rights: Rights;
  /** What the client has been told; moves forward only where updates are sent. */
  readonly view: MailboxSnapshot;
  /**
   * Indexes (0-based, into `view`) that a set means. Sequence numbers beyond the end are a syntax error to the client
   * (ImapSyntaxError → BAD); UIDs that do not exist are passed over.
   */
  resolve(set: SequenceSet, isUid: boolean): NumberSet;
  /** The UIDs of these. */
  uids(set: SequenceSet, isUid: boolean): NumberSet;
  /** First UID that is \Recent in this session; not all above it need be (`isRecent`). */
  readonly recentFrom: number;
  isRecent(uid: number): boolean;
  /** UIDs still counted in `view` whose expunge could not be told yet (RFC 2180 §4). */
  readonly ghosts: NumberSet;
  /**
   * Looks at the store again, tells what is new and moves `view` there. The dispatcher does it at the end of each
   * command; a command calls it when the order of its lines matters. While `mayExpunge` is false expunged messages
   * stay in `view` as ghosts. @throws MailError NONEXISTENT when the mailbox has been deleted.
   */
  sync(
    reply: ImapReply,
    options: { readonly mayExpunge: boolean /** UID in each FETCH line. */; readonly withUid?: boolean },
  ): Promise<void>;
  /**
   * The session's own change, after the store has done it and before the next `sync`. What that tells of `uids`:
   * 'flags': their flags, changed or not (STORE); 'modSeq': their mod-sequences, changed or not (conditional .SILENT);
   * 'nothing': the client is taken to have worked the flags out from `change`, and only what differs from that is told
   * (.SILENT). `toldModSeq`: the caller has told or will tell this mod-sequence of them itself.
   */
  ownFlagChange(
    uids: NumberSet,
    change: FlagChange,
    tell: 'flags' | 'modSeq' | 'nothing',
    toldModSeq?: number,
  ): void;
  /** UIDs that `$` stands for (RFC 5182); empty until a SEARCH saves some. */
  savedResult: NumberSet;
}

/** Writes to the client. Strings are latin1, one char an octet, without CRLF. */
export interface ImapReply {
  /** `* TEXT`. */
  untagged(text: string): void;
  /** `* OK [code] text`, and NO, BAD likewise. */
  status(kind: 'OK' | 'NO' | 'BAD' | 'BYE', text: string, code?: string): void;
  /** Raw bytes for bulk data that frames itself; batch them (64 KB), and await `drain` when it says false. `lease`: as `Connection.write`. */
  write(data: string | Uint8Array, lease?: Lease): boolean;
  drain(): Promise<void>;
  /** Response code and text of the tagged OK, instead of `Completed`. */
  completed(text: string, code?: string): void;
  /** As `completed`, but a tagged NO: partial failures (RFC 7162 MODIFIED with some not done …). */
  failed(text: string, code?: string): void;
  /** A quoted string or literal of this text (latin1 octets), whichever is legal. */
  quote(octets: string): string;
  /** A mailbox name for this client: modified UTF-7 or UTF-8, quoted as needed. */
  mailbox(name: MailboxName): string;
}
