/** The plugin's configuration as `config.schema.json` describes it, and what the engine makes of it. */
import { isAbsolute, join } from 'node:path';
import type { PartitionChoice, PartitionSelectMode } from './partitions.js';

export interface PartitionConfig {
  readonly path: string;
  readonly compression?: 'off' | 'zstd';
  /** Files, or `env:NAME`, of 32 octets as hexadecimal digits or base64. The first encrypts. */
  readonly keys?: readonly string[];
  /** False: the keys are only for what was encrypted before. */
  readonly encrypt?: boolean;
}

export interface StoreConfig {
  readonly shards: number;
  /** Confirms that the data folder becomes one of this format; unset: it stays what it is. */
  readonly format?: number;
  /** Name → folder, relative to the data folder, and how bodies are stored there; the first is the default. */
  readonly partitions: Readonly<Record<string, string | PartitionConfig>>;
  /** Where mailboxes go that nobody names a partition for and that have no parent; unset: as the mode says. */
  readonly defaultPartition?: string;
  readonly partitionSelectMode: PartitionSelectMode;
  readonly partitionSelectExclude: readonly string[];
  readonly expungeDelay: string;
  readonly deleteDelay: string;
  readonly spoolThreshold: string;
  readonly packSize: string;
  readonly snapshotCache: string;
  readonly writeQueue: string;
  readonly maintenance: { readonly every: string; readonly liveBelow: number; readonly grace: string };
}

export const defaultConfig: StoreConfig = {
  shards: 8,
  partitions: { default: 'packs' },
  partitionSelectMode: 'first',
  partitionSelectExclude: [],
  expungeDelay: '7d',
  deleteDelay: '7d',
  spoolThreshold: '1MB',
  packSize: '256MB',
  snapshotCache: '64MB',
  writeQueue: '64MB',
  maintenance: { every: '1h', liveBelow: 0.5, grace: '10m' },
};

/** What the engine works with: everything in ms, bytes and absolute paths. */
export interface StoreSettings {
  readonly dataDir: string;
  readonly shards: number;
  /** 0: as the data folder is. */
  readonly format: number;
  /** Default first. */
  readonly partitions: readonly PartitionPlace[];
  readonly choice: PartitionChoice;
  readonly expungeDelayMs: number;
  readonly deleteDelayMs: number;
  readonly spoolBytes: number;
  readonly packBytes: number;
  readonly snapshotBytes: number;
  readonly queueBytes: number;
  readonly maintenance: { readonly everyMs: number; readonly liveBelow: number; readonly graceMs: number };
}

export interface PartitionPlace {
  readonly name: string;
  readonly dir: string;
  readonly isCompressed: boolean;
  /** Where keys are: `env:NAME` or absolute paths. */
  readonly keys: readonly string[];
  readonly isEncrypted: boolean;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `1d12h`, `0`. @throws RangeError */
export function parseDurationMs(text: string): number {
  if (text === '0') return 0;
  if (!/^(?:\d+(?:ms|[smhd]))+$/.test(text)) throw new RangeError(`not a duration: ${text}`);
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhd])/g)) sum += Number(count) * unitMs[unit!]!;
  return sum;
}

const unitBytes: Readonly<Record<string, number>> = { '': 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };

/** `64MB`, `512KB`, `1000`. @throws RangeError */
export function parseBytes(text: string): number {
  const match = /^(\d+)(KB|MB|GB)?$/.exec(text);
  if (match === null) throw new RangeError(`not a size: ${text}`);
  return Number(match[1]) * unitBytes[match[2] ?? '']!;
}

export function toSettings(config: Partial<StoreConfig>, dataDir: string): StoreSettings {
  const full = { ...defaultConfig, ...config };
  return {
    dataDir,
    shards: full.shards,
    format: full.format ?? 0,
    partitions: toPlaces(full, dataDir),
    choice: {
      mode: full.defaultPartition === undefined ? full.partitionSelectMode : 'first',
      exclude: full.partitionSelectExclude,
    },
    expungeDelayMs: parseDurationMs(full.expungeDelay),
    deleteDelayMs: parseDurationMs(full.deleteDelay),
    spoolBytes: parseBytes(full.spoolThreshold),
    packBytes: parseBytes(full.packSize),
    snapshotBytes: parseBytes(full.snapshotCache),
    queueBytes: parseBytes(full.writeQueue),
    maintenance: {
      everyMs: parseDurationMs(full.maintenance.every),
      liveBelow: full.maintenance.liveBelow,
      graceMs: parseDurationMs(full.maintenance.grace),
    },
  };
}

/** @throws RangeError */
function toPlaces({ partitions, defaultPartition }: StoreConfig, dataDir: string): PartitionPlace[] {
  const absolute = (path: string) => (isAbsolute(path) ? path : join(dataDir, path));
  const places = Object.entries(partitions).map(([name, value]): PartitionPlace => {
    const {
      path,
      compression,
      keys = [],
      encrypt,
    }: PartitionConfig = typeof value === 'string' ? { path: value } : value;
    return {
      name,
      dir: absolute(path),
      isCompressed: compression === 'zstd',
      keys: keys.map((key) => (key.startsWith('env:') ? key : absolute(key))),
      isEncrypted: encrypt !== false && keys.length > 0,
    };
  });
  if (defaultPartition === undefined) return places;
  const first = places.find(({ name }) => name === defaultPartition);
  if (first === undefined)
    throw new RangeError(`store-sqlite.defaultPartition: there is no partition "${defaultPartition}"`);
  return [first, ...places.filter((place) => place !== first)];
}
