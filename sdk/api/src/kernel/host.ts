/** What the kernel itself provides to every plugin. */
import { type Contract, contract, type RegistryContract, registry } from '../di.js';

/** The plugin's own configuration, validated against its schema, defaults filled in. Cast it to the plugin's type. */
export const CONFIG: Contract<unknown> = contract('config', 1);

/** Fields of a log line; values are written as JSON. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured: a constant sentence, and fields. Errors go in the field `err`. */
export interface Logger {
  debug(text: string, fields?: LogFields): void;
  info(text: string, fields?: LogFields): void;
  warn(text: string, fields?: LogFields): void;
  error(text: string, fields?: LogFields): void;
  child(fields: LogFields): Logger;
}
/** Carries the plugin's name. */
export const LOGGER: Contract<Logger> = contract('logger', 1);

/** Time, so that tests can move it. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number;
  /** Milliseconds that only go forward. */
  monotonicMs(): number;
  after(delayMs: number, run: () => void): Disposable;
  every(intervalMs: number, run: () => void): Disposable;
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}
export const CLOCK: Contract<Clock> = contract('clock', 1);

/** Where this process stands. */
export interface Host {
  /** 'server': a worker of `angarium serve`. 'command': a CLI command, no sockets are opened. */
  readonly role: 'server' | 'command';
  /** Small integer, unique among the live processes of this data folder that serve; 0 in a command. */
  readonly workerId: number;
  /** True in exactly one worker: background jobs run there. May change when a worker ends. */
  readonly isLeader: boolean;
  readonly dataDir: string;
  /** Sockets and pid files: `dataDir/run`. */
  readonly runDir: string;
  /** The name that greetings and Received fields show. */
  readonly serverName: string;
  readonly version: string;
  /** Plugins enabled in the manifest. */
  readonly plugins: readonly string[];
  /** For the operator's terminal, shown once by the primary before `angarium ready` (as on a first start: how to log in). */
  announce(text: string): void;
}
export const HOST: Contract<Host> = contract('host', 1);

/**
 * Messages to the other processes of this server (workers, and CLI commands beside it). Best effort: a message
 * may be lost when a process dies, so it is a hint and the store the truth. Small JSON values only.
 */
export interface MessageBus {
  /** To all others, not to the sender. Messages published in one turn travel together. */
  publish(topic: string, payload: unknown): void;
  subscribe(topic: string, listener: (payload: unknown) => void): Disposable;
}
export const MESSAGE_BUS: Contract<MessageBus> = contract('message-bus', 1);

/** A row of facts for `angarium status`: JSON, read when asked. */
export interface StatusSource {
  readonly name: string;
  read(): unknown | Promise<unknown>;
}
export const STATUS_SOURCES: RegistryContract<StatusSource> = registry('status-sources', 1);
