/** Time by hand. */
import type { Clock } from '@angarium/sdk';
import { disposable } from '@angarium/sdk';

interface Alarm {
  atMs: number;
  readonly everyMs: number | undefined;
  readonly run: () => void;
}

/** A clock that stands still until `advance`. Starts at 2024-01-01T00:00:00Z unless told otherwise. */
export class ManualClock implements Clock {
  private readonly alarms = new Set<Alarm>();
  private elapsedMs = 0;

  constructor(private readonly startMs = Date.UTC(2024, 0, 1)) {}

  now(): number {
    return this.startMs + this.elapsedMs;
  }

  monotonicMs(): number {
    return this.elapsedMs;
  }

  after(delayMs: number, run: () => void): Disposable {
    return this.set({ atMs: this.elapsedMs + delayMs, everyMs: undefined, run });
  }

  every(intervalMs: number, run: () => void): Disposable {
    return this.set({ atMs: this.elapsedMs + intervalMs, everyMs: intervalMs, run });
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const alarm = this.after(delayMs, resolve);
      signal?.addEventListener('abort', () => {
        alarm[Symbol.dispose]();
        reject(signal.reason);
      });
    });
  }

  /** Runs what falls due on the way, in order, letting promises settle in between. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.elapsedMs + byMs;
    for (let next = this.nextBefore(untilMs); next; next = this.nextBefore(untilMs)) {
      this.elapsedMs = next.atMs;
      if (next.everyMs === undefined) this.alarms.delete(next);
      else next.atMs += next.everyMs;
      next.run();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.elapsedMs = untilMs;
    await new Promise((resolve) => setImmediate(resolve));
  }

  private nextBefore(untilMs: number): Alarm | undefined {
    let next: Alarm | undefined;
    for (const alarm of this.alarms)
      if (alarm.atMs <= untilMs && (!next || alarm.atMs < next.atMs)) next = alarm;
    return next;
  }

  private set(alarm: Alarm): Disposable {
    this.alarms.add(alarm);
    return disposable(() => this.alarms.delete(alarm));
  }
}
