/** SEARCH ANNOTATION (RFC 5257 §4.8). */
import { fold, type ImapSession, NumberSet, type SearchKey, wildcardMatch } from '@angarium/sdk';
import { Annotations, slices } from './annotations.js';
import { type Attribute, parseAttribute, parsePattern } from './grammar.js';

interface Question {
  readonly pattern: string;
  readonly attributes: readonly Attribute[];
  /** Octets; undefined: NIL. */
  readonly value: string | undefined;
}

/** What was found, and in which state of the mailbox: a search that is kept up to date asks again. */
interface Found {
  readonly modSeq: number;
  readonly uids: Promise<ReadonlySet<number>>;
}

/** By the parsed key: all messages are looked at together, once a search. */
const found = new WeakMap<Question, Found>();

export const annotationKey: SearchKey = {
  name: 'ANNOTATION',
  needs: 'message',
  parse(line): Question {
    line.sp();
    const pattern = parsePattern(line);
    line.sp();
    const attributes = parseAttribute(line);
    if (attributes.some(({ what }) => what !== 'value')) line.fail('value, value.priv or value.shared');
    line.sp();
    return { pattern, attributes, value: line.octets() };
  },
  async matchMessage(session, uid, _summary, args) {
    return (await matching(session, args as Question)).has(uid);
  },
};

function matching(session: ImapSession, question: Question): Promise<ReadonlySet<number>> {
  const modSeq = session.selected.view.highestModSeq;
  const before = found.get(question);
  if (before?.modSeq === modSeq) return before.uids;
  const uids = search(session, question);
  found.set(question, { modSeq, uids });
  return uids;
}

async function search(session: ImapSession, question: Question): Promise<ReadonlySet<number>> {
  const { view } = session.selected;
  const uids = new Set<number>();
  if (view.count === 0) return uids;
  const needle = question.value === undefined ? undefined : folded(Buffer.from(question.value, 'latin1'));
  for await (const slice of slices(view.uidsAt(NumberSet.range(0, view.count - 1)))) {
    const annotations = await Annotations.of(session, slice);
    const some = needle === undefined ? slice : annotations.uids;
    for (const uid of some) if (matches(annotations, uid, question, needle)) uids.add(uid);
  }
  return uids;
}

/** Contains the value, without case; NIL: has no such annotation. */
function matches(
  annotations: Annotations,
  uid: number,
  { pattern, attributes }: Question,
  needle: string | undefined,
): boolean {
  let hasSome = false;
  for (const { scope } of attributes) {
    for (const [entry, value] of annotations.values(uid, scope)) {
      if (!wildcardMatch(pattern, entry, '/')) continue;
      hasSome = true;
      if (needle !== undefined && folded(value).includes(needle)) return true;
    }
  }
  return needle === undefined && !hasSome;
}

function folded(value: Uint8Array): string {
  return fold(Buffer.from(value).toString());
}
