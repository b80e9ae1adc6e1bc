/**
 * The data folder: `meta/FORMAT`, `meta/mboxlist.db`, `meta/NN.db` (shards, hexadecimal), a pack folder a partition,
 * `spool/` for large messages on their way in. Checked and completed once at start, by any number of processes at once.
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { StoreSettings } from './config.js';
import { StoreFolderError } from './errors.js';
import { codecOf } from './keys.js';
import { assertLittleEndian } from './model/chunk.js';
import type { PackCodec } from './packs/index.js';
import { claimPartition, partitionProblem } from './partitions.js';
import { type Db, openReader, openWriter, prepareDatabase } from './sql/open.js';
import { GRANTEE_SCHEMA, LIST_SCHEMA, MOVING_SCHEMA, RECORDS_SCHEMA, SHARD_SCHEMA } from './sql/schema.js';

/** Of the folder as a whole. 1: bodies are in the packs as they came. 2: they may be compressed and encrypted. */
const NEWEST_FORMAT = 2;
const CODED_FORMAT = 2;
const FORMAT_LINE = /^angarium-store (\d+) shards (\d+)\n$/;
/** Two hex digits in a mailbox id. */
const MAX_SHARDS = 256;

export interface StorePaths {
  readonly metaDir: string;
  readonly listPath: string;
  readonly spoolDir: string;
  /** Index = shard. */
  readonly shardPaths: readonly string[];
}

/** A partition with the number that rows have for it. */
export interface KnownPartition {
  readonly id: number;
  readonly name: string;
  readonly packsDir: string;
  readonly codec: PackCodec;
}

export interface PreparedFolder {
  readonly paths: StorePaths;
  /** Configured ones, default first. */
  readonly partitions: readonly KnownPartition[];
  /** Of partitions that are not there, a sentence each. */
  readonly problems: readonly string[];
}

export function shardPath(dataDir: string, shard: number): string {
  return join(dataDir, 'meta', `${shard.toString(16).padStart(2, '0')}.db`);
}

/** @throws StoreFolderError with a sentence for the operator. */
export function prepareFolder(settings: StoreSettings): PreparedFolder {
  assertLittleEndian();
  const metaDir = join(settings.dataDir, 'meta');
  const spoolDir = join(settings.dataDir, 'spool');
  for (const dir of [settings.dataDir, metaDir, spoolDir]) makeWritable(dir);
  const shards = checkFormat(metaDir, settings);
  const listPath = join(metaDir, 'mboxlist.db');
  prepareDatabase(listPath, LIST_SCHEMA + RECORDS_SCHEMA, { grantee: GRANTEE_SCHEMA });
  const shardPaths = Array.from({ length: shards }, (_, shard) => shardPath(settings.dataDir, shard));
  for (const path of shardPaths)
    prepareDatabase(path, SHARD_SCHEMA + RECORDS_SCHEMA, { moving: MOVING_SCHEMA });
  const partitions = numberPartitions(listPath, settings);
  const problems = claimPartitions(partitions, shardPaths);
  // Without one of several the others are served.
  if (problems.length === partitions.length) throw new StoreFolderError(problems.join('; '));
  return { paths: { metaDir, listPath, spoolDir, shardPaths }, partitions, problems };
}

function claimPartitions(partitions: readonly KnownPartition[], shardPaths: readonly string[]): string[] {
  const isUsed = (id: number) =>
    shardPaths.some((path) =>
      withDb(
        openReader(path),
        (db) => db.prepare('SELECT 1 FROM blob WHERE part = ? LIMIT 1').get(id) !== undefined,
      ),
    );
  return partitions.flatMap(({ id, name, packsDir }) => {
    // The rows are looked at only where the folder is not marked.
    const isLost = partitionProblem(name, packsDir) !== undefined;
    const problem = claimPartition(name, packsDir, isLost && isUsed(id));
    return problem === undefined ? [] : [problem];
  });
}

function makeWritable(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new StoreFolderError(
      `the folder ${dir} cannot be read and written (${code}): check owner and permissions`,
    );
  }
}

