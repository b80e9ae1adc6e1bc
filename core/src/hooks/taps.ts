/** What the bus knows of each tap: whose it is, where it stands, and how it does. */
import type { Stage } from '@angarium/sdk';

export const stageNumbers: Readonly<Record<Stage, number>> = {
  first: -200,
  early: -100,
  normal: 0,
  late: 100,
  last: 200,
};

export class TapRecord {
  isRemoved = false;
  calls = 0;
  /** Throws that are not meant for a client, and calls over the hard limit. */
  errors = 0;
  /** Errors with a text for the client: vetoes. */
  refusals = 0;
  /** Calls that took longer than the budget. */
  late = 0;
  private timed = 0;
  private timedMs = 0;

  constructor(
    readonly hook: string,
    readonly plugin: string,
    readonly pluginOrder: number,
    readonly stage: number,
    readonly run: (...args: readonly unknown[]) => unknown,
  ) {}

  addTime(durationMs: number): void {
    this.timed++;
    this.timedMs += durationMs;
  }

  /** Mean of the timed calls; 0 before the first. */
  get meanMs(): number {
    return this.timed === 0 ? 0 : this.timedMs / this.timed;
  }
}

/** A row of `angarium plugins stats`. */
export interface TapStats {
  readonly plugin: string;
  readonly hook: string;
  readonly calls: number;
  readonly errors: number;
  readonly refusals: number;
  readonly late: number;
  /** Of a sample of the calls. */
  readonly meanMs: number;
  /** meanMs × calls. */
  readonly estimatedTotalMs: number;
}

export function tapStats(tap: TapRecord): TapStats {
  const { plugin, hook, calls, errors, refusals, late, meanMs } = tap;
  return { plugin, hook, calls, errors, refusals, late, meanMs, estimatedTotalMs: meanMs * calls };
}
