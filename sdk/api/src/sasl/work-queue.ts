import { unavailableError } from '../errors.js';

/** Runs so many jobs at a time, lets so many wait in order, and turns the rest away. */
export class WorkQueue {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly maxRunning: number,
    private readonly maxWaiting: number,
  ) {}

  get length(): number {
    return this.running + this.waiting.length;
  }

  /** @throws MailError UNAVAILABLE when too many wait. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running < this.maxRunning) this.running++;
    else {
      if (this.waiting.length >= this.maxWaiting) {
        throw unavailableError('Too many logins at once, try again later');
      }
      // Whoever finishes hands his place over, so `running` does not change.
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running--;
      else next();
    }
  }
}
