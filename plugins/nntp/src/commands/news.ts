import {
  type ArgumentReader,
  CommandSyntaxError,
  defineTextCommand,
  NumberSet,
  SummaryView,
} from '@angarium/sdk';
import type { Group } from '../groups/groups.js';
import { visibleGroups, withMarks } from '../groups/visible.js';
import { articleId } from '../history/article-id.js';
import { ARTICLES_A_SLICE, MAX_NEWNEWS } from '../limits.js';
import type { NntpSession } from '../session.js';
import { toWire } from '../text.js';
import { wildmatOf } from './list.js';

/**
 * `[yy]yymmdd hhmmss [GMT]` (RFC 3977 §7.3.2) → ms. Two digits of a year are of this century when they are not ahead, else of
 * the last. Without GMT it is the server's time, which here is UTC too. @throws CommandSyntaxError
 */
export function parseSince(args: ArgumentReader, nowMs: number): number {
  const date = args.expectWord('Date');
  const time = args.expectWord('Time');
  args.tryText('GMT');
  args.expectEnd();
  const found = /^(\d{2}|\d{4})(\d{2})(\d{2}) (\d{2})(\d{2})(\d{2})$/.exec(`${date} ${time}`);
  if (found === null) throw new CommandSyntaxError('yyyymmdd hhmmss expected');
  const [year, month, day, hours, minutes, seconds] = found.slice(1).map(Number) as number[];
  const ms = Date.UTC(fullYear(found[1]!, year!, nowMs), month! - 1, day!, hours!, minutes!, seconds!);
  const isReal = month! >= 1 && new Date(ms).getUTCMonth() === month! - 1 && day! >= 1;
  if (!isReal || hours! > 23 || minutes! > 59 || seconds! > 60) throw new CommandSyntaxError('No such time');
  return ms;
}

function fullYear(digits: string, year: number, nowMs: number): number {
  if (digits.length === 4) return year;
  const now = new Date(nowMs).getUTCFullYear();
  const inThisCentury = now - (now % 100) + year;
  return inThisCentury > now ? inThisCentury - 100 : inThisCentury;
}

/** RFC 3977 §7.3. */
export const newgroups = defineTextCommand({
  name: 'NEWGROUPS',
  syntax: 'NEWGROUPS date time [GMT]',
  rfc: '3977#7.3',
  states: 'any',
  parse: (args) => parseSince(args, Date.now()),
  async run(session: NntpSession, since) {
    const groups = await visibleGroups(session, undefined);
    if (groups === undefined) return;
    const { environment, identity } = session;
    const fresh = groups.filter(({ entry }) => entry.createdMs >= since);
    session.answer(231, 'List of new newsgroups follows');
    await session.lines(
      withMarks(session, fresh, (group, { low, high }) => {
        return `${toWire(group.name)} ${high} ${low} ${environment.groups.status(identity, group)}`;
      }),
    );
  },
});

/** RFC 3977 §7.4. By the time of arrival. */
export const newnews = defineTextCommand({
  name: 'NEWNEWS',
  syntax: 'NEWNEWS wildmat date time [GMT]',
  rfc: '3977#7.4',
  states: 'any',
  parse: (args) => ({ wildmat: wildmatOf(args.expectWord('Wildmat')), since: parseSince(args, Date.now()) }),
  async run(session: NntpSession, { wildmat, since }) {
    if (!session.environment.config.allownewnews) return session.answer(502, 'NEWNEWS is not offered');
    const groups = await visibleGroups(session, wildmat);
    if (groups === undefined) return;
    session.answer(230, 'List of new articles follows');
    await session.lines(newArticles(session, groups, since));
  },
});

async function* newArticles(
  session: NntpSession,
  list: readonly Group[],
  sinceMs: number,
): AsyncGenerator<string> {
  const told = new Set<string>();
  for (const group of list) {
    if (!session.environment.groups.mayRead(session.identity, group)) continue;
    for await (const id of newIn(session, group, sinceMs)) {
      // RFC 3977 §7.4.2: a crossposted article is told once.
      if (told.has(id)) continue;
      if (told.size < MAX_NEWNEWS) told.add(id);
      yield id;
    }
  }
}

async function* newIn(session: NntpSession, { entry }: Group, sinceMs: number): AsyncGenerator<string> {
  const { store, host } = session.environment;
  const mailbox = store.mailbox(entry.id);
  const snapshot = await mailbox.snapshot();
  for (const { uids, dates, count } of snapshot.chunks) {
    const fresh = uids.subarray(0, count).filter((_, i) => dates[i]! * 1000 >= sinceMs);
    for (let at = 0; at < fresh.length; at += ARTICLES_A_SLICE) {
      const slice = NumberSet.fromAscending(fresh.subarray(at, at + ARTICLES_A_SLICE));
      for await (const { records } of mailbox.summaries(slice)) {
        for (const record of records) yield articleId(new SummaryView(record), host.serverName);
      }
    }
  }
}
