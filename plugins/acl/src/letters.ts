/**
 * Rights as text. The old letters `c` and `d` (RFC 4314 §2.1.1) stand for groups of new ones and are never kept: they are
 * taken apart on the way in and added on the way out, in the order in which Cyrus writes them.
 */
import { Right, type Rights, rightsFromLetters } from '@angarium/sdk';

/** `lrswipkxtecdan0123456789`: the order of every reply. */
const order = [...'lrswipkxtecdan0123456789'];

const bitOf: ReadonlyMap<string, Rights> = new Map(
  order.map((letter) => [letter, rightsFromLetters(letter)]),
);

/** A letter that is no right. */
export class UnknownRight extends Error {
  override readonly name = 'UnknownRight';
  constructor(letter: string) {
    super(`The ${letter} right is not supported`);
  }
}

/** What the two old letters stand for. */
export interface OldLetters {
  readonly c: Rights;
  readonly d: Rights;
}

/** @param deleteright the old letter that also deletes mailboxes. */
export function oldLetters(deleteright: 'c' | 'd'): OldLetters {
  const messages = Right.deleteMessages | Right.expunge;
  return deleteright === 'c'
    ? { c: Right.create | Right.delete, d: messages }
    : { c: Right.create, d: messages | Right.delete };
}

/** @throws UnknownRight */
export function parseRights(text: string, old: OldLetters): Rights {
  let rights = 0;
  for (const letter of text) {
    if (letter === 'c') rights |= old.c;
    else if (letter === 'd') rights |= old.d;
    else {
      const bit = bitOf.get(letter) ?? 0;
      if (bit === 0) throw new UnknownRight(letter);
      rights |= bit;
    }
  }
  return rights;
}

/** For replies: with c and d where a member of their group is held. */
export function printRights(rights: Rights, old: OldLetters): string {
  let text = '';
  for (const letter of order) {
    const bits = letter === 'c' ? old.c : letter === 'd' ? old.d : bitOf.get(letter)!;
    if (rights & bits) text += letter;
  }
  return text;
}
