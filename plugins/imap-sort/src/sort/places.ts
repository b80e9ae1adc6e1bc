/** Where new messages belong in an order that is kept up to date (RFC 5267 §4.3.3): few keys are read, not all. */
import { type ImapSession, NumberSet } from '@angarium/sdk';
import { comparison, type KeyOptions, loadKeys } from './keys.js';

/** By halving: for each message the keys of some sixteen others. */
export async function placesAmong(
  session: ImapSession,
  sorted: ArrayLike<number>,
  uids: readonly number[],
  options: KeyOptions,
): Promise<readonly number[]> {
  const places: number[] = [];
  for (const uid of uids) {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (await isBefore(session, sorted[middle]!, uid, options)) low = middle + 1;
      else high = middle;
    }
    places.push(low);
  }
  return places;
}

async function isBefore(session: ImapSession, a: number, b: number, options: KeyOptions): Promise<boolean> {
  const indexes = session.selected.view.indexesOf(NumberSet.of(a, b));
  if (indexes.size < 2) return a < b;
  const compare = comparison(options.criteria, await loadKeys(session, indexes, options));
  return a < b ? compare(0, 1) < 0 : compare(1, 0) < 0;
}
