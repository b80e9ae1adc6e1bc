import type { SelectedMailbox } from '@angarium/sdk';
import { resolveSearched } from '../view/index.js';
import { mapped, type Program, programOf } from './program.js';

/** Sequence numbers and `$` as the UIDs that they mean now (RFC 5267 §4.3: evaluated when the command is received). */
export function frozen(program: Program, selected: SelectedMailbox): Program {
  return programOf(
    mapped(program.root, (leaf) => {
      if (leaf.op !== 'set' || (leaf.isUid && !leaf.set.isSaved)) return leaf;
      const uids = selected.view.uidsAt(resolveSearched(selected, leaf.set, leaf.isUid));
      return { op: 'set', isUid: true, set: { ranges: [...uids.ranges()], isSaved: false } };
    }),
  );
}
