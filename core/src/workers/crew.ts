/** Who does the serving behind the control socket: a cluster of workers, or this very process. */
import type { Logger } from '@angarium/sdk';
import type { LogOptions } from '../log/log.js';
import type { PluginPlan } from '../plugins/plan-plugins.js';
import type { BusLine, SentSource, WorkerStats, WorkerStatus } from './ipc.js';
import type { Ports } from './ports-file.js';

/** What is served now: replaced as a whole by a reload that was validated. */
export interface Edition {
  readonly source: SentSource;
  readonly plan: PluginPlan;
}

export interface CrewOptions {
  readonly log: Logger;
  readonly logOptions: Pick<LogOptions, 'format' | 'level'>;
  readonly version: string;
  /** See PoolOptions. */
  readonly hangMs: number;
  edition(): Edition;
  announce(text: string): void;
  /** What the crew publishes, for commands that have joined. */
  onBus(lines: readonly BusLine[]): void;
  /** Where it listens, or who listens, has changed. */
  onChange(): void;
}

export interface Crew {
  /** @throws KernelError or ListenError why it did not start. */
  start(): Promise<void>;
  /** Takes up the current edition. @throws Error when that does not start; the former goes on then. */
  reload(): Promise<void>;
  /** Drains and ends. Never throws. */
  stop(): Promise<void>;
  ports(): Ports;
  /** Of those that answer. */
  status(): Promise<readonly WorkerStatus[]>;
  stats(): Promise<readonly WorkerStats[]>;
  /** From a command to all of the crew. */
  publish(lines: readonly BusLine[]): void;
}
