/** What `angarium status` and `angarium plugins stats` are told by the control socket. */
import type { ConnectionRow } from '../connections/listeners.js';
import type { WorkerStats, WorkerStatus } from './ipc.js';
import type { Ports } from './ports-file.js';

export interface ServerStatus {
  /** Of the primary. */
  readonly pid: number;
  readonly version: string;
  readonly state: 'starting' | 'serving' | 'stopping';
  readonly uptimeMs: number;
  /** Absolute path of the manifest. */
  readonly manifest: string;
  readonly data: string;
  readonly plugins: readonly string[];
  readonly ports: Ports;
  readonly workers: readonly (Omit<WorkerStatus, 'connections' | 'sources'> & {
    readonly connections: number;
  })[];
  readonly connections: readonly (ConnectionRow & { readonly worker: number })[];
  /** What the plugins tell, each in each worker. */
  readonly sources: readonly { readonly name: string; readonly worker: number; readonly value: unknown }[];
}

export type ServerStats = readonly WorkerStats[];
