/**
 * An article into its groups: which of them it may go to, one append for all of them, and the note of where it is. When
 * it resolves with 'filed' everything is durable.
 */
import { type AppendMark, type AppendOutcome, isMailError, noFlags, type Origin } from '@angarium/sdk';
import type { Group } from '../groups/groups.js';
import type { Hold, Place } from '../history/history.js';
import { HOLD_MS, MAX_CROSSPOSTS } from '../limits.js';
import type { NntpSession } from '../session.js';
import type { Incoming } from './intake.js';
import { groupNames } from './rules.js';

export type Outcome =
  | { readonly is: 'filed' }
  | { readonly is: 'duplicate' }
  /** Somebody else brings it just now, or something is broken: trying again may help. */
  | { readonly is: 'later'; readonly text: string }
  /** Never. */
  | { readonly is: 'refused'; readonly text: string };

export async function fileArticle(session: NntpSession, article: Incoming): Promise<Outcome> {
  const { history } = session.environment;
  const targets = await targetsOf(session, article);
  if ('text' in targets) return { is: 'refused', text: targets.text };
  const hold = await history.hold(article.messageId);
  if (hold.is === 'known') return { is: 'duplicate' };
  if (hold.is !== 'held') return { is: 'later', text: 'The article is being filed already' };
  try {
    return await append(session, article, targets.groups, hold);
  } finally {
    await hold.release();
  }
}

/** The groups it goes to: those that exist and where the poster may post; of control messages the place for them. */
async function targetsOf(
  session: NntpSession,
  { header }: Incoming,
): Promise<{ readonly groups: readonly Group[] } | { readonly text: string }> {
  const { groups, control } = session.environment;
  const names = groupNames(header.groups());
  if (names.length > MAX_CROSSPOSTS) return { text: `More than ${MAX_CROSSPOSTS} newsgroups` };
  const place = await control.placeOf(header);
  const found = place === undefined ? await existing(session, names) : [place];
  if (found.length === 0) return { text: 'No such newsgroup' };
  const open = found.filter((group) => groups.mayPost(session.identity, group));
  if (open.length === 0) return { text: 'You may not post there' };
  // RFC 5537 §3.5, §3.7: one moderated group makes the whole article need approval.
  if (place === undefined && !header.has('approved') && found.some((group) => groups.isModerated(group))) {
    return { text: 'The newsgroup is moderated, the article has no Approved field' };
  }
  return { groups: open };
}

async function existing(session: NntpSession, names: readonly string[]): Promise<Group[]> {
  const found: Group[] = [];
  for (const name of new Set(names)) {
    const group = await session.environment.groups.find(name);
    if (group !== undefined) found.push(group);
  }
  return found;
}

async function append(
  session: NntpSession,
  article: Incoming,
  groups: readonly Group[],
  hold: Hold,
): Promise<Outcome> {
  const { store, clock, control } = session.environment;
  const nowMs = clock.now();
  const item = { message: article.message, flags: noFlags, internalDateMs: nowMs };
  const once: AppendMark = {
    space: 'nntp/filed',
    key: article.messageId,
    value: Buffer.alloc(0),
    expiresMs: nowMs + 24 * HOLD_MS,
  };
  const targets = groups.map(({ entry }) => ({ mailbox: entry.id, items: [item], once }));
  const outcomes = await store.append(targets, originOf(session));
  const places = await placesOf(session, article.messageId, groups, outcomes);
  if (places.length === 0) return failure(outcomes);
  await hold.done(places);
  await control.carryOut(article, session.connection.id);
  return { is: 'filed' };
}

async function placesOf(
  session: NntpSession,
  messageId: string,
  groups: readonly Group[],
  outcomes: readonly AppendOutcome[],
): Promise<Place[]> {
  const { follower, log } = session.environment;
  const places: Place[] = [];
  for (let i = 0; i < groups.length; i++) {
    const mailbox = groups[i]!.entry.id;
    const outcome = outcomes[i]!;
    if (outcome.ok) places.push({ mailbox, uid: outcome.uids[0]! });
    else if (outcome.isRepeat === true) {
      // A crash came between the append and the note.
      const uid = await follower.find(mailbox, messageId);
      if (uid !== undefined) places.push({ mailbox, uid });
    } else
      log.info('an article was not filed', { group: groups[i]!.name, id: messageId, err: outcome.error });
  }
  return places;
}

function failure(outcomes: readonly AppendOutcome[]): Outcome {
  for (const outcome of outcomes) {
    if (outcome.ok || !isMailError(outcome.error)) continue;
    const { temporary, publicText } = outcome.error;
    return temporary ? { is: 'later', text: publicText } : { is: 'refused', text: publicText };
  }
  return { is: 'later', text: 'The article could not be filed' };
}

export function originOf({ identity, connection }: NntpSession): Origin {
  return { identity, via: 'nntp', session: connection.id, operation: 'POST' };
}
