/** A start as a tree with times, so that what is slow or stuck has a name. */

export interface TimeNode {
  readonly label: string;
  /** Since the root began. */
  readonly startMs: number;
  /** Undefined while it is running. */
  durationMs: number | undefined;
  readonly children: TimeNode[];
}

export class TimeTree {
  readonly root: TimeNode;
  private readonly originMs: number;

  /** @param nowMs a monotonic clock in milliseconds. */
  constructor(
    label: string,
    private readonly nowMs: () => number,
  ) {
    this.originMs = nowMs();
    this.root = { label, startMs: 0, durationMs: undefined, children: [] };
  }

  /** Runs `work` as a child of `parent` and notes its time, also when it throws. */
  async measure<T>(parent: TimeNode, label: string, work: (node: TimeNode) => T | Promise<T>): Promise<T> {
    const node = this.begin(parent, label);
    try {
      return await work(node);
    } finally {
      this.end(node);
    }
  }

  begin(parent: TimeNode, label: string): TimeNode {
    const node: TimeNode = {
      label,
      startMs: this.nowMs() - this.originMs,
      durationMs: undefined,
      children: [],
    };
    parent.children.push(node);
    return node;
  }

  end(node: TimeNode): void {
    node.durationMs = this.nowMs() - this.originMs - node.startMs;
  }
}

/** Lines with box drawing and times: `├─ start  12.3 ms`. */
export function renderTimeTree(node: TimeNode): string {
  const rows: { text: string; time: string }[] = [];
  const walk = (current: TimeNode, lead: string, childLead: string): void => {
    const time = current.durationMs === undefined ? 'running' : `${current.durationMs.toFixed(1)} ms`;
    rows.push({ text: `${lead}${current.label}`, time });
    current.children.forEach((child, index) => {
      const isLast = index === current.children.length - 1;
      walk(child, childLead + (isLast ? '└─ ' : '├─ '), childLead + (isLast ? '   ' : '│  '));
    });
  };
  walk(node, '', '');
  const textWidth = Math.max(...rows.map((row) => row.text.length));
  const timeWidth = Math.max(...rows.map((row) => row.time.length));
  return rows.map((row) => `${row.text.padEnd(textWidth)}  ${row.time.padStart(timeWidth)}`).join('\n');
}
