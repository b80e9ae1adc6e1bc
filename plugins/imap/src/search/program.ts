/**
 * Search criteria as a tree (RFC 3501 §6.4.4). Built without recursion and flattened while it is built (OR of OR, list in
 * list, NOT NOT), since clients send ORs of hundreds of keys; what is deep after that is refused.
 */
import type { CommandLine, SearchKey, SearchProgram, SequenceSet } from '@angarium/sdk';

export type TextPlace = 'header' | 'body' | 'text';

export type Leaf =
  | { readonly op: 'all' }
  /** Any of these bits is as wanted. */
  | { readonly op: 'flag'; readonly bit: number; readonly isSet: boolean }
  | { readonly op: 'keyword'; readonly name: string; readonly isSet: boolean }
  | { readonly op: 'recent' }
  | { readonly op: 'set'; readonly set: SequenceSet; readonly isUid: boolean }
  | { readonly op: 'size'; readonly than: 'larger' | 'smaller'; readonly octets: number }
  /** Days since 1970. */
  | {
      readonly op: 'date';
      readonly of: 'internal' | 'sent';
      readonly is: 'before' | 'on' | 'since';
      readonly day: number;
    }
  | { readonly op: 'modseq'; readonly from: number }
  /** `text` as sent: octets as latin1. `field` lower case, for place 'header'. */
  | {
      readonly op: 'text';
      readonly place: TextPlace;
      readonly field: string;
      readonly text: string;
      /** Matched by likeness (RFC 6203). */
      readonly isFuzzy?: boolean;
    }
  | { readonly op: 'extension'; readonly key: SearchKey; readonly args: unknown };

interface Group {
  readonly op: 'and' | 'or';
  /** Grows while the program is read. */
  readonly nodes: Node[];
  readonly depth: number;
}

export type Node = Leaf | Group | { readonly op: 'not'; readonly node: Node; readonly depth: number };

/** A program of this plugin. */
export interface Program extends SearchProgram {
  readonly root: Node;
}

/** Beyond what anybody writes, and far from the end of the stack. */
const MAX_DEPTH = 400;

const depthOf = (node: Node): number => ('depth' in node ? node.depth : 0);

/** Takes over the list of a node of the same kind, so that a chain of n ORs costs n. */
export function joined(op: 'and' | 'or', nodes: readonly Node[]): Node {
  if (nodes.length === 1) return nodes[0]!;
  const host = nodes.find((node): node is Group => node.op === op);
  const all = host?.nodes ?? [];
  for (const node of nodes) {
    if (node === host) continue;
    if (node.op === op) for (const inner of node.nodes) all.push(inner);
    else all.push(node);
  }
  const depth = nodes.reduce(
    (deepest, node) => Math.max(deepest, depthOf(node) + (node.op === op ? 0 : 1)),
    1,
  );
  return { op, nodes: all, depth };
}

export function negated(node: Node): Node {
  return node.op === 'not' ? node.node : { op: 'not', node, depth: 1 + depthOf(node) };
}

/** Puts something else in the place of each leaf. As deep as the tree, which the parser bounds. */
export function mapped(node: Node, leaf: (leaf: Leaf) => Node): Node {
  if (node.op === 'not') return negated(mapped(node.node, leaf));
  if (!('nodes' in node)) return leaf(node);
  const nodes = node.nodes.map((child) => mapped(child, leaf));
  return {
    op: node.op,
    nodes,
    depth: 1 + nodes.reduce((deepest, child) => Math.max(deepest, depthOf(child)), 0),
  };
}

/** All leaves, left to right. */
export function* leavesOf(node: Node): Generator<Leaf> {
  if (node.op === 'not') yield* leavesOf(node.node);
  else if ('nodes' in node) for (const child of node.nodes) yield* leavesOf(child);
  else yield node;
}

/** What the commands want to know of a program. */
export function programOf(root: Node): Program {
  let usesModSeq = false;
  let usesNumbers = false;
  let isFuzzy = false;
  for (const leaf of leavesOf(root)) {
    if (leaf.op === 'modseq') usesModSeq = true;
    if (leaf.op === 'set' && !leaf.isUid) usesNumbers = true;
    if (leaf.op === 'text' && leaf.isFuzzy) isFuzzy = true;
  }
  return { root, usesModSeq, usesNumbers, isFuzzy };
}

interface Frame {
  readonly op: 'top' | 'list' | 'or' | 'not' | 'wrap';
  readonly nodes: Node[];
  /** For 'wrap'. */
  readonly key?: SearchKey;
}

/**
 * @param leaf reads one key that is no parenthesis, NOT or OR; `word` is upper case and consumed.
 * @param wrapper the key of this name that stands before another one.
 */
export function parseProgram(
  line: CommandLine,
  leaf: (word: string | undefined) => Node,
  wrapper: (word: string) => SearchKey | undefined,
): Program {
  const frames: Frame[] = [{ op: 'top', nodes: [] }];
  const wraps = new Map<SearchKey, number>();
  for (;;) {
    if (line.tryExpect('(')) {
      frames.push({ op: 'list', nodes: [] });
      continue;
    }
    const word = /^[A-Za-z]/.test(line.peek()) ? line.itemName() : undefined;
    if (word === 'NOT' || word === 'OR') {
      line.sp();
      frames.push({ op: word === 'OR' ? 'or' : 'not', nodes: [] });
      continue;
    }
    const key = word === undefined ? undefined : wrapper(word);
    if (key !== undefined) {
      line.sp();
      frames.push({ op: 'wrap', nodes: [], key });
      wraps.set(key, (wraps.get(key) ?? 0) + 1);
      continue;
    }
    const root = complete(line, frames, leaf(word), wraps);
    if (root !== undefined) return programOf(root);
  }
}

/** Puts a node where it belongs, and closes what it completes. Answers the whole once nothing follows. */
function complete(
  line: CommandLine,
  frames: Frame[],
  node: Node,
  wraps: Map<SearchKey, number>,
): Node | undefined {
  for (;;) {
    const frame = frames[frames.length - 1]!;
    if (depthOf(node) > MAX_DEPTH) line.fail(`at most ${MAX_DEPTH} search keys inside one another`);
    frame.nodes.push(node);
    if (frame.op === 'not') node = negated(node);
    else if (frame.op === 'wrap') node = wrapped(line, wraps, frame.key!, node);
    else if (frame.op === 'or') {
      if (frame.nodes.length < 2) {
        line.sp();
        return undefined;
      }
      node = joined('or', frame.nodes);
    } else {
      if (line.trySp()) return undefined;
      if (frame.op === 'top') return joined('and', frame.nodes);
      line.expect(')');
      node = joined('and', frame.nodes);
    }
    frames.pop();
  }
}

/** Within the same wrapper it changes nothing more: the outermost does the work, or a chain would cost its square. */
function wrapped(line: CommandLine, wraps: Map<SearchKey, number>, key: SearchKey, node: Node): Node {
  const outside = wraps.get(key)! - 1;
  wraps.set(key, outside);
  if (outside > 0) return node;
  const { root } = key.wrap!(programOf(node)) as Program;
  if (depthOf(root) > MAX_DEPTH) line.fail(`at most ${MAX_DEPTH} search keys inside one another`);
  return root;
}
