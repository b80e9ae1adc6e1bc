/**
 * Threads as numbers: node n < `messages` is the n-th of the searched messages, above are dummies. Trees can be as deep as
 * there are messages, so nothing here or in what uses it recurses.
 */

/** A list of children for each node that has some, in order. */
export type Children = ReadonlyMap<number, readonly number[]>;

export interface Forest {
  /** Nodes from here on are dummies; they stand at the top, with two children or more. */
  readonly messages: number;
  readonly roots: readonly number[];
  readonly children: Children;
}

/** A forest that whoever holds it may change. */
export interface GrowingForest extends Forest {
  readonly roots: number[];
  readonly children: Map<number, number[]>;
}

/** thread-list *thread-list (RFC 5256 §5), piece by piece. */
export function* threadText(
  { messages, roots, children }: Forest,
  numberOf: (message: number) => number,
): Generator<string> {
  for (const root of roots) {
    // What is still to be written, last first: nodes, or parentheses between them.
    const rest: (number | '(' | ')')[] = [')', root, '('];
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      if (typeof next === 'string') {
        yield next;
        continue;
      }
      const below = children.get(next) ?? [];
      if (next < messages) yield below.length === 0 ? `${numberOf(next)}` : `${numberOf(next)} `;
      const [only] = below;
      if (below.length === 1 && only !== undefined) rest.push(only);
      else for (let i = below.length - 1; i >= 0; i--) rest.push(')', below[i]!, '(');
    }
  }
}
