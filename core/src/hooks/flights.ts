/**
 * Taps under way, watched by one interval for all (a timer for each call would cost more than the call).
 * Over the budget: a warning with the plugin's name. Over the hard limit: the call is settled without the tap.
 */
import { type Clock, unavailableError } from '@angarium/sdk';
import type { TapRecord } from './taps.js';

export interface FlightLimits {
  /** A tap that takes longer is warned about. */
  readonly budgetMs: number;
  /** A tap that takes longer is given up. */
  readonly limitMs: number;
}

export const defaultFlightLimits: FlightLimits = { budgetMs: 2_000, limitMs: 60_000 };

/** How often the watchdog looks; both limits are kept to within this. */
export const watchIntervalMs = 250;

export interface Flight {
  readonly tap: TapRecord;
  readonly startedMs: number;
  isWarned: boolean;
  readonly giveUp: (error: Error) => void;
}

export interface FlightReports {
  tapIsLate(tap: TapRecord, elapsedMs: number): void;
  tapGivenUp(tap: TapRecord, elapsedMs: number): void;
}

export class FlightControl {
  private readonly flights = new Set<Flight>();
  private watchdog: Disposable | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly limits: FlightLimits,
    private readonly reports: FlightReports,
  ) {}

  nowMs(): number {
    return this.clock.monotonicMs();
  }

  get count(): number {
    return this.flights.size;
  }

  begin(tap: TapRecord, startedMs: number | undefined, giveUp: Flight['giveUp']): Flight {
    const flight = { tap, startedMs: startedMs ?? this.nowMs(), isWarned: false, giveUp };
    this.flights.add(flight);
    this.watchdog ??= this.clock.every(watchIntervalMs, () => this.watch());
    return flight;
  }

  /** False when the flight had been given up: nobody waits for it any more. */
  end(flight: Flight): boolean {
    if (!this.flights.delete(flight)) return false;
    flight.tap.addTime(this.nowMs() - flight.startedMs);
    return true;
  }

  [Symbol.dispose](): void {
    this.watchdog?.[Symbol.dispose]();
    this.watchdog = undefined;
    this.flights.clear();
  }

  private watch(): void {
    if (this.flights.size === 0) {
      // Nothing in the air: let an idle process be idle.
      this.watchdog?.[Symbol.dispose]();
      this.watchdog = undefined;
      return;
    }
    const nowMs = this.nowMs();
    for (const flight of this.flights) this.check(flight, nowMs - flight.startedMs);
  }

  private check(flight: Flight, elapsedMs: number): void {
    const { tap } = flight;
    if (elapsedMs > this.limits.budgetMs && !flight.isWarned) {
      flight.isWarned = true;
      tap.late++;
      this.reports.tapIsLate(tap, elapsedMs);
    }
    if (elapsedMs <= this.limits.limitMs) return;
    this.flights.delete(flight);
    tap.addTime(elapsedMs);
    this.reports.tapGivenUp(tap, elapsedMs);
    const cause = new Error(
      `plugin ${tap.plugin} did not answer ${tap.hook} within ${this.limits.limitMs} ms`,
    );
    flight.giveUp(unavailableError('Temporarily unavailable', cause));
  }
}
