/** Steps 1 to 3 of REFERENCES (RFC 5256 §3): parents from Message-ID, References and In-Reply-To, dummies pruned. */
import type { Turns } from '../turns.js';
import type { GrowingForest } from './forest.js';

const NONE = -1;

/** What a message says of its ancestors. */
export interface Ancestry {
  /** '' for none. */
  readonly messageId: string;
  /** Those of References, or else the first of In-Reply-To. */
  readonly references: readonly string[];
}

/** Every identifier that occurs is a node, with its message or as a dummy. */
export class Links {
  private readonly parents: number[] = [];
  private readonly childCounts: number[] = [];
  /** NONE for a dummy. */
  private readonly messages: number[] = [];
  private readonly nodes = new Map<string, number>();
  /** By message. */
  private readonly own: number[] = [];

  /** Messages come in the order of the mailbox. Answers how many steps it took. */
  add({ messageId, references }: Ancestry): number {
    const node = this.nodeFor(messageId);
    let last = NONE;
    let steps = references.length + 1;
    for (const id of references) {
      const next = this.named(id);
      if (last !== NONE && this.parents[next] === NONE) steps += this.link(last, next);
      last = next;
    }
    // (B): the last reference is the parent, whatever was thought before.
    this.unlink(node);
    if (last !== NONE) steps += this.link(last, node);
    return steps;
  }

  /** Step 3: without dummies, but for those at the top that hold several threads together. Children in mailbox order. */
  async forest(turns: Turns): Promise<GrowingForest> {
    const count = this.own.length;
    const children = new Map<number, number[]>();
    const roots: number[] = [];
    for (let message = 0; message < count; message++) {
      if (turns.isDue(1)) await turns.rest();
      const parent = this.settled(this.parents[this.own[message]!]!);
      if (parent === NONE) roots.push(message);
      else {
        const key = this.messages[parent] === NONE ? count + parent : this.messages[parent]!;
        const siblings = children.get(key);
        if (siblings === undefined) children.set(key, [message]);
        else siblings.push(message);
      }
    }
    for (const [key, siblings] of children) {
      if (turns.isDue(1)) await turns.rest();
      if (key < count) continue;
      if (siblings.length > 1) roots.push(key);
      else {
        roots.push(siblings[0]!);
        children.delete(key);
      }
    }
    return { messages: count, roots, children };
  }

  /** The nearest ancestor that is a message, or the dummy at the top. Shortens the way for those who ask next. */
  private settled(start: number): number {
    const { parents, messages } = this;
    const passed: number[] = [];
    let node = start;
    while (node !== NONE && messages[node] === NONE && parents[node] !== NONE) {
      passed.push(node);
      node = parents[node]!;
    }
    for (const dummy of passed) parents[dummy] = node;
    return node;
  }

  /** The first message of an identifier has it; others have one of their own, as have those without. */
  private nodeFor(messageId: string): number {
    const message = this.own.length;
    let node = messageId === '' ? undefined : this.nodes.get(messageId);
    if (node === undefined || this.messages[node] !== NONE) {
      const isFirst = messageId !== '' && node === undefined;
      node = this.made();
      if (isFirst) this.nodes.set(messageId, node);
    }
    this.messages[node] = message;
    this.own.push(node);
    return node;
  }

  private named(id: string): number {
    let node = this.nodes.get(id);
    if (node === undefined) {
      node = this.made();
      this.nodes.set(id, node);
    }
    return node;
  }

  private made(): number {
    this.messages.push(NONE);
    this.childCounts.push(0);
    return this.parents.push(NONE) - 1;
  }

  private unlink(node: number): void {
    const parent = this.parents[node]!;
    if (parent === NONE) return;
    this.childCounts[parent]!--;
    this.parents[node] = NONE;
  }

  /** Unless that would make a loop. Answers how many ancestors were looked at. */
  private link(parent: number, child: number): number {
    let steps = 0;
    // Who has no children is nobody's ancestor: mostly so, and then it costs nothing.
    if (parent === child) return 0;
    if (this.childCounts[child]! > 0) {
      for (let node = parent; node !== NONE; node = this.parents[node]!) {
        steps++;
        if (node === child) return steps;
      }
    }
    this.parents[child] = parent;
    this.childCounts[parent]!++;
    return steps;
  }
}
