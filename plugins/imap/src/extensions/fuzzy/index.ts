/** SEARCH=FUZZY (RFC 6203): FUZZY before a key, RELEVANCY of what it found. */
import type { ImapExtension, ReturnOption, SearchKey } from '@angarium/sdk';
import { mapped, type Program, programOf } from '../../search/program.js';

/** Texts are matched by likeness; for keys of other kinds it means nothing, and they stay exact (RFC 6203 §5). */
const fuzzy: SearchKey = {
  name: 'FUZZY',
  needs: 'message',
  parse: (line) => line.fail('a search key behind FUZZY'),
  wrap: (key) =>
    programOf(
      mapped((key as Program).root, (leaf) => (leaf.op === 'text' ? { ...leaf, isFuzzy: true } : leaf)),
    ),
};

const relevancy: ReturnOption = {
  name: 'RELEVANCY',
  commands: ['SEARCH', 'SORT', 'ESEARCH'],
  refuse: ({ isFuzzy }) => (isFuzzy ? undefined : 'RELEVANCY needs a FUZZY key'),
  /** In the order of the results; all of them, whatever the other options narrow. */
  tell({ result: { scores, order, indexes }, results }) {
    if (scores === undefined) return '';
    const texts: string[] = [];
    for (const index of order?.indexes ?? indexes) texts.push(`${scores.get(index) ?? 1}`);
    return results.count === 0 ? 'RELEVANCY ()' : `RELEVANCY (${texts.join(' ')})`;
  },
};

export const fuzzyExtension: ImapExtension = {
  name: 'SEARCH=FUZZY',
  capabilities: [{ word: 'SEARCH=FUZZY', states: ['authenticated', 'selected'] }],
  searchKeys: [fuzzy],
  returnOptions: [relevancy],
};
