/** Which mailboxes to search: filter-mailboxes of RFC 5465 §6, as RFC 7377 §2.2 changes them. */
import {
  type CommandLine,
  type ImapSession,
  isMailError,
  type MailboxEntry,
  type MailboxName,
  MailError,
  personalMailbox,
  Right,
} from '@angarium/sdk';

export type Source =
  | { readonly of: 'selected' | 'inboxes' | 'personal' | 'subscribed' }
  | { readonly of: 'subtree' | 'subtree-one' | 'mailboxes'; readonly names: readonly string[] };

const simple = ['selected', 'inboxes', 'personal', 'subscribed'] as const;
const named = ['subtree', 'subtree-one', 'mailboxes'] as const;

/** Each costs a look-up. */
const MAX_NAMES = 10_000;

/** `IN (…) ` with the space behind it; absent: the selected one. */
export function parseSources(line: CommandLine): readonly Source[] {
  if (!line.tryExpect('IN (')) return [{ of: 'selected' }];
  const sources: Source[] = [];
  do {
    // scope-options: none are defined, and their parenthesis comes last.
    if (sources.length > 0 && line.peek() === '(')
      line.fail('a mailbox specifier; there are no scope options');
    sources.push(parseSource(line));
  } while (line.trySp());
  line.expect(')');
  line.sp();
  return sources;
}

function parseSource(line: CommandLine): Source {
  const word = line.itemName().toLowerCase();
  const of = simple.find((name) => name === word);
  if (of !== undefined) return { of };
  const kind = named.find((name) => name === word) ?? line.fail(`a mailbox specifier instead of ${word}`);
  line.sp();
  const names = line.tryList(() => nameOrNothing(line)) ?? [nameOrNothing(line)];
  if (names.length > MAX_NAMES) line.fail(`at most ${MAX_NAMES} mailboxes`);
  return { of: kind, names: names.filter((name) => name !== undefined) };
}

/** What can be no name is as good as one that is not there. */
function nameOrNothing(line: CommandLine): string | undefined {
  try {
    return line.mailbox();
  } catch (error) {
    if (isMailError(error)) return undefined;
    throw error;
  }
}

/** In the order given, each once, without those that the user may not search. */
export async function mailboxesOf(
  session: ImapSession,
  sources: readonly Source[],
): Promise<readonly MailboxEntry[]> {
  const found = new Map<string, MailboxEntry>();
  for (const source of sources) {
    const isNamed = source.of === 'mailboxes' || source.of === 'selected';
    const needed = isNamed ? Right.read : Right.read | Right.lookup;
    for (const entry of await entriesOf(session, source)) {
      const rights = session.access.rights(session.identity, entry);
      if ((rights & needed) === needed) found.set(entry.id, entry);
    }
  }
  return [...found.values()];
}

async function entriesOf(session: ImapSession, source: Source): Promise<readonly MailboxEntry[]> {
  const { catalogue } = session.store;
  const { user } = session.identity;
  switch (source.of) {
    case 'selected':
      return [session.selected.entry];
    case 'inboxes':
      return await foundOf(session, [personalMailbox(user)]);
    case 'personal':
      return await catalogue.list({ owner: user });
    case 'subscribed':
      return await foundOf(session, await catalogue.subscriptions(user));
    case 'mailboxes':
      return await foundOf(session, namesOf(session, source.names));
    default:
      return await treesOf(session, namesOf(session, source.names), source.of === 'subtree-one');
  }
}

function namesOf(session: ImapSession, texts: readonly string[]): MailboxName[] {
  return texts.flatMap((text) => {
    try {
      return [session.namespace.fromClient(text)];
    } catch (error) {
      if (error instanceof MailError || isMailError(error)) return [];
      throw error;
    }
  });
}

/** Through the session's own look-up, so that what is hidden is not there. */
async function foundOf(session: ImapSession, names: readonly MailboxName[]): Promise<MailboxEntry[]> {
  const entries: MailboxEntry[] = [];
  for (const name of names) {
    try {
      entries.push(await session.find(name, Right.read));
    } catch (error) {
      if (!isMailError(error)) throw error;
    }
  }
  return entries;
}

/** With the mailbox itself; `isOneLevel`: its children, not theirs. */
async function treesOf(
  session: ImapSession,
  names: readonly MailboxName[],
  isOneLevel: boolean,
): Promise<MailboxEntry[]> {
  const entries: MailboxEntry[] = [];
  for (const name of names) {
    const depth = name.path.length + 1;
    for (const entry of await session.store.catalogue.list({ below: name }))
      if (!isOneLevel || entry.name.path.length <= depth) entries.push(entry);
  }
  return entries;
}
