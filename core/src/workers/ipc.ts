/** What the primary and its workers say to each other over node:cluster's channel. Everything is JSON. */
import type { BoundAddress } from '../connections/listener.js';
import type { ConnectionRow } from '../connections/listeners.js';
import type { Problem } from '../errors.js';
import type { TapStats } from '../hooks/taps.js';
import type { LogOptions } from '../log/log.js';
import type { ManifestSource } from '../manifest/manifest.js';
import type { TimeNode } from '../time-tree.js';

/** Topic and payload; the payload stays as JSON text until somebody listens. */
export type BusLine = readonly [topic: string, json: string];

export interface WorkerStart {
  readonly workerId: number;
  /** Begins the ids of its connections; never used again while this primary lives. */
  readonly idPrefix: string;
  readonly isLeader: boolean;
  /** With the manifest's text; the environment is inherited. */
  readonly source: SentSource;
  readonly log: Pick<LogOptions, 'format' | 'level'>;
  readonly version: string;
  /** 48 bytes, base64. */
  readonly ticketKeys: string;
}

/** Where the manifest comes from, for another process. */
export type SentSource = Omit<ManifestSource, 'env'>;

/** A place to listen; `ordinal` counts the free ports that a service wants on one address. */
export interface ListenRequest {
  readonly service: string;
  readonly address: string | undefined;
  readonly port: number;
  readonly path: string | undefined;
  readonly ordinal: number;
  /** A port given before that somebody else took meanwhile. */
  readonly taken?: number;
}

export interface WorkerStatus {
  readonly id: number;
  readonly pid: number;
  readonly isLeader: boolean;
  readonly uptimeMs: number;
  readonly rssBytes: number;
  readonly accepted: number;
  readonly connections: readonly ConnectionRow[];
  /** StatusSource rows by name. */
  readonly sources: Readonly<Record<string, unknown>>;
}

export interface WorkerStats {
  readonly hooks: readonly TapStats[];
  readonly hooksInFlight: number;
  readonly times: TimeNode;
}

export interface WorkerFailure {
  readonly text: string;
  readonly problems: readonly Problem[];
  /** The plugin that is to blame, as far as one can tell. */
  readonly plugin: string | undefined;
}

/** Asked of a worker, answered by `answer` with the same number. */
export type Question = 'status' | 'stats';

export type ToWorker =
  | { readonly type: 'start'; readonly start: WorkerStart }
  | { readonly type: 'leader'; readonly isLeader: boolean; readonly number: number }
  | { readonly type: 'drain'; readonly deadlineMs: number }
  | { readonly type: 'bus'; readonly lines: readonly BusLine[] }
  | { readonly type: 'ask'; readonly question: Question; readonly number: number }
  | { readonly type: 'listen-at'; readonly number: number; readonly port?: number; readonly error?: string }
  | { readonly type: 'ticket-keys'; readonly keys: string }
  | { readonly type: 'reload-certificates' };

export type FromWorker =
  | { readonly type: 'beat' }
  | { readonly type: 'listen'; readonly number: number; readonly request: ListenRequest }
  | { readonly type: 'ready'; readonly addresses: Readonly<Record<string, readonly BoundAddress[]>> }
  | { readonly type: 'failed'; readonly failure: WorkerFailure }
  | { readonly type: 'crashing'; readonly failure: WorkerFailure }
  | { readonly type: 'announce'; readonly text: string }
  | { readonly type: 'bus'; readonly lines: readonly BusLine[] }
  | { readonly type: 'answer'; readonly number: number; readonly value?: unknown; readonly error?: string };

/** Between a worker's signs of life. */
export const beatIntervalMs = 500;
