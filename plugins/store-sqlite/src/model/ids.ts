/** Numbers and names by which rows are found. Arithmetic, not shifts: they go beyond 32 bits. */
import { createHash, randomBytes } from 'node:crypto';
import {
  type MailboxId,
  type MailboxName,
  mailboxKey,
  type NumberSet,
  NumberSet as Numbers,
  ownerOf,
} from '@angarium/sdk';

const UIDS = 2 ** 32;
/** Mailbox numbers of a shard stay below, so that `mailbox * 2^32 + uid` is a safe integer. */
export const MAX_MAILBOX_NUMBER = 2 ** 21 - 1;
export const MAX_UID = 0xffff_ffff;
/** A viewer's number times this plus the block is the id of a `\Seen` row. */
const BLOCKS = 2 ** 24;

/** Row id of a message's cold record, and of the chunk that begins with this UID. */
export function rowOf(mailboxNumber: number, uid: number): number {
  return mailboxNumber * UIDS + uid;
}

export function uidOfRow(row: number): number {
  return row % UIDS;
}

export function seenRowOf(viewer: number, block: number): number {
  return viewer * BLOCKS + block;
}

export function blockOfSeenRow(row: number): number {
  return row % BLOCKS;
}

/** Two hex digits of the shard, then 100 random bits: a handle needs no look-up to know its file. */
export function newMailboxId(shard: number): MailboxId {
  const random = [...randomBytes(20)].map((byte) => '0123456789abcdefghijklmnopqrstuv'[byte & 31]).join('');
  return `${shard.toString(16).padStart(2, '0')}${random}` as MailboxId;
}

/** Undefined for what cannot be an id of this store. */
export function shardOfId(id: MailboxId): number | undefined {
  return /^[0-9a-f]{2}[0-9a-v]{20}$/.test(id) ? Number.parseInt(id.slice(0, 2), 16) : undefined;
}

function hashShard(text: string, shards: number): number {
  return createHash('sha256').update(text).digest().readUInt32LE(0) % shards;
}

/** A user's mail lies together; shared mailboxes are spread. */
export function shardOfName(name: MailboxName, shards: number): number {
  const owner = ownerOf(name);
  return hashShard(owner ?? mailboxKey(name), shards);
}

export function shardOfUser(user: string, shards: number): number {
  return hashShard(user, shards);
}

/** A number set as it goes to the thread: start, end, start, end … */
export function flatten(set: NumberSet): number[] {
  const flat: number[] = [];
  for (const [start, end] of set.ranges()) flat.push(start, end);
  return flat;
}

export function unflatten(flat: readonly number[]): NumberSet {
  const ranges: [number, number][] = [];
  for (let i = 0; i < flat.length; i += 2) ranges.push([flat[i]!, flat[i + 1]!]);
  return Numbers.fromRanges(ranges);
}

/** `1:3,7`, as rows of vanished UIDs keep it. */
export function parseUidText(text: string): NumberSet {
  if (text === '') return Numbers.empty;
  return Numbers.fromRanges(
    text.split(',').map((range): [number, number] => {
      const [start, end] = range.split(':');
      return [Number(start), Number(end ?? start)];
    }),
  );
}
