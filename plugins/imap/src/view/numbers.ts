/** Message sequence numbers as the client counts them (RFC 3501 §2.3.1.2). */
import {
  ImapSyntaxError,
  type MailboxSnapshot,
  NumberSet,
  type SelectedMailbox,
  type SequenceSet,
  STAR,
} from '@angarium/sdk';

/**
 * Indexes into `view` that a set means. `*` is the last message, or for UIDs in an empty mailbox UIDNEXT.
 * @throws ImapSyntaxError for a sequence number without a message (RFC 3501 §9 seq-number).
 */
export function resolveSet(
  view: MailboxSnapshot,
  set: SequenceSet,
  isUid: boolean,
  saved: NumberSet,
): NumberSet {
  if (set.isSaved) return view.indexesOf(saved);
  const { count } = view;
  if (isUid) {
    const star = count === 0 ? view.head.uidNext : view.uidAt(count - 1);
    return view.indexesOf(
      NumberSet.fromRanges(set.ranges.map(([a, b]) => [a === STAR ? star : a, b === STAR ? star : b])),
    );
  }
  return NumberSet.fromRanges(
    set.ranges.map(([a, b]): [number, number] => {
      const from = a === STAR ? count : a;
      const to = b === STAR ? count : b;
      if (from < 1 || to < 1 || from > count || to > count)
        throw new ImapSyntaxError(`The mailbox has ${count} messages`);
      return [from - 1, to - 1];
    }),
  );
}

/**
 * As `resolveSet`, for SEARCH. Leniency: numbers without a message match nothing, as in Cyrus and Dovecot; clients say
 * `SEARCH 1:*` of an empty mailbox.
 */
export function resolveSearched(selected: SelectedMailbox, set: SequenceSet, isUid: boolean): NumberSet {
  if (isUid || set.isSaved) return selected.resolve(set, isUid);
  const { count } = selected.view;
  const all = NumberSet.range(0, count - 1);
  const number = (of: number): number => (of === STAR ? count : of);
  const asked = set.ranges
    .map(([a, b]) => [Math.min(number(a), number(b)), Math.max(number(a), number(b))] as const)
    .map(([from, to]): [number, number] => [Math.max(from, 1) - 1, Math.max(to, 1) - 1]);
  return NumberSet.fromRanges(asked).intersect(all);
}

/** Sequence numbers of these indexes. */
export function numbersOf(indexes: NumberSet): NumberSet {
  return NumberSet.fromRanges(
    [...indexes.ranges()].map(([from, to]): [number, number] => [from + 1, to + 1]),
  );
}

/**
 * Numbers for EXPUNGE lines in ascending order: each line renumbers what comes after it (RFC 3501 §7.4.1), so a run of
 * neighbours is told as the same number again and again.
 */
export function* expungeNumbers(gone: NumberSet): Generator<number> {
  let told = 0;
  for (const [from, to] of gone.ranges()) {
    const number = from + 1 - told;
    for (let index = from; index <= to; index++) yield number;
    told += to - from + 1;
  }
}

/** How many messages of `view` have one of these UIDs. Cost: ranges × log. */
export function countOf(view: MailboxSnapshot, uids: NumberSet): number {
  return view.indexesOf(uids).size;
}
