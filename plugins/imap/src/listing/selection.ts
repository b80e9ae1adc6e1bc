/** What selection options make of the names (RFC 5258 §3.1). */
import { type MailboxEntry, type MailboxName, mailboxKey, ownerOf } from '@angarium/sdk';
import type { Session } from '../session.js';
import { nextTurn } from '../view/index.js';
import { visibleNames } from './names.js';
import type { GivenOption } from './options.js';
import type { Pattern } from './pattern.js';
import { ancestorsOf, type Candidate, type Selection } from './walk.js';

/** Mailboxes that an option is asked about at once. */
const SLICE = 1000;

export interface SelectedNames {
  readonly names: readonly Candidate<MailboxEntry>[];
  /** Undefined: every mailbox. */
  readonly selection: Selection | undefined;
}

/** The names that are looked at, with those that have no mailbox and are selected all the same, and which of them are. */
export async function selectedNames(
  session: Session,
  patterns: readonly Pattern[],
  options: readonly GivenOption[],
): Promise<SelectedNames> {
  const visible = await namesInOrder(session, patterns);
  const restricting = options.filter(
    ({ option }) => option.names !== undefined || option.select !== undefined,
  );
  if (restricting.length === 0) return { names: visible, selection: undefined };
  let selected: Set<string> | undefined;
  let names: readonly Candidate<MailboxEntry>[] = visible;
  for (const { option, args } of restricting) {
    if (option.names === undefined) continue;
    const named = await option.names(session, args);
    names = withUnknown(session, names, named);
    const texts = new Set(named.map((name) => session.namespace.toClient(name)));
    selected = selected === undefined ? texts : new Set([...selected].filter((text) => texts.has(text)));
  }
  for (const given of restricting) {
    if (given.option.select !== undefined) selected = await picked(session, visible, given, selected);
  }
  const all = selected ?? new Set<string>();
  const isRecursive = options.some(({ option }) => option.kind === 'modifier');
  const below = isRecursive ? ancestorsOf(all, patterns, session.namespace.separator) : undefined;
  return { names, selection: { meets: (text) => all.has(text), below } };
}

/** Among `within`, those mailboxes that the option keeps. */
async function picked(
  session: Session,
  names: readonly Candidate<MailboxEntry>[],
  { option, args }: GivenOption,
  within: ReadonlySet<string> | undefined,
): Promise<Set<string>> {
  const kept = new Set<string>();
  for (let at = 0; at < names.length; at += SLICE) {
    if (at > 0) await nextTurn();
    const asked = names.slice(at, at + SLICE).filter(({ text }) => within?.has(text) ?? true);
    const entries = asked.flatMap(({ item }) => item ?? []);
    const keeps = (await option.select?.(session, entries, args)) ?? [];
    asked.forEach(({ text }, i) => {
      if (keeps[i]) kept.add(text);
    });
  }
  return kept;
}

/** Each mailbox once, parents first, also when several names without wildcards were asked for. */
async function namesInOrder(
  session: Session,
  patterns: readonly Pattern[],
): Promise<readonly Candidate<MailboxEntry>[]> {
  const names = await visibleNames(session, patterns);
  if (patterns.length === 1 || patterns.some(({ hasWildcards }) => hasWildcards)) return names;
  const byKey = new Map(names.map((name) => [orderOf(session, name.item.name), name]));
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) => name);
}

/** As `visibleNames` has it: the user's own first, then as the catalogue has them. */
function orderOf(session: Session, name: MailboxName): string {
  return `${ownerOf(name) === session.identity.user ? 0 : 1}${mailboxKey(name)}`;
}

/** Puts names that are not in the list where they belong. */
function withUnknown(
  session: Session,
  names: readonly Candidate<MailboxEntry>[],
  named: readonly MailboxName[],
): readonly Candidate<MailboxEntry>[] {
  const missing = new Map(named.map((name) => [session.namespace.toClient(name), name]));
  for (const { text } of names) missing.delete(text);
  if (missing.size === 0) return names;
  const merged: Candidate<MailboxEntry>[] = [];
  const coming = [...missing]
    .map(([text, name]) => ({ text, order: orderOf(session, name) }))
    .sort((a, b) => (a.order < b.order ? -1 : 1));
  let at = 0;
  for (const { text, order } of coming) {
    const to = lowerBound(session, names, order);
    for (; at < to; at++) merged.push(names[at]!);
    merged.push({ text, item: undefined });
  }
  for (; at < names.length; at++) merged.push(names[at]!);
  return merged;
}

function lowerBound(session: Session, names: readonly Candidate<MailboxEntry>[], order: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const { item } = names[middle]!;
    if (item !== undefined && orderOf(session, item.name) < order) low = middle + 1;
    else high = middle;
  }
  return low;
}
