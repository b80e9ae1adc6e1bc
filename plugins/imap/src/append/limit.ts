import type { MailboxEntry } from '@angarium/sdk';
import type { ImapConfig } from '../config.js';

/** Attribute of a mailbox: octets that a message may have at most, as digits (RFC 7889 §3). */
const APPEND_LIMIT_ATTRIBUTE = 'imap/appendlimit';

/** The largest message that may be put into the mailbox: its own limit where it has one, never above the server's. */
export function appendLimitOf(
  { attributes }: MailboxEntry,
  { maxMessageBytes }: Pick<ImapConfig, 'maxMessageBytes'>,
): number {
  const own = attributes[APPEND_LIMIT_ATTRIBUTE];
  if (own === undefined || !/^\d{1,10}$/.test(own)) return maxMessageBytes;
  return Math.min(Number(own), maxMessageBytes);
}
