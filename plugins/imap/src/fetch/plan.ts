import { type FetchItem, type ImapSession, NumberSet, type SelectedMailbox } from '@angarium/sdk';
import { type IndexPart, indexPart } from './index-parts.js';
import type { BinaryItem, Item, SectionItem, SummaryName } from './items.js';

/** What a FETCH does for each message, sorted by what it costs. Made once a command. */
export interface FetchPlan {
  readonly rows: readonly IndexPart[];
  /** Told behind the extensions' items (`FetchItem.rank`). */
  readonly lastRows: readonly IndexPart[];
  readonly summaries: readonly SummaryName[];
  /** In the order asked. */
  readonly sections: readonly (SectionItem | BinaryItem)[];
  readonly extensions: readonly { readonly item: FetchItem; readonly args: unknown }[];
  readonly needsSummaries: boolean;
  readonly setsSeen: boolean;
  /** For messages that this command makes \Seen (RFC 3501 §6.4.5): FLAGS, MODSEQ, unless asked for anyway. */
  readonly seenRows: readonly IndexPart[];
}

function planFetch(
  items: readonly Item[],
  selected: SelectedMailbox,
  tellsModSeq: boolean,
  tellsUid: boolean,
  asksUid = true,
): FetchPlan {
  const labels = new Set(items.map((item) => item.label));
  const extensions = inRank(items.filter((item) => item.kind === 'extension'));
  const isUidLast = !asksUid && labels.has('UID') && extensions.some(({ item }) => item.rank !== undefined);
  const summaries = items.filter((item) => item.kind === 'summary').map((item) => item.label);
  const sections = items.filter((item) => item.kind === 'section' || item.kind === 'binary');
  const seenRows: IndexPart[] = [];
  if (!labels.has('FLAGS')) seenRows.push(indexPart('FLAGS', selected));
  if (tellsModSeq && !labels.has('MODSEQ')) seenRows.push(indexPart('MODSEQ', selected));
  // RFC 7162 §3.2.4: with the mod-sequence goes the UID; a UIDFETCH line has it.
  if (tellsModSeq && tellsUid && !labels.has('UID')) seenRows.push(indexPart('UID', selected));
  const named = items.filter((item) => item.kind === 'index').map(({ label }) => label);
  const rows = isUidLast ? named.filter((label) => label !== 'UID') : named;
  return {
    rows: rows.map((label) => indexPart(label, selected)),
    lastRows: isUidLast ? [indexPart('UID', selected)] : [],
    summaries,
    sections,
    extensions,
    needsSummaries:
      summaries.length > 0 ||
      !sections.every(isWhole) ||
      extensions.some(({ item }) => item.needs !== 'index'),
    setsSeen: sections.some((item) => item.setsSeen) || extensions.some(({ item }) => item.setsSeen === true),
    seenRows,
  };
}

/** Stable: those without a rank stay in the order asked, ahead of the others. */
function inRank<T extends { readonly item: FetchItem }>(extensions: readonly T[]): readonly T[] {
  if (extensions.every(({ item }) => item.rank === undefined)) return extensions;
  return extensions.toSorted((a, b) => (a.item.rank ?? -1) - (b.item.rank ?? -1));
}

/** A message as a whole: its size, which the snapshot has, is all that has to be known of it. */
function isWhole(item: SectionItem | BinaryItem): boolean {
  return item.kind === 'section' && item.spec.path.length === 0 && item.spec.text === '';
}

/** As the session has it: MODSEQ and UID go along where they must. `asksUid`: UID was among the items asked for. */
export function planFor(session: ImapSession, items: readonly Item[], asksUid = false): FetchPlan {
  const { enabled, selected } = session;
  const isUidOnly = enabled.has('UIDONLY');
  // A UIDFETCH line begins with the UID: the item only where it was asked for (RFC 9586 §3.3).
  const told = isUidOnly && !asksUid ? items.filter(({ label }) => label !== 'UID') : items;
  return planFetch(told, selected, enabled.has('CONDSTORE'), !isUidOnly, asksUid || isUidOnly);
}

/** Nothing but columns of the snapshot. */
export function isRowsOnly(plan: FetchPlan): boolean {
  return !plan.needsSummaries && plan.extensions.length === 0 && plan.sections.length === 0;
}

/** Messages newer than this mod-sequence (RFC 7162 §3.1.4.1). */
export function changedSince(selected: SelectedMailbox, indexes: NumberSet, modSeq: number): NumberSet {
  const found: number[] = [];
  selected.view.eachRun(indexes, (chunk, from, to, index) => {
    // Chunks of the view alone have no highest mod-sequence (below 0).
    if (chunk.maxModSeq >= 0 && chunk.maxModSeq <= modSeq) return;
    for (let at = from; at < to; at++) if (chunk.modseqs[at]! > modSeq) found.push(index + at - from);
  });
  return NumberSet.fromAscending(found);
}
