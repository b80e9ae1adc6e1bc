/**
 * SEARCH MIMEPART as Dovecot has it, which advertises it with no word: it looks for a part that matches all of its keys, FILENAME among them. The
 * summary's BODYSTRUCTURE answers it, so no message is read but those whose structure was too large to keep.
 */
import { bodyStructure, type ImapExtension, type ImapSession, parse, type SearchKey } from '@angarium/sdk';
import { readWhole } from '../../fetch/contents.js';
import { folding } from '../../search/folding.js';
import { namedLike, type PartTest, type PlacedPart, parsePartKeys } from './keys.js';
import { type Part, partsOfStructure } from './structure.js';

const mimePart: SearchKey = {
  name: 'MIMEPART',
  needs: 'message',
  parse: (line) => parsePartKeys(line),
  async matchMessage(session, uid, summary, test) {
    const structure = summary.bodyStructure() ?? (await structureOf(session, uid));
    if (structure === undefined) return false;
    return someMatches(
      place(partsOfStructure(structure), undefined, 0, 1),
      test as PartTest,
      folding(session),
    );
  },
};

async function structureOf(session: ImapSession, uid: number): Promise<string | undefined> {
  const bytes = await readWhole(session.selected.mailbox, uid);
  return bytes === undefined ? undefined : bodyStructure(bytes, parse(bytes));
}

/** As deep as the message, which its parser bounds. */
function place(part: Part, parent: PlacedPart | undefined, depth: number, index: number): PlacedPart {
  const children: PlacedPart[] = [];
  const placed: PlacedPart = { part, parent, depth, index, children };
  for (const [i, child] of part.children.entries()) children.push(place(child, placed, depth + 1, i + 1));
  return placed;
}

function someMatches(placed: PlacedPart, test: PartTest, fold: (text: string) => string): boolean {
  return test(placed, fold) || placed.children.some((child) => someMatches(child, test, fold));
}

/** A shorthand of ours for MIMEPART FILENAME CONTAINS. */
const fileName: SearchKey = {
  ...mimePart,
  name: 'FILENAME',
  parse(line) {
    line.sp();
    return namedLike(line.text());
  },
};

export const mimePartExtension: ImapExtension = {
  name: 'MIMEPART',
  searchKeys: [mimePart, fileName],
};
