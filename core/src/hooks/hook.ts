/**
 * One hook: its taps, on a tapable hook that is rebuilt when the taps change (tapable knows no untap; calls
 * that are under way go on with the old one, where removed taps are passed over).
 * Taps may be plain or asynchronous. When all that ran was plain, a call makes no promise unless there is an
 * answer or an error to carry.
 */

import type { HookKind } from '@angarium/sdk';
import { AsyncSeriesBailHook, AsyncSeriesHook } from '@angarium/sdk/internals';
import type { FlightControl } from './flights.js';
import type { TapRecord } from './taps.js';

type Args = readonly unknown[];
type Done = (error?: unknown, answer?: unknown) => void;

interface Runner {
  readonly taps: readonly unknown[];
  tapAsync(options: { name: string }, run: (args: Args, done: Done) => void): void;
  callAsync(args: Args, done: Done): void;
}

/** One call in so many is timed: reading the clock costs more than calling a tap. */
const timedCalls = 16;

export interface HookReports {
  /** A tap of an observe hook threw, or one of another kind threw something that is not meant for a client. */
  tapFailed(tap: TapRecord, error: unknown): void;
}

export class KernelHook {
  isTapped = false;
  private taps: TapRecord[] = [];
  private runner: Runner | undefined;

  constructor(
    readonly name: string,
    readonly kind: HookKind,
    private readonly flights: FlightControl,
    private readonly reports: HookReports,
  ) {}

  get records(): readonly TapRecord[] {
    return this.taps;
  }

  /** Keeps the order stage, then plugin, then time of tapping. */
  add(tap: TapRecord): void {
    const after = this.taps.findIndex(
      (other) =>
        other.stage > tap.stage || (other.stage === tap.stage && other.pluginOrder > tap.pluginOrder),
    );
    this.change(after < 0 ? [...this.taps, tap] : this.taps.toSpliced(after, 0, tap));
  }

  remove(tap: TapRecord): void {
    tap.isRemoved = true;
    this.change(this.taps.filter((other) => other !== tap));
  }

  call(...args: Args): Promise<unknown> | undefined {
    if (!this.isTapped) return undefined;
    this.runner ??= this.build();
    let isSettled = false;
    let error: unknown;
    let answer: unknown;
    let settle: (() => void) | undefined;
    this.runner.callAsync(args, (failure, result) => {
      isSettled = true;
      // tapable tells success by a falsy error; failures are boxed so that `throw undefined` is one, too.
      [error, answer] = [failure, result];
      settle?.();
    });
    if (isSettled && error === undefined && answer === undefined) return undefined;
    return new Promise((resolve, reject) => {
      settle = () => {
        if (error instanceof BoxedFailure) reject(error.reason);
        else resolve(answer);
      };
      if (isSettled) settle();
    });
  }

  private change(taps: TapRecord[]): void {
    this.taps = taps;
    this.isTapped = taps.length > 0;
    this.runner = undefined;
  }

  private build(): Runner {
    const hook = (
      this.kind === 'answer' ? new AsyncSeriesBailHook(['args']) : new AsyncSeriesHook(['args'])
    ) as unknown;
    const runner = hook as Runner;
    for (const tap of this.taps)
      runner.tapAsync({ name: tap.plugin }, (args, done) => this.run(tap, args, done));
    return runner;
  }

  private run(tap: TapRecord, args: Args, done: Done): void {
    if (tap.isRemoved) {
      done();
      return;
    }
    const startedMs = tap.calls++ % timedCalls === 0 ? this.flights.nowMs() : undefined;
    let result: unknown;
    try {
      result = tap.run(...args);
    } catch (error) {
      this.fail(tap, error, done);
      return;
    }
    if (isThenable(result)) this.await(tap, result, startedMs, done);
    else {
      if (startedMs !== undefined) tap.addTime(this.flights.nowMs() - startedMs);
      done(undefined, this.answerOf(result));
    }
  }

  /** Promises are always timed: they cost so much more anyway. */
  private await(
    tap: TapRecord,
    result: PromiseLike<unknown>,
    startedMs: number | undefined,
    done: Done,
  ): void {
    const flight = this.flights.begin(tap, startedMs, (late) => {
      tap.errors++;
      done(this.kind === 'observe' ? undefined : new BoxedFailure(late));
    });
    result.then(
      (value) => {
        if (this.flights.end(flight)) done(undefined, this.answerOf(value));
      },
      (error: unknown) => {
        if (this.flights.end(flight)) this.fail(tap, error, done);
      },
    );
  }

  private answerOf(result: unknown): unknown {
    return this.kind === 'answer' ? result : undefined;
  }

  private fail(tap: TapRecord, error: unknown, done: Done): void {
    const isRefusal = this.kind !== 'observe' && hasPublicText(error);
    if (isRefusal) tap.refusals++;
    else {
      tap.errors++;
      this.reports.tapFailed(tap, error);
    }
    done(this.kind === 'observe' ? undefined : new BoxedFailure(error));
  }
}

class BoxedFailure {
  constructor(readonly reason: unknown) {}
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

/** An error with a text for the client is an answer, not a fault. */
function hasPublicText(error: unknown): boolean {
  return error instanceof Error && typeof (error as { publicText?: unknown }).publicText === 'string';
}
