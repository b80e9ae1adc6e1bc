/** So many at a time, so many waiting, and no more. */
export class Slots {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(
    count: number,
    private readonly maxWaiting: number,
  ) {
    this.free = count;
  }

  /** Undefined: too many wait already. Else a slot, to be disposed of. */
  async take(): Promise<Disposable | undefined> {
    if (this.free > 0) this.free--;
    else if (this.waiting.length >= this.maxWaiting) return undefined;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    return { [Symbol.dispose]: () => this.release() };
  }

  private release(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free++;
    else next();
  }
}
