/** MESSAGELIMIT (RFC 9738; from knowledge of it): how many messages one command may be about, if the operator says so. */
import { type ImapExtension, NumberSet, type SelectedMailbox } from '@angarium/sdk';

/** Undefined: there is no limit. */
export type MessageLimit = number | undefined;

/** More messages than one command may be about: NO [MESSAGELIMIT n], and nothing has been done. */
export class TooManyMessages extends Error {
  override readonly name = 'TooManyMessages';
  constructor(readonly limit: number) {
    super(`At most ${limit} messages at once`);
  }
}

/** For commands that are done as a whole or not at all. @throws TooManyMessages */
export function requireWithin(limit: MessageLimit, messages: NumberSet): void {
  if (limit !== undefined && messages.size > limit) throw new TooManyMessages(limit);
}

/** What is left of the messages a command is about, the newest of them. */
export interface Limited {
  readonly indexes: NumberSet;
  /** Response code of the tagged OK: the limit, and the lowest UID that was looked at; undefined when that were all. */
  readonly code: string | undefined;
}

export function newestWithin(limit: MessageLimit, indexes: NumberSet, { view }: SelectedMailbox): Limited {
  if (limit === undefined || indexes.size <= limit) return { indexes, code: undefined };
  const ranges: [number, number][] = [];
  let left = limit;
  for (const [first, last] of [...indexes.ranges()].reverse()) {
    const from = Math.max(first, last - left + 1);
    ranges.push([from, last]);
    left -= last - from + 1;
    if (left === 0) break;
  }
  const newest = NumberSet.fromRanges(ranges);
  return { indexes: newest, code: `MESSAGELIMIT ${limit} ${view.uidAt(newest.first)}` };
}

export function messageLimitExtension(limit: number): ImapExtension {
  return {
    name: 'MESSAGELIMIT',
    capabilities:
      limit === 0 ? [] : [{ word: `MESSAGELIMIT=${limit}`, states: ['authenticated', 'selected'] }],
  };
}
