/** What COPY and MOVE share: grammar, rights, COPYUID. */
import {
  type CommandLine,
  type Copied,
  type CopyOptions,
  type ImapCommandContext,
  type MailboxEntry,
  NumberSet,
  Right,
  type SequenceSet,
} from '@angarium/sdk';
import { touchableFlags } from '../view/index.js';

export interface TransferArguments {
  readonly set: SequenceSet;
  readonly mailbox: string;
}

export function parseTransfer(line: CommandLine): TransferArguments {
  line.sp();
  const set = line.sequenceSet();
  line.sp();
  const mailbox = line.mailbox();
  line.end();
  return { set, mailbox };
}

/** @throws MailError TRYCREATE when it is not there, NOPERM without the right to insert. */
export function findTarget({ session }: ImapCommandContext, mailbox: string): Promise<MailboxEntry> {
  return session.findByText(mailbox, { rights: Right.insert, tryCreate: true });
}

/** Flags that the user may not set in the target do not go along (RFC 4314 §4). */
export function transferOptions(
  { session }: ImapCommandContext,
  target: MailboxEntry,
  operation: string,
): CopyOptions {
  const rights = session.access.rights(session.identity, target);
  // Shared annotations likewise (RFC 5257 §4.6).
  const keep = { ...touchableFlags(rights), annotations: (rights & Right.annotate) !== 0 };
  return { viewer: session.identity.user, keep, origin: session.origin(operation) };
}

/**
 * `COPYUID 38505 304,319:320 3956:3958` (RFC 4315 §3); undefined when nothing was copied, and for a mailbox that the client
 * may put messages into but not open.
 */
export function copyUid(
  { session }: ImapCommandContext,
  target: MailboxEntry,
  copied: Copied,
): string | undefined {
  if (copied.source.length === 0) return undefined;
  if (!(session.access.rights(session.identity, target) & Right.read)) return undefined;
  const source = NumberSet.fromAscending(copied.source);
  const there = NumberSet.fromAscending(copied.target);
  return `COPYUID ${copied.uidValidity} ${source} ${there}`;
}
