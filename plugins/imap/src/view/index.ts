/**
 * What one client has been told about its selected mailbox, and how it is told more. The session makes one with
 * `openSelected` for SELECT and EXAMINE, hands it out as `session.selected`, and calls `sync` at each legal moment: at the end
 * of every command (`mayExpunge` as the command declares), in IDLE and NOOP.
 */
import type {
  ImapSession,
  Mailbox,
  MailboxEntry,
  MailboxSnapshot,
  Rights,
  SelectedMailbox,
  UpdateFilter,
} from '@angarium/sdk';

export interface OpenSelected {
  readonly session: ImapSession;
  readonly entry: MailboxEntry;
  readonly mailbox: Mailbox;
  /** What SELECT told: EXISTS, FLAGS … are those of this one. */
  readonly snapshot: MailboxSnapshot;
  /** Answer of `claimRecent` (SELECT) or `recentFrom` (EXAMINE). */
  readonly recentFrom: number;
  readonly isReadOnly: boolean;
  readonly rights: Rights;
  /** Asked at each use, so that extensions may come and go. */
  readonly updateFilters: () => readonly UpdateFilter[];
}

export declare function openSelected(options: OpenSelected): SelectedMailbox;

/** `FLAGS (\Answered …)`: without `* `. */
export declare function flagsLine(keywordNames: readonly string[]): string;
/** `PERMANENTFLAGS (\Answered … \*)`: what these rights may change; `()` when read-only (RFC 3501 §7.1, RFC 4314 §5.1.1). */
export declare function permanentFlags(
  keywordNames: readonly string[],
  rights: Rights,
  isReadOnly: boolean,
): string;
