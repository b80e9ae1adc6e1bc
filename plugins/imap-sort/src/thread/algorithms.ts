/** ORDEREDSUBJECT and REFERENCES (RFC 5256 §3), REFS (draft-ietf-morg-inthread; its text was not at hand, see `refs`). */
import type { CollationName, ImapSession, NumberSet, SummaryView } from '@angarium/sdk';
import { countUp } from '../numbers.js';
import type { KeyCache } from '../sort/key-cache.js';
import { type ColumnReader, columnKey, loadColumns } from '../sort/keys.js';
import { sortInSlices } from '../sort/order.js';
import { textKey } from '../sort/text-keys.js';
import type { Turns } from '../turns.js';
import type { Forest, GrowingForest } from './forest.js';
import { Links } from './links.js';
import { Gathering, type MessageTexts } from './subjects.js';

export interface Threading {
  readonly session: ImapSession;
  /** Into the view; message n of the forest is the n-th of these. */
  readonly indexes: NumberSet;
  readonly comparator: CollationName | undefined;
  readonly cache: KeyCache;
  readonly turns: Turns;
}

/** What the algorithms ask of all messages; each is read for those that need it. */
class MessageColumns implements MessageTexts {
  readonly dates: Float64Array;
  readonly subjects: string[];
  readonly isReply: Float64Array;
  private readonly ids: string[];
  private readonly ancestors: string[];

  constructor(private readonly threading: Threading) {
    const { size } = threading.indexes;
    this.dates = new Float64Array(size);
    this.isReply = new Float64Array(size);
    this.subjects = new Array<string>(size).fill('');
    this.ids = new Array<string>(size).fill('');
    this.ancestors = new Array<string>(size).fill('');
  }

  async load(wanted: { readonly subjects: boolean; readonly links: boolean }): Promise<void> {
    const { session, indexes, comparator } = this.threading;
    const readers: ColumnReader[] = [
      { key: columnKey('DATE', comparator), column: this.dates, read: (summary) => summary.sentDateMs },
    ];
    if (wanted.subjects)
      readers.push(
        {
          key: columnKey('SUBJECT', comparator),
          column: this.subjects,
          read: textKey('SUBJECT', comparator),
        },
        { key: 'is reply', column: this.isReply, read: (summary) => (summary.isReplyOrForward ? 1 : 0) },
      );
    if (wanted.links)
      readers.push(
        { key: 'id', column: this.ids, read: (summary) => summary.messageId() },
        { key: 'ancestors', column: this.ancestors, read: (summary) => referencesOf(summary).join(' ') },
      );
    await loadColumns(session, indexes, readers, this.threading);
  }

  /** Steps 1 to 3 of REFERENCES. A message whose summary is gone stands alone. */
  async linked(): Promise<GrowingForest> {
    const { turns } = this.threading;
    const links = new Links();
    for (const [row, messageId] of this.ids.entries()) {
      const ancestors = this.ancestors[row]!;
      const steps = links.add({ messageId, references: ancestors === '' ? [] : ancestors.split(' ') });
      if (turns.isDue(steps)) await turns.rest();
    }
    return await links.forest(turns);
  }
}

/** RFC 5256 §3: References, or the first identifier of In-Reply-To where there are none. */
function referencesOf(summary: SummaryView): readonly string[] {
  const references = summary.references();
  return references.length > 0 ? references : summary.inReplyTo().slice(0, 1);
}

export async function references(threading: Threading): Promise<Forest> {
  const { turns } = threading;
  const columns = new MessageColumns(threading);
  await columns.load({ subjects: true, links: true });
  const gathering = new Gathering(await columns.linked(), columns);
  await gathering.gather(turns);
  return await gathering.sorted(turns);
}

export async function orderedSubject(threading: Threading): Promise<Forest> {
  const { indexes, turns } = threading;
  const count = indexes.size;
  const columns = new MessageColumns(threading);
  await columns.load({ subjects: true, links: false });
  const { dates, subjects } = columns;
  const byDate = (a: number, b: number): number => dates[a]! - dates[b]! || a - b;
  const sorted = await sortInSlices(
    countUp(count),
    (a, b) => (subjects[a] === subjects[b] ? byDate(a, b) : subjects[a]! < subjects[b]! ? -1 : 1),
    turns,
  );
  const children = new Map<number, number[]>();
  const roots: number[] = [];
  for (let at = 0; at < count; ) {
    const root = sorted[at++]!;
    const below: number[] = [];
    for (; at < count && subjects[sorted[at]!] === subjects[root]; at++) below.push(sorted[at]!);
    roots.push(root);
    if (below.length > 0) children.set(root, below);
  }
  const inOrder = await sortInSlices(Uint32Array.from(roots), byDate, turns);
  return { messages: count, roots: [...inOrder], children };
}

/**
 * As REFERENCES without subjects (steps 1 to 3, siblings by sent date); threads in the order of the latest internal date in
 * each. Cyrus does the same; Dovecot takes the latest sent date.
 */
export async function refs(threading: Threading): Promise<Forest> {
  const { session, indexes, turns } = threading;
  const { size } = indexes;
  const columns = new MessageColumns(threading);
  await columns.load({ subjects: false, links: true });
  const arrivals = new Float64Array(size);
  let row = 0;
  session.selected.view.eachRun(indexes, (chunk, from, to) => {
    for (let at = from; at < to; at++) arrivals[row++] = chunk.dates[at]!;
  });
  const { messages, roots, children } = await new Gathering(await columns.linked(), columns).sorted(turns);
  const latest = new Map<number, number>();
  for (const root of roots) {
    let newest = 0;
    const rest = [root];
    for (let node = rest.pop(); node !== undefined; node = rest.pop()) {
      if (node < messages) newest = Math.max(newest, arrivals[node]!);
      for (const child of children.get(node) ?? []) rest.push(child);
      if (turns.isDue(1)) await turns.rest();
    }
    latest.set(root, newest);
  }
  const first = (node: number): number => (node < messages ? node : children.get(node)![0]!);
  const compare = (a: number, b: number): number => latest.get(a)! - latest.get(b)! || first(a) - first(b);
  const inOrder = await sortInSlices(Uint32Array.from(roots), compare, turns);
  return { messages, roots: [...inOrder], children };
}
