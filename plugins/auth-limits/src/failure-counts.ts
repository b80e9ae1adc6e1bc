/** How often something failed within a window of time. Bounded: the one that failed longest ago goes first. */
export class FailureCounts {
  private readonly byKey = new Map<string, number[]>();

  /** @param most times that are remembered of a key; what is beyond makes no difference to anybody. */
  constructor(
    private readonly windowMs: number,
    private readonly most: number,
    private readonly maxKeys: number,
  ) {}

  /** Answers how often it has failed within the window, this time included. */
  add(key: string, nowMs: number): number {
    const times = this.recent(key, nowMs);
    times.push(nowMs);
    if (times.length > this.most) times.shift();
    this.byKey.delete(key);
    this.byKey.set(key, times);
    if (this.byKey.size > this.maxKeys) {
      const [oldest] = this.byKey.keys();
      this.byKey.delete(oldest!);
    }
    return times.length;
  }

  count(key: string, nowMs: number): number {
    return this.recent(key, nowMs).length;
  }

  forget(key: string): void {
    this.byKey.delete(key);
  }

  private recent(key: string, nowMs: number): number[] {
    return (this.byKey.get(key) ?? []).filter((time) => time > nowMs - this.windowMs);
  }
}
