import { CommandSyntaxError, defineTextCommand, noArguments } from '@angarium/sdk';
import type { Group } from '../groups/groups.js';
import { findArticle } from '../reading/find-article.js';
import { parseRange } from '../reading/ranges.js';
import type { NntpSession } from '../session.js';
import { fromWire } from '../text.js';

/** RFC 3977 §6.1.1. */
export const group = defineTextCommand({
  name: 'GROUP',
  syntax: 'GROUP group',
  rfc: '3977#6.1.1',
  states: 'any',
  parse(args) {
    const name = fromWire(args.expectWord('Group'));
    args.expectEnd();
    if (name === undefined) throw new CommandSyntaxError('Group names are UTF-8');
    return name;
  },
  async run(session: NntpSession, name) {
    const found = await session.readable(name);
    if (found === undefined) return;
    session.answer(211, await select(session, found));
  },
});

/** Makes it the current group, and its first article the current one. Answers count, marks and name. */
async function select(session: NntpSession, found: Group): Promise<string> {
  const snapshot = await session.environment.store.mailbox(found.entry.id).snapshot();
  const { count, head } = snapshot;
  const low = count === 0 ? head.uidNext : snapshot.uidAt(0);
  session.selected = { group: found, current: count === 0 ? undefined : low };
  return `${count} ${low} ${head.uidNext - 1} ${found.name}`;
}

/** RFC 3977 §6.1.2. */
export const listgroup = defineTextCommand({
  name: 'LISTGROUP',
  syntax: 'LISTGROUP [group [range]]',
  rfc: '3977#6.1.2',
  states: 'any',
  parse(args) {
    const word = args.tryWord();
    const range = args.tryWord();
    args.expectEnd();
    const name = word === undefined ? undefined : fromWire(word);
    if (word !== undefined && name === undefined) throw new CommandSyntaxError('Group names are UTF-8');
    const limits = range === undefined ? { first: 0, last: Number.POSITIVE_INFINITY } : parseRange(range);
    if (limits === undefined) throw new CommandSyntaxError('Range expected');
    return { name, limits };
  },
  async run(session: NntpSession, { name, limits }) {
    if (name === undefined && session.selected === undefined) {
      return session.deny(412, 'No newsgroup selected');
    }
    const found =
      name === undefined ? (await session.snapshot())?.selected.group : await session.readable(name);
    if (found === undefined) return;
    session.answer(211, await select(session, found));
    await session.lines(numbers(session, found, limits));
  },
});

/** A chunk's numbers at a time. */
async function* numbers(
  session: NntpSession,
  found: Group,
  { first, last }: { first: number; last: number },
): AsyncGenerator<string> {
  const snapshot = await session.environment.store.mailbox(found.entry.id).snapshot();
  for (let index = snapshot.lowerBound(first); index < snapshot.count; ) {
    const { chunk, at } = snapshot.place(index);
    const uids = chunk.uids.subarray(at, chunk.count).filter((uid) => uid <= last);
    if (uids.length === 0) return;
    yield uids.join('\r\n');
    index += chunk.count - at;
  }
}

function step(direction: 1 | -1) {
  return async (session: NntpSession) => {
    const found = await session.snapshot();
    if (found === undefined) return;
    const { selected, snapshot } = found;
    const { current } = selected;
    if (current === undefined) return session.answer(420, 'No current article');
    const index = direction > 0 ? snapshot.lowerBound(current + 1) : snapshot.lowerBound(current) - 1;
    if (index < 0) return session.answer(422, 'No previous article');
    if (index >= snapshot.count) return session.answer(421, 'No next article');
    const first = snapshot.uidAt(index);
    const article = await findArticle(session, { is: 'range', first, last: first });
    if (article !== undefined) session.answer(223, `${first} ${article.id}`);
  };
}

/** RFC 3977 §6.1.3. */
export const last = defineTextCommand({
  name: 'LAST',
  syntax: 'LAST',
  rfc: '3977#6.1.3',
  states: 'any',
  parse: noArguments,
  run: step(-1),
});

/** RFC 3977 §6.1.4. */
export const next = defineTextCommand({
  name: 'NEXT',
  syntax: 'NEXT',
  rfc: '3977#6.1.4',
  states: 'any',
  parse: noArguments,
  run: step(1),
});
