/** sort-criteria: RFC 5256 §3 and §5, RFC 5957 §4, RFC 6203 §6; MODSEQ and UID are Cyrus's. */
import type { CommandLine, ImapExtensions, SortKey } from '@angarium/sdk';

/** From columns of the snapshot, from the summary as a number, as a text. */
const names = {
  ARRIVAL: 'column',
  SIZE: 'column',
  MODSEQ: 'column',
  UID: 'column',
  DATE: 'date',
  CC: 'text',
  FROM: 'text',
  SUBJECT: 'text',
  TO: 'text',
  DISPLAYFROM: 'text',
  DISPLAYTO: 'text',
  RELEVANCY: 'score',
} as const;

export type CriterionName = keyof typeof names;
type NamesOf<K> = { [N in CriterionName]: (typeof names)[N] extends K ? N : never }[CriterionName];
export type ColumnName = NamesOf<'column'>;
export type TextName = NamesOf<'text'>;

export type Criterion = { readonly isReverse: boolean } & (
  | { readonly kind: 'column'; readonly name: ColumnName }
  | { readonly kind: 'text'; readonly name: TextName }
  | { readonly kind: 'date' | 'score'; readonly name: CriterionName }
  | { readonly kind: 'extension'; readonly name: string; readonly key: SortKey; readonly args: unknown }
);

/** There are twelve of our own; each costs a key a message. */
const MAX_CRITERIA = 20;

/** @param extensions may bring criteria of their own */
export function parseCriteria(line: CommandLine, extensions: ImapExtensions): readonly Criterion[] {
  const criteria = line.list(() => {
    let name = line.itemName();
    const isReverse = name === 'REVERSE';
    if (isReverse) {
      line.sp();
      name = line.itemName();
    }
    if (!Object.hasOwn(names, name)) {
      const key = sortKey(extensions, name) ?? line.fail(`a sort criterion instead of ${name}`);
      return { isReverse, kind: 'extension', name, key, args: key.parse(line) } as const;
    }
    const known = name as CriterionName;
    return { isReverse, kind: names[known], name: known } as Criterion;
  });
  if (criteria.length > MAX_CRITERIA) line.fail(`at most ${MAX_CRITERIA} sort criteria`);
  // What is the same in an earlier criterion is so in a later one of that name.
  return criteria.filter(
    ({ name, kind }, at) => kind === 'extension' || criteria.findIndex((other) => other.name === name) === at,
  );
}

function sortKey({ extensions }: ImapExtensions, name: string): SortKey | undefined {
  for (const { sortKeys = [] } of extensions) {
    const key = sortKeys.find((one) => one.name === name);
    if (key !== undefined) return key;
  }
  return undefined;
}
