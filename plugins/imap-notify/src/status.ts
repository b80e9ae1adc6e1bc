/** STATUS lines of mailboxes that are not selected. */
import type { ImapReply, ImapSession, MailboxEntry, MailboxId, MailboxStatus } from '@angarium/sdk';
import { type Events, NotifyEvent } from './events.js';

/** Mailboxes whose counters are asked for at once. */
const SLICE = 250;

/** A line for each that is there. @param itemsOf what stands in the parentheses; '': no line */
export async function writeStatuses(
  { store, identity }: ImapSession,
  reply: ImapReply,
  ids: readonly MailboxId[],
  itemsOf: (id: MailboxId, status: MailboxStatus, entry: MailboxEntry) => string,
): Promise<void> {
  for (let at = 0; at < ids.length; at += SLICE) {
    const slice = ids.slice(at, at + SLICE);
    const statuses = await store.status(slice, identity.user);
    for (const [i, id] of slice.entries()) {
      const status = statuses[i];
      const entry = status === undefined ? undefined : await store.catalogue.byId(id);
      if (status === undefined || entry === undefined) continue;
      const items = itemsOf(id, status, entry);
      if (items !== '') reply.untagged(`STATUS ${reply.mailbox(entry.name)} (${items})`);
    }
    await reply.drain();
  }
}

/** Of what has happened. Whoever watches flags is told how many are unseen with everything. */
export function changedStatus(
  { enabled }: ImapSession,
  status: MailboxStatus,
  events: Events,
  watched: Events,
): string {
  const hasModSeq = enabled.has('CONDSTORE') || enabled.has('QRESYNC');
  const hasCounts = (events & (NotifyEvent.messageNew | NotifyEvent.messageExpunge)) !== 0;
  const hasUnseen = (watched & NotifyEvent.flagChange) !== 0;
  if (!hasCounts && !hasUnseen && !hasModSeq) return '';
  return items(status, { hasCounts, hasUnseen, hasModSeq });
}

/** As it is now, for who watches these events. */
export function wholeStatus(status: MailboxStatus, watched: Events): string {
  return items(status, {
    hasCounts: true,
    hasUnseen: (watched & NotifyEvent.flagChange) !== 0,
    hasModSeq: (watched & (NotifyEvent.flagChange | NotifyEvent.annotationChange)) !== 0,
  });
}

function items(
  status: MailboxStatus,
  has: { readonly hasCounts: boolean; readonly hasUnseen: boolean; readonly hasModSeq: boolean },
): string {
  const parts: string[] = [];
  if (has.hasCounts) parts.push(`MESSAGES ${status.messages} UIDNEXT ${status.uidNext}`);
  parts.push(`UIDVALIDITY ${status.uidValidity}`);
  if (has.hasUnseen) parts.push(`UNSEEN ${status.unseen}`);
  if (has.hasModSeq) parts.push(`HIGHESTMODSEQ ${Math.max(1, status.highestModSeq)}`);
  return parts.join(' ');
}
