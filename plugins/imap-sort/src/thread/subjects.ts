/** Steps 4 to 6 of REFERENCES (RFC 5256 §3): order by sent date, and threads of one subject brought together. */
import { sortInSlices } from '../sort/order.js';
import type { Turns } from '../turns.js';
import type { Forest, GrowingForest } from './forest.js';

/** What the steps ask of a message. */
export interface MessageTexts {
  /** Sent date, ms; ties go by mailbox order (RFC 5256 §2.2). */
  readonly dates: Float64Array;
  /** Base subjects, as the comparator has them. */
  readonly subjects: readonly string[];
  /** 1 for replies and forwards. */
  readonly isReply: ArrayLike<number>;
}

/** A forest while it is put together; it takes over the one it is given. */
export class Gathering {
  private readonly messages: number;
  private roots: number[];
  private readonly children: Map<number, number[]>;
  private nextDummy: number;

  constructor(
    forest: GrowingForest,
    private readonly texts: MessageTexts,
  ) {
    this.messages = forest.messages;
    this.roots = forest.roots;
    this.children = forest.children;
    this.nextDummy = this.roots.reduce((next, root) => Math.max(next, root + 1), this.messages);
  }

  /** Steps 4 and 5. */
  async gather(turns: Turns): Promise<void> {
    for (const root of this.roots) if (this.isDummy(root)) this.childrenOf(root).sort(this.byDate);
    await this.sortRoots(turns);
    const table = await this.subjectTable(turns);
    const gone = new Set<number>();
    const made = new Map<number, number>();
    for (const root of this.roots) {
      if (turns.isDue(1)) await turns.rest();
      const subject = this.subjectOf(root);
      if (subject === '') continue;
      const host = table.get(subject)!;
      if (host !== root) this.merge(root, host, { table, subject, gone, made });
    }
    // A new dummy stands where the first of its two messages stood.
    const roots: number[] = [];
    for (const root of this.roots) {
      const dummy = made.get(root);
      if (dummy !== undefined) roots.push(dummy);
      else if (!gone.has(root)) roots.push(root);
    }
    this.roots = roots;
  }

  /** Step 6: by sent date at every level. */
  async sorted(turns: Turns): Promise<Forest> {
    for (const below of this.children.values()) {
      below.sort(this.byDate);
      if (turns.isDue(1 + below.length)) await turns.rest();
    }
    await this.sortRoots(turns);
    return { messages: this.messages, roots: this.roots, children: this.children };
  }

  private async sortRoots(turns: Turns): Promise<void> {
    this.roots = [...(await sortInSlices(Uint32Array.from(this.roots), this.byDate, turns))];
  }

  private merge(root: number, host: number, to: MergeState): void {
    const { isReply } = this.texts;
    if (this.isDummy(host)) {
      if (this.isDummy(root)) {
        for (const child of this.childrenOf(root)) this.childrenOf(host).push(child);
        this.children.delete(root);
      } else this.childrenOf(host).push(root);
      to.gone.add(root);
    } else if (!this.isDummy(root) && isReply[root] === 1 && isReply[host] === 0) {
      this.childrenOf(host).push(root);
      to.gone.add(root);
    } else {
      const dummy = this.nextDummy++;
      this.children.set(dummy, [root, host]);
      to.gone.add(root).add(host);
      to.made.set(host, dummy);
      to.table.set(to.subject, dummy);
    }
  }

  private async subjectTable(turns: Turns): Promise<Map<string, number>> {
    const { isReply } = this.texts;
    const table = new Map<string, number>();
    for (const root of this.roots) {
      if (turns.isDue(1)) await turns.rest();
      const subject = this.subjectOf(root);
      if (subject === '') continue;
      const held = table.get(subject);
      if (held === undefined) table.set(subject, root);
      else if (this.isDummy(held)) continue;
      else if (this.isDummy(root) || (isReply[held] === 1 && isReply[root] === 0)) table.set(subject, root);
    }
    return table;
  }

  private isDummy(node: number): boolean {
    return node >= this.messages;
  }

  private childrenOf(node: number): number[] {
    let below = this.children.get(node);
    if (below === undefined) {
      below = [];
      this.children.set(node, below);
    }
    return below;
  }

  /** A dummy counts by its first child, which is a message. */
  private standIn(node: number): number {
    return this.isDummy(node) ? this.children.get(node)![0]! : node;
  }

  private subjectOf(node: number): string {
    return this.texts.subjects[this.standIn(node)]!;
  }

  private readonly byDate = (a: number, b: number): number => {
    const x = this.standIn(a);
    const y = this.standIn(b);
    return this.texts.dates[x]! - this.texts.dates[y]! || x - y;
  };
}

interface MergeState {
  readonly table: Map<string, number>;
  readonly subject: string;
  readonly gone: Set<number>;
  /** New dummies by the message of the table that they replaced. */
  readonly made: Map<number, number>;
}
