/** The comparator of a session (RFC 5255 §4): what SEARCH takes two texts for the same by. */
import { type CollationName, collations, fold, type ImapSession } from '@angarium/sdk';

/**
 * i;unicode-casemap, and more liberal than that (RFC 5255 §4.2 wants it for the default): blanks count as one, diacritics not
 * at all. A client that asks for a comparator by name gets it to the letter.
 */
export const defaultFolding: (text: string) => string = fold;

const chosen = Symbol('comparator');

interface Choice {
  name: CollationName | undefined;
}

function choiceOf(session: ImapSession): Choice {
  return session.local<Choice>(chosen, () => ({ name: undefined }));
}

export function comparatorOf(session: ImapSession): CollationName | undefined {
  return choiceOf(session).name;
}

export function chooseComparator(session: ImapSession, name: CollationName | undefined): void {
  choiceOf(session).name = name;
}

export function folding(session: ImapSession): (text: string) => string {
  const name = comparatorOf(session);
  return name === undefined ? defaultFolding : collations[name];
}
