import { createHash } from 'node:crypto';
import type { SummaryView } from './summary-view.js';

/**
 * 16 octets that messages of one conversation have in common: those that name the same first message (the first of References,
 * otherwise In-Reply-To, otherwise the message itself) under the same base subject (RFC 5256 §2.1). It follows from the
 * message alone, so it is the same in every mailbox and never changes (RFC 8474 §5.2). A reply whose client tells of its
 * parent only is in the conversation of a parent that begins one.
 */
export function threadIdOf(summary: SummaryView): Buffer {
  const { threadId } = summary;
  if (threadId.some((octet) => octet !== 0)) return threadId;
  const root = summary.references()[0] ?? summary.inReplyTo()[0] ?? summary.messageId();
  // Without any identifier it is a conversation of its own.
  const key = root === '' ? summary.guid : Buffer.from(`${root}\0${summary.baseSubject()}`, 'latin1');
  return createHash('sha256').update(key).digest().subarray(0, 16);
}
