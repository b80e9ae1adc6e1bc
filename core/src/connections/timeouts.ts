/**
 * One timer wheel for all deadlines of all connections. A read or write only stores a number; the wheel looks at
 * an entry when the slot it lies in comes round, and puts it off when the deadline has meanwhile moved. So a
 * connection that is idle for half an hour costs one look every horizon, and a busy one no timers at all.
 */
import type { Clock } from '@angarium/sdk';

/** Something with a deadline. The wheel owns `wheelTick`. */
export interface Timed {
  /** On the clock's monotonic scale; 0 is none. */
  readonly deadlineMs: number;
  /** The tick of the slot in which this lies; 0 when in none. */
  wheelTick: number;
  /** The deadline has passed. It must then be moved or set to 0. */
  onDeadline(nowMs: number): void;
}

const tickMs = 50;
const slotCount = 2048;
/** Deadlines beyond it wait in the last slot and are put off from there: 102 s. */
const horizonTicks = slotCount - 1;

export class TimerWheel {
  private readonly slots: (Set<Timed> | undefined)[] = new Array(slotCount);
  private size = 0;
  /** The last tick that was processed. */
  private currentTick = 0;
  private timer: Disposable | undefined;
  private timerTick = 0;

  constructor(private readonly clock: Clock) {}

  get nowMs(): number {
    return this.clock.monotonicMs();
  }

  /** Call after the entry's deadline was set, or moved to an earlier time. A later one needs no call. */
  arm(entry: Timed): void {
    if (entry.deadlineMs === 0) return;
    const tick = this.tickFor(entry.deadlineMs);
    if (entry.wheelTick !== 0 && entry.wheelTick <= tick) return;
    this.remove(entry);
    this.insert(entry, tick);
  }

  /** Call at the end of an entry's life, so that nothing holds it. */
  remove(entry: Timed): void {
    if (entry.wheelTick === 0) return;
    if (this.slots[entry.wheelTick % slotCount]?.delete(entry)) this.size--;
    entry.wheelTick = 0;
    if (this.size > 0) return;
    this.timer?.[Symbol.dispose]();
    this.timer = undefined;
  }

  /** Entries in the wheel. */
  get count(): number {
    return this.size;
  }

  [Symbol.dispose](): void {
    this.timer?.[Symbol.dispose]();
    this.timer = undefined;
    this.slots.fill(undefined);
    this.size = 0;
  }

  private tickFor(deadlineMs: number): number {
    if (this.size === 0) this.currentTick = Math.floor(this.nowMs / tickMs);
    const tick = Math.ceil(deadlineMs / tickMs);
    return Math.min(Math.max(tick, this.currentTick + 1), this.currentTick + horizonTicks);
  }

  private insert(entry: Timed, tick: number): void {
    entry.wheelTick = tick;
    const index = tick % slotCount;
    const slot = this.slots[index];
    if (slot === undefined) this.slots[index] = new Set([entry]);
    else slot.add(entry);
    this.size++;
    this.schedule(tick);
  }

  private schedule(tick: number): void {
    if (this.timer !== undefined && this.timerTick <= tick) return;
    this.timer?.[Symbol.dispose]();
    this.timerTick = tick;
    this.timer = this.clock.after(tick * tickMs - this.nowMs, () => this.turn());
  }

  private turn(): void {
    this.timer = undefined;
    const nowMs = this.nowMs;
    const nowTick = Math.floor(nowMs / tickMs);
    // After a jump of more than a whole turn every slot is looked at once.
    const from = Math.max(this.currentTick + 1, nowTick - horizonTicks);
    this.currentTick = Math.max(nowTick, this.currentTick);
    for (let tick = from; tick <= nowTick; tick++) this.fire(tick % slotCount, nowMs);
    this.scheduleNext();
  }

  private fire(index: number, nowMs: number): void {
    const slot = this.slots[index];
    if (slot === undefined) return;
    this.slots[index] = undefined;
    for (const entry of slot) {
      slot.delete(entry);
      this.size--;
      entry.wheelTick = 0;
      if (entry.deadlineMs !== 0 && entry.deadlineMs <= nowMs) entry.onDeadline(nowMs);
      this.arm(entry);
    }
  }

  private scheduleNext(): void {
    if (this.size === 0) return;
    for (let tick = this.currentTick + 1; tick <= this.currentTick + horizonTicks; tick++) {
      const slot = this.slots[tick % slotCount];
      if (slot !== undefined && slot.size > 0) {
        this.schedule(tick);
        return;
      }
    }
  }
}

/** The earlier of two deadlines of which 0 is none. */
export function earlier(a: number, b: number): number {
  if (a === 0) return b;
  return b === 0 ? a : Math.min(a, b);
}
