/**
 * A kernel: the plugins of one process, composed and alive. The worker of `angarium serve`, CLI commands and
 * tests all make one; who listens on sockets is decided by whoever made it.
 */
import {
  type Clock,
  type Contract,
  contractName,
  type HookBus,
  type Host,
  isRegistry,
  type Logger,
  type MessageBus,
  type Registry,
  type RegistryContract,
  SERVICES,
  type Service,
} from '@angarium/sdk';
import { systemClock } from './clock.js';
import { type Composition, compose } from './compose.js';
import { KernelError } from './errors.js';
import { KernelHookBus } from './hooks/bus.js';
import type { FlightLimits } from './hooks/flights.js';
import type { TapStats } from './hooks/taps.js';
import { Lifecycle } from './lifecycle.js';
import { lonelyBus } from './message-hub.js';
import type { LoadedPlugin } from './plugins/types.js';
import { Registries } from './registries.js';
import { nearest } from './text/nearest.js';
import { type TimeNode, TimeTree } from './time-tree.js';

export interface KernelOptions {
  /** In start order, as `planPlugins` and `loadPlugins` make it. */
  readonly plugins: readonly LoadedPlugin[];
  readonly host: Host;
  readonly log: Logger;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: one that reaches nobody, for a process without others beside it. */
  readonly bus?: MessageBus;
  /** For each plugin; default 30 s. */
  readonly startTimeoutMs?: number;
  /** For each plugin; default 10 s. */
  readonly stopTimeoutMs?: number;
  readonly hookLimits?: Partial<FlightLimits>;
}

export interface KernelStats {
  readonly hooks: readonly TapStats[];
  readonly hooksInFlight: number;
  readonly times: TimeNode;
}

export interface Kernel {
  /** Plugin ids in start order. */
  readonly plugins: readonly string[];
  /** Constructs in plan order, then starts in plan order. A failure stops what had started and names the plugin. */
  start(): Promise<void>;
  /** Stops in reverse order, each plugin with a deadline. Everything is tried; @throws KernelError 'STOP_FAILED'. */
  stop(): Promise<void>;
  /** For tests and commands: the provider of a contract. @throws KernelError when nobody provides it. */
  get<T>(token: Contract<T>): T;
  /** The provider, or undefined when nobody provides it. */
  find<T>(token: Contract<T>): T | undefined;
  registry<T>(token: RegistryContract<T>): Registry<T>;
  readonly services: readonly Service[];
  /** The kernel's own view of the bus: for who made it, to call the hooks of sockets and processes. */
  readonly hooks: HookBus;
  stats(): KernelStats;
  /** Hooks that are tapped: after stop() there should be none. */
  tappedHooks(): { readonly hook: string; readonly plugins: readonly string[] }[];
}

/** Nothing runs before `start()`. */
export function createKernel(options: KernelOptions): Kernel {
  return new PluginKernel(options);
}

type State = 'made' | 'starting' | 'running' | 'stopping' | 'stopped';

class PluginKernel implements Kernel {
  private state: State = 'made';
  private composition: Composition | undefined;
  private readonly clock: Clock;
  readonly hooks: HookBus;
  private readonly hookBus: KernelHookBus;
  private readonly registries: Registries;
  private readonly lifecycle: Lifecycle;
  private readonly times: TimeTree;

  constructor(private readonly options: KernelOptions) {
    const { log, clock = systemClock, startTimeoutMs = 30_000, stopTimeoutMs = 10_000, hookLimits } = options;
    this.clock = clock;
    this.times = new TimeTree('kernel', () => clock.monotonicMs());
    this.hookBus = new KernelHookBus({ log, clock, ...(hookLimits && { limits: hookLimits }) });
    this.hooks = this.hookBus.view('kernel', -1);
    this.registries = new Registries((err, token) =>
      log.error('registry listener failed', { registry: contractName(token), err }),
    );
    this.lifecycle = new Lifecycle({ log, clock, times: this.times, startTimeoutMs, stopTimeoutMs });
  }

  get plugins(): readonly string[] {
    return this.options.plugins.map(({ id }) => id);
  }

  async start(): Promise<void> {
    this.move(['made'], 'starting');
    try {
      this.composition = compose({
        ...this.options,
        clock: this.clock,
        bus: this.options.bus ?? lonelyBus(),
        hooks: this.hookBus,
        registries: this.registries,
        times: this.times,
      });
      await this.lifecycle.start(this.composition.plugins);
    } catch (error) {
      this.finish();
      throw error;
    }
    this.times.end(this.times.root);
    this.state = 'running';
  }

  async stop(): Promise<void> {
    if (this.state === 'made' || this.state === 'stopped') {
      this.state = 'stopped';
      return;
    }
    this.move(['running'], 'stopping');
    try {
      await this.lifecycle.stop();
    } finally {
      this.finish();
    }
  }

  get<T>(token: Contract<T>): T {
    const found = this.find(token);
    if (found !== undefined) return found;
    const name = contractName(token);
    const near = nearest(name, this.composition?.providers.keys() ?? []);
    const hint = near === undefined ? '' : `, did you mean ${near}?`;
    throw new KernelError('NOT_PROVIDED', `no plugin provides ${name}${hint}`);
  }

  find<T>(token: Contract<T>): T | undefined {
    if (isRegistry(token)) return this.registries.get(token as RegistryContract<unknown>) as T;
    return this.composition?.providers.get(contractName(token)) as T | undefined;
  }

  registry<T>(token: RegistryContract<T>): Registry<T> {
    return this.registries.get(token);
  }

  get services(): readonly Service[] {
    return this.registries.get(SERVICES).items;
  }

  stats(): KernelStats {
    return { hooks: this.hookBus.stats(), hooksInFlight: this.hookBus.inFlight, times: this.times.root };
  }

  tappedHooks(): { readonly hook: string; readonly plugins: readonly string[] }[] {
    return this.hookBus.tapped();
  }

  private move(from: readonly State[], to: State): void {
    if (!from.includes(this.state)) {
      throw new KernelError('WRONG_STATE', `the kernel is ${this.state}, so it cannot be ${to}`);
    }
    this.state = to;
  }

  private finish(): void {
    this.hookBus[Symbol.dispose]();
    this.state = 'stopped';
  }
}
