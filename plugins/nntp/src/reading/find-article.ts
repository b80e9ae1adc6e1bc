/** One article, found by number, by message-id, or as the current one. */
import { isMailError, NumberSet, SummaryView } from '@angarium/sdk';
import type { Group } from '../groups/groups.js';
import { articleId } from '../history/article-id.js';
import type { NntpSession } from '../session.js';
import type { Articles } from './ranges.js';

export interface Article {
  readonly group: Group;
  readonly uid: number;
  /** As it is told to the client: 0 for an article that was asked for by its message-id (RFC 3977 §6.2.1.2). */
  readonly number: number;
  readonly id: string;
  readonly summary: SummaryView;
}

/** Undefined: answered. By number it becomes the current article. */
export async function findArticle(session: NntpSession, which: Articles): Promise<Article | undefined> {
  if (which.is === 'id') {
    const article = await findById(session, which.id);
    if (article === undefined) session.deny(430, 'No such article');
    return article;
  }
  const found = await session.snapshot();
  if (found === undefined) return undefined;
  const { selected, snapshot } = found;
  const uid = which.is === 'range' ? which.first : selected.current;
  if (uid === undefined) {
    session.answer(420, 'No current article');
    return undefined;
  }
  const summary = snapshot.indexOf(uid) < 0 ? undefined : await summaryOf(session, selected.group, uid);
  if (summary === undefined) {
    session.answer(which.is === 'range' ? 423 : 420, 'No such article in this newsgroup');
    return undefined;
  }
  selected.current = uid;
  const id = articleId(summary, session.environment.host.serverName);
  return { group: selected.group, uid, number: uid, id, summary };
}

/** In the first of its groups that the client may read; the selected one before others. */
export async function findById(session: NntpSession, id: string): Promise<Article | undefined> {
  const { history, groups } = session.environment;
  const seen = await history.look(id);
  if (seen.is !== 'known') return undefined;
  const selected = session.selected?.group.entry.id;
  const places = [...seen.places].sort(
    (a, b) => Number(b.mailbox === selected) - Number(a.mailbox === selected),
  );
  for (const { mailbox, uid } of places) {
    const group = await groups.byId(mailbox);
    if (group === undefined || !groups.mayRead(session.identity, group)) continue;
    const summary = await existing(session, group, uid);
    if (summary !== undefined && articleId(summary, session.environment.host.serverName) === id) {
      return { group, uid, number: 0, id, summary };
    }
  }
  return undefined;
}

async function existing(session: NntpSession, group: Group, uid: number): Promise<SummaryView | undefined> {
  try {
    const snapshot = await session.environment.store.mailbox(group.entry.id).snapshot();
    return snapshot.indexOf(uid) < 0 ? undefined : await summaryOf(session, group, uid);
  } catch (error) {
    if (isMailError(error) && error.code === 'NONEXISTENT') return undefined;
    throw error;
  }
}

async function summaryOf(session: NntpSession, group: Group, uid: number): Promise<SummaryView | undefined> {
  for await (const { records } of session.environment.store
    .mailbox(group.entry.id)
    .summaries(NumberSet.of(uid))) {
    const [record] = records;
    if (record !== undefined) return new SummaryView(record);
  }
  return undefined;
}
