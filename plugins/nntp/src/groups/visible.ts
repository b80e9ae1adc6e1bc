/** The groups that a list shows, and lines about them in slices. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { GROUPS_A_SLICE, GROUPS_A_TURN } from '../limits.js';
import type { NntpSession } from '../session.js';
import type { Wildmat } from '../wildmat.js';
import type { Group } from './groups.js';
import type { Watermarks } from './watermarks.js';

/** Of the list's order. Undefined: answered, as a client that has not authenticated sees none at all. */
export async function visibleGroups(
  session: NntpSession,
  wildmat: Wildmat | undefined,
): Promise<Group[] | undefined> {
  const { groups } = session.environment;
  let seesAny = false;
  const visible: Group[] = [];
  let looked = 0;
  for (const group of await groups.all()) {
    if (++looked % GROUPS_A_TURN === 0) await nextTurn();
    if (!groups.mayList(session.identity, group)) continue;
    seesAny = true;
    if (wildmat === undefined || wildmat.matches(group.name)) visible.push(group);
  }
  if (!seesAny && !session.isAuthenticated) {
    session.deny(480, '');
    return undefined;
  }
  return visible;
}

/** With the marks of the moment; groups that are gone by now are left out. */
export async function* withMarks(
  session: NntpSession,
  list: readonly Group[],
  lineOf: (group: Group, marks: Watermarks) => string,
): AsyncGenerator<string> {
  const { watermarks } = session.environment;
  for (let at = 0; at < list.length; at += GROUPS_A_SLICE) {
    const slice = list.slice(at, at + GROUPS_A_SLICE);
    const marks = await watermarks.read(slice.map(({ entry }) => entry.id));
    for (let i = 0; i < slice.length; i++) {
      if (marks[i] !== undefined) yield lineOf(slice[i]!, marks[i]!);
    }
    await nextTurn();
  }
}
