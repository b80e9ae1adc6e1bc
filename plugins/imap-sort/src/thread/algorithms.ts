/** ORDEREDSUBJECT and REFERENCES (RFC 5256 §3), REFS (draft-ietf-morg-inthread; its text was not at hand, see `refs`). */
import { type ImapSession, NumberSet, type SummaryView } from '@angarium/sdk';
import { countUp } from '../numbers.js';
import { eachSummary } from '../sort/keys.js';
import { sortInSlices } from '../sort/order.js';
import type { TextKey } from '../sort/text-keys.js';
import type { Turns } from '../turns.js';
import type { Forest } from './forest.js';
import { Links } from './links.js';
import { Gathering, type MessageTexts } from './subjects.js';

export interface Threading {
  readonly session: ImapSession;
  /** Into the view; message n of the forest is the n-th of these. */
  readonly indexes: NumberSet;
  readonly subjectKey: TextKey;
  readonly turns: Turns;
}

interface Texts extends MessageTexts {
  readonly subjects: string[];
}

function emptyTexts(count: number): Texts {
  return {
    dates: new Float64Array(count),
    subjects: new Array<string>(count).fill(''),
    isReply: new Uint8Array(count),
  };
}

function readTexts(texts: Texts, row: number, summary: SummaryView, subjectKey: TextKey): void {
  texts.dates[row] = summary.sentDateMs;
  texts.subjects[row] = subjectKey(summary);
  texts.isReply[row] = summary.isReplyOrForward ? 1 : 0;
}

/** RFC 5256 §3: References, or the first identifier of In-Reply-To where there are none. */
function referencesOf(summary: SummaryView): readonly string[] {
  const references = summary.references();
  return references.length > 0 ? references : summary.inReplyTo().slice(0, 1);
}

/** Links of all messages; those whose summary is gone stand alone. */
async function linked(
  { session, indexes, turns }: Threading,
  visit: (row: number, summary: SummaryView) => void,
): Promise<Links> {
  const links = new Links();
  const alone = { messageId: '', references: [] };
  let next = 0;
  await eachSummary(session, indexes, turns, (row, summary) => {
    for (; next < row; next++) links.add(alone);
    links.add({ messageId: summary.messageId(), references: referencesOf(summary) });
    next = row + 1;
    visit(row, summary);
  });
  for (; next < indexes.size; next++) links.add(alone);
  return links;
}

export async function references(threading: Threading): Promise<Forest> {
  const { indexes, subjectKey, turns } = threading;
  const texts = emptyTexts(indexes.size);
  const links = await linked(threading, (row, summary) => readTexts(texts, row, summary, subjectKey));
  const forest = await links.forest(turns);
  const gathering = new Gathering(forest, texts);
  await turns.rest();
  await gathering.gather(turns);
  await turns.rest();
  return await gathering.sorted(turns);
}

export async function orderedSubject({ session, indexes, subjectKey, turns }: Threading): Promise<Forest> {
  const count = indexes.size;
  const texts = emptyTexts(count);
  await eachSummary(session, indexes, turns, (row, summary) => readTexts(texts, row, summary, subjectKey));
  const { dates, subjects } = texts;
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
  const texts = emptyTexts(size);
  const links = await linked(threading, (row, summary) => {
    texts.dates[row] = summary.sentDateMs;
  });
  const arrivals = new Float64Array(size);
  let row = 0;
  session.selected.view.eachRun(indexes, (chunk, from, to) => {
    for (let at = from; at < to; at++) arrivals[row++] = chunk.dates[at]!;
  });
  const { messages, roots, children } = await new Gathering(await links.forest(turns), texts).sorted(turns);
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
