/** Which names a client is shown: those that match, and the levels of hierarchy above them. Linear in the names. */
import { isMailError, type MailboxEntry, ownerOf } from '@angarium/sdk';
import type { Session } from '../session.js';
import type { Pattern } from './pattern.js';

/** A name as the client sees it, and what is behind it. */
export interface Name<T> {
  readonly text: string;
  readonly item: T;
}

export interface Match<T> {
  readonly text: string;
  /** Undefined: a level of hierarchy only. */
  readonly item: T | undefined;
  readonly hasChildren: boolean;
}

/** In the order of `names`, a level before what is below it. */
export function matchNames<T>(
  names: readonly Name<T>[],
  patterns: readonly Pattern[],
  separator: string,
): Match<T>[] {
  const known = new Set<string>();
  for (const { text } of names) known.add(text);
  const parents = parentsOf(names, separator);
  const levelPatterns = patterns.filter(({ endsWithPercent }) => endsWithPercent);
  const seenLevels = new Set<string>();
  const matches: Match<T>[] = [];
  for (const { text, item } of names) {
    if (levelPatterns.length > 0) {
      for (const level of newLevels(text, separator, seenLevels)) {
        if (known.has(level) || !levelPatterns.some((pattern) => pattern.matches(level))) continue;
        matches.push({ text: level, item: undefined, hasChildren: true });
      }
    }
    if (patterns.some((pattern) => pattern.matches(text))) {
      matches.push({ text, item, hasChildren: parents.has(text) });
    }
  }
  return matches;
}

/** Every level that has a name below it. */
function parentsOf(names: readonly Name<unknown>[], separator: string): ReadonlySet<string> {
  const parents = new Set<string>();
  for (const { text } of names) newLevels(text, separator, parents);
  return parents;
}

/** The levels above `text` that are not in `seen`, highest first; they are put there. */
function newLevels(text: string, separator: string, seen: Set<string>): string[] {
  const levels: string[] = [];
  for (let at = text.lastIndexOf(separator); at > 0; at = text.lastIndexOf(separator, at - 1)) {
    const level = text.slice(0, at);
    if (seen.has(level)) break;
    seen.add(level);
    levels.unshift(level);
  }
  return levels;
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
  return names.concat(visible(session, others));
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
