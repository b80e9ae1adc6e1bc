/** I18NLEVEL=2 (RFC 5255 §4), which holds all of level 1: the comparator of SEARCH, SORT and THREAD can be chosen. */
import { type CollationName, defineImapCommand, type ImapExtension, ImapRefusal } from '@angarium/sdk';
import { chooseComparator, comparatorOf } from '../../search/folding.js';

/** The default first. i;ascii-numeric has no substring operation, so it can be none of them (RFC 5255 §4.4). */
const offered: readonly CollationName[] = ['i;unicode-casemap', 'i;ascii-casemap', 'i;octet'];
const MAX_ARGUMENTS = 32;

/** What an argument means: `default`, a name, or one with wildcards (RFC 4790 §3.2), `+` before it or not. */
export function matching(argument: string): readonly CollationName[] {
  if (argument.toLowerCase() === 'default') return offered.slice(0, 1);
  const pieces = argument.toLowerCase().replace(/^\+/, '').split('*');
  return offered.filter((name) => fits(name, pieces));
}

/** The pieces stand in this order, the first at the beginning, the last at the end. */
function fits(name: string, pieces: readonly string[]): boolean {
  const first = pieces[0]!;
  if (pieces.length === 1) return name === first;
  const last = pieces[pieces.length - 1]!;
  if (!name.startsWith(first) || !name.endsWith(last) || first.length + last.length > name.length)
    return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= name.length - last.length;
}

const comparator = defineImapCommand({
  name: 'COMPARATOR',
  rfc: 'RFC 5255 §4.7',
  states: ['authenticated', 'selected'],
  parse(line) {
    const names: string[] = [];
    while (line.trySp()) {
      names.push(line.astring());
      if (names.length > MAX_ARGUMENTS) line.fail(`at most ${MAX_ARGUMENTS} comparators`);
    }
    return names;
  },
  async run({ session, reply }, names) {
    const matches = [...new Set(names.flatMap(matching))];
    const chosen = matches[0];
    if (names.length > 0) {
      if (chosen === undefined)
        throw new ImapRefusal('NO', 'BADCOMPARATOR', `None of these; there are ${offered.join(', ')}`);
      const isDefault = names.find((name) => matching(name).length > 0)!.toLowerCase() === 'default';
      chooseComparator(session, isDefault ? undefined : chosen);
    }
    const list = matches.length > 1 ? ` (${matches.join(' ')})` : '';
    reply.untagged(`COMPARATOR ${comparatorOf(session) ?? offered[0]}${list}`);
  },
});

export const i18nLevelExtension: ImapExtension = {
  name: 'I18NLEVEL',
  capabilities: [{ word: 'I18NLEVEL=2', states: ['authenticated', 'selected'] }],
  commands: [comparator],
};
