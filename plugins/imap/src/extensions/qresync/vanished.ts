/** VANISHED and VANISHED (EARLIER) (RFC 7162 §3.2.10). */
import { type ImapReply, NumberSet, type SelectedMailbox } from '@angarium/sdk';
import { Output } from '../../view/index.js';

/** Ranges in one response: a line stays below 20 KB. */
const MAX_RANGES = 900;

/**
 * What of `within` was expunged after `modSeq`. Cost: what vanished since then; only where the store does not remember that far
 * back, what `within` covers of the mailbox.
 */
export async function vanishedSince(
  { view, mailbox }: SelectedMailbox,
  modSeq: number,
  within: NumberSet,
): Promise<NumberSet> {
  // Nothing the client has not been told of: a message that came after the view was made is none of its business.
  const known = within.intersect(NumberSet.range(1, view.head.uidNext - 1));
  if (known.isEmpty) return known;
  const { uids, complete } = await mailbox.vanishedSince(modSeq, known);
  const candidates = complete ? uids : known;
  // What the view still has is told as VANISHED without EARLIER when it goes.
  return candidates.minus(view.uidsAt(view.indexesOf(candidates)));
}

/** `VANISHED 1:3,7`, in several responses when there are very many ranges. */
export function vanishedLines(uids: NumberSet, isEarlier: boolean): string[] {
  const head = isEarlier ? 'VANISHED (EARLIER) ' : 'VANISHED ';
  if (uids.rangeCount <= MAX_RANGES) return uids.isEmpty ? [] : [head + uids];
  const lines: string[] = [];
  let ranges: (readonly [number, number])[] = [];
  for (const range of uids.ranges()) {
    ranges.push(range);
    if (ranges.length < MAX_RANGES) continue;
    lines.push(head + NumberSet.fromRanges(ranges));
    ranges = [];
  }
  if (ranges.length > 0) lines.push(head + NumberSet.fromRanges(ranges));
  return lines;
}

export async function tellEarlier(reply: ImapReply, uids: NumberSet): Promise<void> {
  const out = new Output(reply);
  for (const line of vanishedLines(uids, true)) {
    out.text += `* ${line}\r\n`;
    if (out.hasEnough) await out.pass();
  }
  await out.pass();
}
