/** A YAML (or JSON) file with the place of everything in it. */
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import type { Problem } from '../errors.js';
import type { DataPath } from '../schema/path.js';

export interface Place {
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
}

export class LocatedDocument {
  readonly value: unknown;
  /** Of syntax: double keys, tabs, what does not parse. */
  readonly problems: readonly Problem[];
  private readonly lines = new LineCounter();
  private readonly root: Node | null;

  constructor(
    readonly file: string,
    text: string,
  ) {
    const document = parseDocument(text, { lineCounter: this.lines, uniqueKeys: true, prettyErrors: false });
    const problems: Problem[] = document.errors.map(({ code, message, pos }) => ({
      file,
      ...this.placeOf(pos[0]),
      text: code === 'DUPLICATE_KEY' ? duplicateText(text, pos[0]) : message.replace(/\.$/, ''),
    }));
    this.root = document.contents;
    try {
      this.value = document.toJS({ maxAliasCount: 100 });
    } catch (error) {
      this.value = undefined;
      problems.push({ file, line: 1, column: 1, text: (error as Error).message });
    }
    this.problems = problems;
  }

  /**
   * Where `path` is: a scalar's own place, a mapping's or list's key. With `key`, where that key of it is.
   * What is not in the file (a default, say) is where its nearest parent is.
   */
  locate(path: DataPath, key?: string): Place {
    let node: Node | null | undefined = this.root;
    let offset = node?.range?.[0] ?? 0;
    const steps: DataPath = key === undefined ? path : [...path, key];
    for (const [index, step] of steps.entries()) {
      const isKeyWanted = key !== undefined && index === steps.length - 1;
      const found: { node: Node | null; offset: number } | undefined = child(node, step, isKeyWanted);
      if (found === undefined) break;
      ({ node, offset } = found);
    }
    return this.placeOf(offset);
  }

  private placeOf(offset: number): Place {
    const { line, col } = this.lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}

function duplicateText(text: string, offset: number): string {
  const key = /^[^:\s]*/.exec(text.slice(offset, offset + 80))?.[0] ?? '';
  return `the key "${key}" is here for the second time`;
}

function child(
  parent: Node | null | undefined,
  step: string | number,
  isKeyWanted: boolean,
): { node: Node | null; offset: number } | undefined {
  if (isSeq(parent)) {
    const node = parent.items[Number(step)] as Node | undefined;
    return node?.range ? { node, offset: node.range[0] } : undefined;
  }
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(step)) as
    | Pair<Node, Node | null>
    | undefined;
  if (pair === undefined) return undefined;
  const keyOffset = pair.key.range?.[0] ?? 0;
  const value = pair.value;
  const isOwnPlace = isScalar(value) && value.range != null && value.source !== '' && !isKeyWanted;
  return { node: value, offset: isOwnPlace ? value.range![0] : keyOffset };
}
