/** RFC 9051 §6.3.9.7: a client that writes a name another way than the server is told how it is written. */
import type { ImapReply, MailboxEntry, MailboxName } from '@angarium/sdk';
import type { Session } from '../session.js';
import { mailboxText, quoteString } from '../wire/index.js';

/** Special uses are true of it whatever was asked; \HasChildren is for LIST to find out. */
function listLine(
  session: Session,
  attributes: readonly string[],
  name: MailboxName,
  oldText: string | undefined,
): string {
  const { namespace, usesUtf8 } = session;
  const text = mailboxText(namespace.toClient(name), usesUtf8);
  const old = oldText === undefined ? '' : ` ("OLDNAME" (${mailboxText(oldText, usesUtf8)}))`;
  return `LIST (${attributes.join(' ')}) ${quoteString(namespace.separator)} ${text}${old}`;
}

/** Undefined: written as the server does, but for a separator at the end. */
function otherText({ namespace }: Session, supplied: string, name: MailboxName): string | undefined {
  const { separator } = namespace;
  const text = supplied.endsWith(separator) ? supplied.slice(0, -separator.length) : supplied;
  return text === namespace.toClient(name) ? undefined : text;
}

export function isNormalised(session: Session, supplied: string, name: MailboxName): boolean {
  return otherText(session, supplied, name) === undefined;
}

/** SELECT and EXAMINE name what they open (RFC 9051 §6.3.2). `supplied`: as `line.mailbox()` read it. */
export function tellSelected(
  session: Session,
  reply: ImapReply,
  { name, specialUse }: MailboxEntry,
  supplied: string,
): void {
  reply.untagged(listLine(session, specialUse, name, otherText(session, supplied, name)));
}

/**
 * After CREATE, RENAME, APPEND (RFC 9051 §6.3.4, §6.3.6, §6.3.12) and, with \NonExistent, DELETE (§6.3.5), where the supplied name
 * was not normalised. To clients of IMAP4rev2 only.
 */
export function tellNormalised(
  session: Session,
  reply: ImapReply,
  name: MailboxName,
  supplied: string,
  attributes: readonly string[] = [],
): void {
  if (!session.enabled.has('IMAP4REV2')) return;
  const old = otherText(session, supplied, name);
  if (old !== undefined) reply.untagged(listLine(session, attributes, name, old));
}
