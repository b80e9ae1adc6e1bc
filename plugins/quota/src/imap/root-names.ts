/** Quota roots as clients write and read them: mailbox names, and `domain!` for all of a domain. */
import { type ImapReply, type ImapSession, type MailboxName, MailError } from '@angarium/sdk';
import { domainRoot, isDomainRoot } from '../ledger.js';

/** `example.org!`; `!` alone is the default domain. */
const DOMAIN_ROOT = /^([^!/]*)!$/;

/** What SETQUOTA names. */
export interface RootName {
  readonly name: MailboxName;
  /** `+root`: need not be a mailbox. */
  readonly isForced: boolean;
}

/** @throws MailError NONEXISTENT for what can be no root */
export function rootFromClient(session: ImapSession, text: string): RootName {
  const domain = DOMAIN_ROOT.exec(text)?.[1];
  if (domain !== undefined)
    return { name: domainRoot(domain === '' ? undefined : domain.toLowerCase()), isForced: true };
  const isForced = text.startsWith('+');
  if (text === '') throw noRoot();
  return { name: session.namespace.fromClient(isForced ? text.slice(1) : text), isForced };
}

export function rootToClient(reply: ImapReply, name: MailboxName): string {
  if (!isDomainRoot(name)) return reply.mailbox(name);
  const text = `${name.domain ?? ''}!`;
  return /^[A-Za-z0-9.!-]+$/.test(text) ? text : reply.quote(Buffer.from(text).latin1Slice());
}

export function noRoot(): MailError {
  return new MailError('NONEXISTENT', 'Quota root does not exist');
}
