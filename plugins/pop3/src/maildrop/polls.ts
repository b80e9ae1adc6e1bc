/**
 * How often somebody may come (LOGIN-DELAY, RFC 2449 §8.1.1), as Cyrus counts it: a queue of `padding` slots, of which each login that
 * ends with QUIT takes one and each `minPoll` minutes give one back. One number tells the state of the queue: the time of the
 * last login, moved back by the slots that are free.
 */

export class PollLimit {
  private readonly periodMs: number;

  constructor(
    readonly minutes: number,
    private readonly padding: number,
  ) {
    this.periodMs = minutes * 60_000;
  }

  get isOn(): boolean {
    return this.periodMs > 0;
  }

  /** @param last what `after` answered for the login before; undefined for none. */
  allows(last: number | undefined, nowMs: number): boolean {
    // A time from the future tells of a clock that has been set back, not of a client in a hurry.
    return last === undefined || last > nowMs || last + this.periodMs <= nowMs;
  }

  /** What to remember of a login at `loginMs`. */
  after(last: number | undefined, loginMs: number): number {
    const emptied = loginMs - this.periodMs * (this.padding - 1);
    if (last === undefined || last > loginMs) return emptied;
    return Math.max(last + this.periodMs, emptied);
  }
}
