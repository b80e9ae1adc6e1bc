/** The mailboxes that a client may know of, by the names it knows them by. */
import { isMailError, type MailboxEntry, ownerOf } from '@angarium/sdk';
import type { Session } from '../session.js';
import { nextTurn } from '../view/index.js';
import type { Pattern } from './pattern.js';

/** A name as the client sees it, and what is behind it. */
export interface Name<T> {
  readonly text: string;
  readonly item: T;
}

/** The mailboxes that this client may look up and that can have to do with these patterns; the user's own first. */
export async function visibleNames(
  session: Session,
  patterns: readonly Pattern[],
): Promise<Name<MailboxEntry>[]> {
  if (patterns.every(({ hasWildcards }) => !hasWildcards)) return exactNames(session, patterns);
  const { catalogue } = session.store;
  const { user } = session.identity;
  const names = visible(session, await catalogue.list({ owner: user }));
  if (staysAtHome(session, patterns)) return names;
  const others = (await reachable(session)).filter(({ name }) => ownerOf(name) !== user);
  return names.concat(await visibleInTurns(session, others));
}

/** Names looked at before other sessions have their turn: some milliseconds. */
export const NAMES_A_TURN = 5000;

async function visibleInTurns(
  session: Session,
  entries: readonly MailboxEntry[],
): Promise<Name<MailboxEntry>[]> {
  if (entries.length <= NAMES_A_TURN) return visible(session, entries);
  const names: Name<MailboxEntry>[] = [];
  for (let at = 0; at < entries.length; at += NAMES_A_TURN) {
    for (const name of visible(session, entries.slice(at, at + NAMES_A_TURN))) names.push(name);
    await nextTurn();
  }
  return names;
}

function visible(session: Session, entries: readonly MailboxEntry[]): Name<MailboxEntry>[] {
  const { namespace } = session;
  return entries
    .filter((entry) => session.canSee(entry) && (namespace.isListed?.(entry.name) ?? true))
    .map((entry) => ({ text: namespace.toClient(entry.name), item: entry }));
}

/** Mailboxes that this user may be allowed to see beside his own, no more of the list than is needed to know. */
async function reachable({ access, identity, store }: Session): Promise<readonly MailboxEntry[]> {
  const { catalogue } = store;
  const reach = access.reach?.(identity);
  if (reach === undefined) return catalogue.list({});
  const { identifiers, domains } = reach;
  const granted = identifiers.length === 0 ? [] : await catalogue.list({ grantedTo: identifiers });
  const ofDomains = await Promise.all(domains.map((domain) => catalogue.list({ domain })));
  if (ofDomains.length === 0) return granted;
  const all = new Map([...ofDomains.flat(), ...granted].map((entry) => [entry.id, entry]));
  return [...all.values()];
}

/** A pattern that begins with the personal prefix stays in the user's own tree. */
function staysAtHome({ namespace: { personal } }: Session, patterns: readonly Pattern[]): boolean {
  return (
    personal !== undefined && personal !== '' && patterns.every(({ prefix }) => prefix.startsWith(personal))
  );
}

/** Without wildcards: a look-up each, and whether something is below. */
async function exactNames(session: Session, patterns: readonly Pattern[]): Promise<Name<MailboxEntry>[]> {
  const names: Name<MailboxEntry>[] = [];
  for (const { text } of patterns) {
    try {
      names.push(
        ...visible(
          session,
          await session.store.catalogue.list({ below: session.namespace.fromClient(text) }),
        ),
      );
    } catch (error) {
      // What can be no name matches nothing.
      if (!isMailError(error) || error.code !== 'CANNOT') throw error;
    }
  }
  return names;
}
