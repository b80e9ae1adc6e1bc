/**
 * A kernel: the plugins of one process, composed and alive. The worker of `angarium serve`, CLI commands and
 * tests all make one; who listens on sockets is decided by whoever made it.
 */
import type { Clock, Contract, Host, Logger, MessageBus, Service } from '@angarium/sdk';

export interface KernelOptions {
  /** The operator's manifest, validated and planned (see manifest/ and plugins/plan). */
  readonly plan: unknown;
  readonly host: Host;
  readonly log: Logger;
  readonly clock: Clock;
  readonly bus: MessageBus;
}

export interface Kernel {
  /** Constructs in plan order, then starts in plan order. A failure stops what had started and names the plugin. */
  start(): Promise<void>;
  /** Stops in reverse order, each plugin with a deadline. */
  stop(): Promise<void>;
  /** For tests and commands: the provider of a contract. @throws Error when nobody provides it. */
  get<T>(token: Contract<T>): T;
  readonly services: readonly Service[];
}
