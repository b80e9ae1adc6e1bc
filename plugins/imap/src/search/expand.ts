/** Keys that stand for criteria kept elsewhere (FILTER, RFC 5466 §3.1), put in before a program is run. */
import { ImapRefusal, type ImapSession, MailError } from '@angarium/sdk';
import { type Leaf, leavesOf, mapped, type Node, type Program, programOf } from './program.js';

/** Rounds of substitution; RFC 5466 §3.1 wants three. Beyond them a key's `expand` says what that means. */
const MAX_ROUNDS = 5;
/** Keys put in, in one search: filters that name filters twice over would grow without end. */
const MAX_EXPANDED = 100;

type Expandable = Leaf & { readonly op: 'extension' };

function isExpandable(leaf: Leaf): leaf is Expandable {
  return leaf.op === 'extension' && leaf.key.expand !== undefined;
}

/** The program without such keys; itself when it has none. */
export async function expanded(
  session: ImapSession,
  program: Program,
  charset: string | undefined,
): Promise<Program> {
  let { root } = program;
  let count = 0;
  for (let round = 0; ; round++) {
    const leaves = [...leavesOf(root)].filter(isExpandable);
    if (leaves.length === 0) return round === 0 ? program : programOf(root);
    count += leaves.length;
    if (round === MAX_ROUNDS || count > MAX_EXPANDED)
      throw new MailError('LIMIT', 'Filters refer to filters too often');
    // The kept strings are UTF-8 (RFC 5466 §3.1).
    if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset))
      throw new ImapRefusal('BAD', 'BADCHARSET (UTF-8 US-ASCII)', 'FILTER needs UTF-8');
    const roots = new Map<Leaf, Node>();
    for (const leaf of leaves) {
      const inner = (await leaf.key.expand!(session, leaf.args, round)) as Program;
      roots.set(leaf, inner.root);
    }
    root = mapped(root, (leaf) => roots.get(leaf) ?? leaf);
  }
}
