/** For core's own tests: a clock by hand, a log that remembers, a host, and plugins in a few words. */
import {
  type Clock,
  type Contract,
  contractName,
  definePlugin,
  disposable,
  type Host,
  isRegistry,
  type LogFields,
  type Logger,
  type PluginDefinition,
} from '@angarium/sdk';
import type { PluginSource } from '../plugins/in-memory.js';
import { emptyPluginManifest, type PluginManifest } from '../plugins/types.js';

interface Timer {
  dueMs: number;
  readonly everyMs: number | undefined;
  readonly run: () => void;
}

export class ManualClock implements Clock {
  private nowMs = 0;
  private readonly timers = new Set<Timer>();

  now(): number {
    return Date.UTC(2026, 0, 1) + this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  after(delayMs: number, run: () => void): Disposable {
    return this.arm({ dueMs: this.nowMs + delayMs, everyMs: undefined, run });
  }

  every(intervalMs: number, run: () => void): Disposable {
    return this.arm({ dueMs: this.nowMs + intervalMs, everyMs: intervalMs, run });
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  get pending(): number {
    return this.timers.size;
  }

  /** Moves time, running what falls due, and lets promises settle after each. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.nowMs + byMs;
    for (;;) {
      const due = [...this.timers]
        .filter((timer) => timer.dueMs <= untilMs)
        .sort((a, b) => a.dueMs - b.dueMs)[0];
      if (due === undefined) break;
      this.nowMs = due.dueMs;
      if (due.everyMs === undefined) this.timers.delete(due);
      else due.dueMs += due.everyMs;
      due.run();
      await settled();
    }
    this.nowMs = untilMs;
    await settled();
  }

  private arm(timer: Timer): Disposable {
    this.timers.add(timer);
    return disposable(() => this.timers.delete(timer));
  }
}

/** After all promise reactions that are due. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly text: string;
  readonly fields: LogFields;
}

export class MemoryLog implements Logger {
  constructor(
    readonly lines: LogLine[] = [],
    private readonly bound: LogFields = {},
  ) {}

  debug(text: string, fields: LogFields = {}): void {
    this.note('debug', text, fields);
  }
  info(text: string, fields: LogFields = {}): void {
    this.note('info', text, fields);
  }
  warn(text: string, fields: LogFields = {}): void {
    this.note('warn', text, fields);
  }
  error(text: string, fields: LogFields = {}): void {
    this.note('error', text, fields);
  }
  child(fields: LogFields): Logger {
    return new MemoryLog(this.lines, { ...this.bound, ...fields });
  }

  private note(level: LogLine['level'], text: string, fields: LogFields): void {
    this.lines.push({ level, text, fields: { ...this.bound, ...fields } });
  }
}

export const testHost: Host = {
  role: 'server',
  workerId: 1,
  isLeader: true,
  dataDir: '/nonexistent',
  runDir: '/nonexistent/run',
  serverName: 'test.example',
  version: '0.0.0',
  plugins: [],
  announce: () => {},
};

/** A plugin whose manifest lists what its provisions say, and `manifest`. */
export function source(
  name: string,
  definition: Partial<PluginDefinition>,
  manifest: Partial<PluginManifest> = {},
  config: Record<string, unknown> = {},
): PluginSource {
  const whole = definePlugin(definition);
  const provides = whole.provides.flatMap(({ tokens }) =>
    tokens.filter((t) => !isRegistry(t)).map(contractName),
  );
  return { name, definition: whole, manifest: { ...emptyPluginManifest, provides, ...manifest }, config };
}

export function names(...tokens: Contract<unknown>[]): string[] {
  return tokens.map(contractName);
}
