/** An engine in a temporary folder, without a kernel. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, HookBus, Logger, MessageBus } from '@angarium/sdk';
import { type StoreConfig, toSettings } from './config.js';
import { type EngineOptions, StoreEngine } from './engine.js';

export const silentLog: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};

/** Nobody taps. */
export const noHooks = {
  tap: () => ({ [Symbol.dispose]: () => undefined }),
  hook: () => ({ isTapped: false, call: () => undefined }),
} as unknown as HookBus;

export class TestClock implements Clock {
  constructor(public ms = Date.UTC(2026, 0, 5)) {}
  now(): number {
    return this.ms;
  }
  monotonicMs(): number {
    return performance.now();
  }
  after(): Disposable {
    return { [Symbol.dispose]: () => undefined };
  }
  every(): Disposable {
    return this.after();
  }
  async sleep(): Promise<void> {}
}

export interface TestEngine {
  readonly engine: StoreEngine;
  readonly clock: TestClock;
  readonly dir: string;
  /** Closes; the folder goes with it unless it was given. */
  close(): Promise<void>;
}

export interface TestEngineOptions {
  readonly dir?: string;
  readonly config?: Partial<StoreConfig>;
  readonly hooks?: HookBus;
  readonly bus?: MessageBus;
  readonly clock?: TestClock;
  readonly log?: Logger;
  readonly makeWriter?: EngineOptions['makeWriter'];
}

export async function openTestEngine(options: TestEngineOptions = {}): Promise<TestEngine> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'angarium-store-'));
  const clock = options.clock ?? new TestClock();
  const engine = await StoreEngine.open({
    settings: toSettings({ shards: 2, ...options.config }, dir),
    clock,
    log: options.log ?? silentLog,
    hooks: options.hooks ?? noHooks,
    ...(options.bus === undefined ? {} : { bus: options.bus }),
    ...(options.makeWriter === undefined ? {} : { makeWriter: options.makeWriter }),
  });
  return {
    engine,
    clock,
    dir,
    close: async () => {
      await engine.close();
      if (options.dir === undefined) rmSync(dir, { recursive: true });
    },
  };
}
