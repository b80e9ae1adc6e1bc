/** Lines about many articles, in slices, so that a group of any size takes the memory of a slice. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type MailboxSnapshot, NumberSet, SummaryView } from '@angarium/sdk';
import type { Group } from '../groups/groups.js';
import type { Place } from '../history/history.js';
import { ARTICLES_A_SLICE, ARTICLES_A_TURN } from '../limits.js';
import type { NntpSession } from '../session.js';
import type { FieldReader } from './fields.js';
import { findById } from './find-article.js';
import type { Articles } from './ranges.js';

/** What to write about an article; undefined for nothing. @param number as it is told to the client */
export type LineOf = (number: number, value: string) => string | undefined;

/**
 * The lines that `reader` gives for these articles. Undefined: answered with the reason why there are none.
 */
export async function articleLines(
  session: NntpSession,
  which: Articles,
  reader: FieldReader,
  lineOf: LineOf,
): Promise<AsyncIterable<string> | undefined> {
  if (which.is === 'id') return aboutOne(session, which.id, reader, lineOf);
  const found = await session.snapshot();
  if (found === undefined) return undefined;
  const { selected, snapshot } = found;
  const range = which.is === 'range' ? which : currentRange(selected.current);
  if (range === undefined || (which.is === 'current' && snapshot.indexOf(range.first) < 0)) {
    session.answer(420, 'No current article');
    return undefined;
  }
  const from = snapshot.lowerBound(range.first);
  const to = range.last >= 0xffffffff ? snapshot.count : snapshot.lowerBound(range.last + 1);
  if (from >= to) {
    session.answer(423, 'No articles in that range');
    return undefined;
  }
  return aboutMany(session, selected.group, snapshot, from, to, reader, lineOf);
}

function currentRange(current: number | undefined) {
  return current === undefined ? undefined : { first: current, last: current };
}

async function aboutOne(
  session: NntpSession,
  id: string,
  reader: FieldReader,
  lineOf: LineOf,
): Promise<AsyncIterable<string> | undefined> {
  const article = await findById(session, id);
  if (article === undefined) {
    session.deny(430, 'No such article');
    return undefined;
  }
  const { group, uid, summary } = article;
  const others = await session.environment.history.othersOf(group.entry.id, uid, uid);
  const value = await reader({ group, uid, summary, others: others.get(uid) ?? [] });
  const line = lineOf(0, value);
  return (async function* () {
    if (line !== undefined) yield line;
  })();
}

/** Several lines at a time. @param from and @param to indexes in the snapshot, `to` exclusive. */
async function* aboutMany(
  session: NntpSession,
  group: Group,
  snapshot: MailboxSnapshot,
  from: number,
  to: number,
  reader: FieldReader,
  lineOf: LineOf,
): AsyncGenerator<string> {
  const { store, history } = session.environment;
  const mailbox = store.mailbox(group.entry.id);
  for (let at = from; at < to; at += ARTICLES_A_SLICE) {
    const end = Math.min(to, at + ARTICLES_A_SLICE) - 1;
    const uids = snapshot.uidsAt(NumberSet.range(at, end));
    const others = await history.othersOf(group.entry.id, uids.first, uids.last);
    for await (const batch of mailbox.summaries(uids)) {
      const lines: string[] = [];
      for (let i = 0; i < batch.records.length; i++) {
        if (i % ARTICLES_A_TURN === ARTICLES_A_TURN - 1) await nextTurn();
        const uid = batch.uids[i]!;
        const summary = new SummaryView(batch.records[i]!);
        const value = reader({ group, uid, summary, others: others.get(uid) ?? none });
        const line = lineOf(uid, typeof value === 'string' ? value : await value);
        if (line !== undefined) lines.push(line);
      }
      // Every line begins with a number or `<`: none needs a dot.
      if (lines.length > 0) yield lines.join('\r\n');
    }
  }
}

const none: readonly Place[] = [];
