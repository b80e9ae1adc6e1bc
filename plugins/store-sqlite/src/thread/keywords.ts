/** Keywords of a mailbox: names in a list, their places the bits of four words. Compared without case. */

import { MAX_KEYWORDS, MailError } from '@angarium/sdk';
import { decodeColumns } from '../model/chunk.js';
import { MAX_UID } from '../model/ids.js';
import { pluck } from '../sql/statements.js';
import type { MailboxRow, ShardWriter } from './shard.js';

export type KeywordBits = readonly [number, number, number, number];

export const noBits: KeywordBits = [0, 0, 0, 0];

function indexOf(row: MailboxRow, name: string): number {
  const folded = name.toLowerCase();
  return row.keywords.findIndex((known) => known.toLowerCase() === folded);
}

function withBit(bits: readonly number[], index: number): KeywordBits {
  const [a, b, c, d] = bits.map((word, w) => (w === index >> 5 ? (word | (1 << (index & 31))) >>> 0 : word));
  return [a!, b!, c!, d!];
}

export function united(a: KeywordBits, b: KeywordBits): KeywordBits {
  return [(a[0] | b[0]) >>> 0, (a[1] | b[1]) >>> 0, (a[2] | b[2]) >>> 0, (a[3] | b[3]) >>> 0];
}

/** Names that the mailbox does not know are passed over. */
export function knownBits(row: MailboxRow, names: readonly string[]): KeywordBits {
  let bits = noBits;
  for (const name of names) {
    const index = indexOf(row, name);
    if (index >= 0) bits = withBit(bits, index);
  }
  return bits;
}

/**
 * Names that are new get a bit; the row is the caller's to save.
 * @param taken bits of messages that are not in the index yet. @throws MailError LIMIT
 */
export function allocateBits(
  shard: ShardWriter,
  row: MailboxRow,
  names: readonly string[],
  taken: KeywordBits = noBits,
): KeywordBits {
  let bits = noBits;
  let wasSwept = false;
  for (const name of names) {
    let index = indexOf(row, name);
    if (index < 0) {
      index = freePlace(row);
      if (index < 0 && !wasSwept) {
        wasSwept = true;
        sweep(shard, row, united(bits, taken));
        index = freePlace(row);
      }
      if (index < 0) throw new MailError('LIMIT', `A mailbox can have ${MAX_KEYWORDS} keywords`);
      row.keywords[index] = name;
    }
    bits = withBit(bits, index);
  }
  return bits;
}

function freePlace(row: MailboxRow): number {
  const free = row.keywords.indexOf('');
  if (free >= 0) return free;
  return row.keywords.length < MAX_KEYWORDS ? row.keywords.length : -1;
}

/** Frees the names that no message has, kept expunged ones included. Costs a walk, so only when places run out. */
function sweep(shard: ShardWriter, row: MailboxRow, wanted: KeywordBits): void {
  const used = [...wanted];
  const note = (keywords: Uint32Array) => {
    for (let i = 0; i < keywords.length; i++) used[i & 3] = (used[i & 3]! | keywords[i]!) >>> 0;
  };
  for (const { columns } of shard.chunks(row.id, [1, MAX_UID])) note(columns.keywords);
  const expunged = pluck(shard.db, 'SELECT b FROM expunged WHERE mbx = ?').all(row.id) as Buffer[];
  for (const bytes of expunged) note(decodeColumns(bytes).keywords);
  row.keywords = row.keywords.map((name, index) =>
    ((used[index >> 5]! >>> (index & 31)) & 1) === 1 ? name : '',
  );
}

/** Names of the bits of message `at`. */
export function namesOf(names: readonly string[], keywords: Uint32Array, at: number): string[] {
  const result: string[] = [];
  for (let w = 0; w < 4; w++) {
    for (let word = keywords[4 * at + w]!; word !== 0; word &= word - 1) {
      const name = names[32 * w + 31 - Math.clz32(word & -word)];
      if (name !== undefined && name !== '') result.push(name);
    }
  }
  return result;
}