/** The number of shards, which is fixed when the folder is made: users' records are found by a hash over it. */
function checkFormat(metaDir: string, settings: StoreSettings): number {
  const { shards: shardsWanted } = settings;
  const path = join(metaDir, 'FORMAT');
  if (!existsSync(path)) {
    const foreign = readdirSync(metaDir).filter((name) => !/^FORMAT|\.db(-wal|-shm)?$/.test(name));
    if (foreign.length > 0) {
      throw new StoreFolderError(
        `${metaDir} holds files that are not Angarium's (${foreign.slice(0, 3).join(', ')}): choose another data folder`,
      );
    }
    if (!(shardsWanted >= 1 && shardsWanted <= MAX_SHARDS)) {
      throw new StoreFolderError(`the number of shards must be from 1 to ${MAX_SHARDS}`);
    }
    writeFormat(path, `angarium-store ${NEWEST_FORMAT} shards ${shardsWanted}\n`);
  }
  const match = FORMAT_LINE.exec(readFileSync(path, 'utf8'));
  if (match === null)
    throw new StoreFolderError(`${path} was not written by Angarium: choose another data folder`);
  const format = Number(match[1]);
  if (format > NEWEST_FORMAT) {
    throw new StoreFolderError(
      `${metaDir} has format ${format}, this version of Angarium knows up to ${NEWEST_FORMAT}: start the newer one`,
    );
  }
  if (settings.format > format) replaceFormat(path, `angarium-store ${settings.format} shards ${match[2]}\n`);
  checkNeeds(Math.max(format, settings.format), settings);
  return Number(match[2]);
}

/** What an older version could not read is not written before the operator has said that none will be started again. */
function checkNeeds(format: number, { partitions }: StoreSettings): void {
  const coded = partitions.find(({ isCompressed, keys }) => isCompressed || keys.length > 0);
  if (coded === undefined || format >= CODED_FORMAT) return;
  throw new StoreFolderError(
    `partition "${coded.name}" is to be compressed or encrypted, which the format ${format} of the data folder does not have: ` +
      `set store-sqlite.format to ${CODED_FORMAT} to upgrade it; older versions of Angarium refuse the folder from then on`,
  );
}

/** Atomically; of several processes each writes the same. */
function replaceFormat(path: string, line: string): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, line, { flush: true });
  renameSync(temporary, path);
  syncDir(dirname(path));
}

/** Whole or not at all; of several processes the first one's stays. */
function writeFormat(path: string, line: string): void {
  const temporary = `${path}.${process.pid}`;
  // Synced with its entry: mail that is acknowledged right after must find its folder known after a power cut.
  writeFileSync(temporary, line, { flush: true });
  try {
    linkSync(temporary, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    unlinkSync(temporary);
  }
  for (const dir of [dirname(path), dirname(dirname(path))]) syncDir(dir);
}

function syncDir(dir: string): void {
  const fd = openSync(dir, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Rows name partitions by number, so that the manifest may list them in any order. */
function numberPartitions(listPath: string, settings: StoreSettings): KnownPartition[] {
  const names = settings.partitions.map(({ name }) => name);
  const known = withDb(openReader(listPath), readPartitions);
  const all = names.every((name) => known.has(name))
    ? known
    : withDb(openWriter(listPath), (db) => addPartitions(db, names));
  const unlisted = [...known.keys()].filter((name) => !names.includes(name));
  if (unlisted.length > 0) {
    throw new StoreFolderError(
      `partition "${unlisted[0]}" is in use but not in the manifest: put it back under store-sqlite.partitions`,
    );
  }
  return settings.partitions.map((place) => ({
    id: all.get(place.name)!,
    name: place.name,
    packsDir: place.dir,
    codec: codecOf(place),
  }));
}

function withDb<T>(db: Db, use: (db: Db) => T): T {
  try {
    return use(db);
  } finally {
    db.close();
  }
}

function readPartitions(db: Db): Map<string, number> {
  const rows = db.prepare('SELECT name, id FROM partition').raw().all() as [string, number][];
  return new Map(rows);
}

function addPartitions(db: Db, names: readonly string[]): Map<string, number> {
  db.pragma('busy_timeout = 5000');
  db.transaction(() => {
    const add = db.prepare('INSERT OR IGNORE INTO partition (name) VALUES (?)');
    for (const name of names) add.run(name);
  }).immediate();
  return readPartitions(db);
}
