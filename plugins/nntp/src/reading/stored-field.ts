import { header, type Mailbox, type SummaryView } from '@angarium/sdk';
import { MAX_HEADER_BYTES } from '../limits.js';
import { collected } from './octets.js';

/** First field of this name of a stored article, unfolded, read from its header. Undefined: it has none. */
export async function storedField(
  mailbox: Mailbox,
  uid: number,
  summary: SummaryView,
  name: string,
): Promise<string | undefined> {
  const bodyAt = summary.section([])?.bodyOffset ?? summary.size;
  const requests = [{ uid, from: 0, to: Math.min(bodyAt, MAX_HEADER_BYTES) }];
  return header(await collected(mailbox.contents(requests)), name);
}
