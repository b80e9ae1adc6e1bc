/**
 * MESSAGELIMIT and SAVELIMIT (RFC 9738; from knowledge of it): how many messages one command may be about, if the operator
 * says so. MESSAGELIMIT is about all commands with many messages, SAVELIMIT about COPY and APPEND alone. What is done message
 * by message is done for the newest of them and the client told where it ended; what is all or nothing is refused.
 */
import {
  type CommandLine,
  type ImapExtension,
  type ImapReply,
  NumberSet,
  type SearchKey,
  type SelectedMailbox,
} from '@angarium/sdk';
import type { ImapConfig } from '../config.js';

/** Undefined: there is no limit. */
export type MessageLimit = number | undefined;

/** What the configuration allows; 0 there is none. */
export interface MessageLimits {
  readonly messageLimit: MessageLimit;
  /** Of COPY and APPEND. Never below the other: clients that know MESSAGELIMIT alone go by that. */
  readonly saveLimit: MessageLimit;
}

export function limitsOf({ messageLimit, saveLimit }: ImapConfig): MessageLimits {
  const save = saveLimit === 0 ? messageLimit : Math.max(saveLimit, messageLimit);
  return { messageLimit: messageLimit || undefined, saveLimit: save || undefined };
}

/** More messages than one command may be about: NO [MESSAGELIMIT n], and nothing has been done. */
export class TooManyMessages extends Error {
  override readonly name = 'TooManyMessages';
  /** @param lowest the lowest UID that would have been within the limit, where that is known */
  constructor(
    readonly limit: number,
    readonly lowest?: number,
  ) {
    super(`At most ${limit} messages at once`);
  }

  get code(): string {
    return codeOf(this.limit, this.lowest);
  }
}

function codeOf(limit: number, lowest: number | undefined): string {
  return lowest === undefined ? `MESSAGELIMIT ${limit}` : `MESSAGELIMIT ${limit} ${lowest}`;
}

/** For commands that are done as a whole or not at all. @throws TooManyMessages */
export function requireWithin(limit: MessageLimit, uids: NumberSet): void {
  if (limit !== undefined && uids.size > limit) throw new TooManyMessages(limit, newest(limit, uids).first);
}

/** What is left of the messages a command is about, the newest of them. */
export interface Limited {
  readonly left: NumberSet;
  /** Response code: the limit, and the lowest UID that was looked at; undefined when that were all. */
  readonly code: string | undefined;
}

export function newestUids(limit: MessageLimit, uids: NumberSet): Limited {
  if (limit === undefined || uids.size <= limit) return { left: uids, code: undefined };
  const left = newest(limit, uids);
  return { left, code: codeOf(limit, left.first) };
}

export function newestIndexes(limit: MessageLimit, indexes: NumberSet, { view }: SelectedMailbox): Limited {
  if (limit === undefined || indexes.size <= limit) return { left: indexes, code: undefined };
  const left = newest(limit, indexes);
  return { left, code: codeOf(limit, view.uidAt(left.first)) };
}

function newest(limit: number, numbers: NumberSet): NumberSet {
  const ranges: [number, number][] = [];
  let left = limit;
  for (const [first, last] of [...numbers.ranges()].reverse()) {
    const from = Math.max(first, last - left + 1);
    ranges.push([from, last]);
    left -= last - from + 1;
    if (left === 0) break;
  }
  return NumberSet.fromRanges(ranges);
}

/** Where the tagged reply has another code to tell, an untagged NO says that not all was done. */
export function tellInPart(reply: ImapReply, { code }: Limited, hasOtherCode: boolean): void {
  if (code === undefined) return;
  if (hasOtherCode) reply.status('NO', 'Completed in part', code);
  else reply.completed('Completed in part', code);
}

export function messageLimitExtension(config: ImapConfig): ImapExtension {
  const { messageLimit, saveLimit } = limitsOf(config);
  const words: string[] = [];
  if (messageLimit !== undefined) words.push(`MESSAGELIMIT=${messageLimit}`);
  if (saveLimit !== undefined && saveLimit !== messageLimit) words.push(`SAVELIMIT=${saveLimit}`);
  return {
    name: 'MESSAGELIMIT',
    capabilities: words.map((word) => ({ word, states: ['authenticated', 'selected'] })),
    searchKeys: [
      // Not `n:*`, which has the last message in it, whatever its UID.
      uidKey('UIDAFTER', (uid) => (uid === MAX_UID ? 'NOT ALL' : `UID ${uid + 1}:${MAX_UID}`)),
      uidKey('UIDBEFORE', (uid) => (uid === 1 ? 'NOT ALL' : `UID 1:${uid - 1}`)),
    ],
  };
}

const MAX_UID = 0xffff_ffff;

/** For going through a mailbox page by page. */
function uidKey(name: string, standsFor: (uid: number) => string): SearchKey {
  return {
    name,
    needs: 'index',
    parse(line: CommandLine): number {
      line.sp();
      return line.nzNumber();
    },
    standsFor: (uid) => standsFor(uid as number),
  };
}
