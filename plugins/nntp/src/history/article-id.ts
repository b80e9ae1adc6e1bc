/** The Message-ID by which an article is known. */
import type { SummaryView } from '@angarium/sdk';
import { isMessageId } from '../text.js';

/**
 * As it stands in the header. Mail that has none, or what is none to NNTP, gets one of its content's hash: RFC 3977 §3.6
 * wants every article to have one.
 */
export function articleId(summary: SummaryView, serverName: string): string {
  const field = summary.cachedHeader('message-id');
  const found = /<[^<>\s]*>/.exec(field ?? '')?.[0] ?? '';
  if (isMessageId(found)) return found;
  return `<${summary.guid.toString('hex').slice(0, 40)}@${serverName}>`;
}
