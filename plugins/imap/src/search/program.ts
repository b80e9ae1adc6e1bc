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
  | { readonly op: 'text'; readonly place: TextPlace; readonly field: string; readonly text: string }
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

interface Frame {
  readonly op: 'top' | 'list' | 'or' | 'not';
  readonly nodes: Node[];
}

/** @param leaf reads one key that is no parenthesis, NOT or OR; `word` is upper case and consumed. */
export function parseProgram(line: CommandLine, leaf: (word: string | undefined) => Node): Program {
  const frames: Frame[] = [{ op: 'top', nodes: [] }];
  let usesModSeq = false;
  let usesNumbers = false;
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
    const key = leaf(word);
    if (key.op === 'modseq') usesModSeq = true;
    if (key.op === 'set' && !key.isUid) usesNumbers = true;
    const root = complete(line, frames, key);
    if (root !== undefined) return { root, usesModSeq, usesNumbers };
  }
}

/** Puts a node where it belongs, and closes what it completes. Answers the whole once nothing follows. */
function complete(line: CommandLine, frames: Frame[], node: Node): Node | undefined {
  for (;;) {
    const frame = frames[frames.length - 1]!;
    if (depthOf(node) > MAX_DEPTH) line.fail(`at most ${MAX_DEPTH} search keys inside one another`);
    frame.nodes.push(node);
    if (frame.op === 'not') node = negated(node);
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
