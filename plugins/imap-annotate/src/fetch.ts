/** FETCH ANNOTATION (RFC 5257 §4.3, §4.4). */
import { type FetchBatch, type FetchItem, NumberSet, wildcardMatch } from '@angarium/sdk';
import { Annotations } from './annotations.js';
import { type Attribute, parseAttributes, parsePattern, several } from './grammar.js';
import { nameText, valueText } from './text.js';

interface Question {
  readonly patterns: readonly string[];
  readonly attributes: readonly Attribute[];
}

export const annotationItem: FetchItem = {
  name: 'ANNOTATION',
  needs: 'index',
  parse(line): Question {
    line.sp();
    line.expect('(');
    const patterns = several(line, () => parsePattern(line));
    line.sp();
    const attributes = parseAttributes(line);
    line.expect(')');
    return { patterns, attributes };
  },
  async run(batch: FetchBatch, args) {
    const question = args as Question;
    const { session, uids } = batch;
    const annotations = await Annotations.of(session, NumberSet.fromAscending(uids));
    return Array.from(uids, (uid) => textOf(annotations, uid, question));
  },
};

/** Entries that are named come in any case, NIL for none; patterns find what is there. */
function textOf(annotations: Annotations, uid: number, { patterns, attributes }: Question): string {
  const names = new Set<string>();
  for (const pattern of patterns) {
    if (!/[*%]/.test(pattern)) names.add(pattern);
    else
      for (const entry of annotations.entries(uid)) if (wildcardMatch(pattern, entry, '/')) names.add(entry);
  }
  const texts: string[] = [];
  for (const name of names) {
    const values = attributes.map(({ what, scope }) => {
      const value = annotations.values(uid, scope).get(name);
      return `${what}.${scope} ${what === 'value' ? valueText(value) : `"${value?.length ?? 0}"`}`;
    });
    texts.push(`${nameText(name)} (${values.join(' ')})`);
  }
  return texts.length === 0 ? '' : `ANNOTATION (${texts.join(' ')})`;
}
