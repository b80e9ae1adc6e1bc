/**
 * Partitions as places on disks that may be lost. Each has a file `PARTITION` that says whose folder it is: where a disk is
 * not mounted there is none, and nothing is written to the empty folder in its place.
 */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { KnownPartition } from './layout.js';

/** How a partition is chosen for a mailbox whose creator names none: modes of Cyrus's `partition_select_mode`, and two more. */
export type PartitionSelectMode =
  | 'first'
  | 'freespace-most'
  | 'freespace-percent-most'
  | 'freespace-percent-weighted'
  | 'freespace-percent-weighted-delta'
  | 'random'
  | 'round-robin';

const MARK = 'PARTITION';

function markOf(name: string): string {
  return `angarium-partition ${name}\n`;
}

/**
 * Makes the folder of a partition that has none yet and marks it.
 * @param isUsed there are messages in it: then an unmarked folder must hold packs (earlier versions did not mark).
 * @returns what is wrong with it, for the operator
 */
export function claimPartition(name: string, dir: string, isUsed: boolean): string | undefined {
  try {
    if (!existsSync(join(dir, MARK))) {
      if (isUsed && !holdsSeries(dir))
        return `partition "${name}" holds mail, but ${dir} does not: mount its disk (or, when the mail is lost, write "${markOf(name).trim()}" to ${join(dir, MARK)})`;
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
      mark(name, dir);
    }
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    return `the folder ${dir} cannot be read and written (${codeOf(error)}): check owner and permissions`;
  }
  return partitionProblem(name, dir);
}

/** Of several processes that start at once the first one's stays. */
function mark(name: string, dir: string): void {
  try {
    writeFileSync(join(dir, MARK), markOf(name), { flag: 'wx', flush: true, mode: 0o600 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

function holdsSeries(dir: string): boolean {
  return existsSync(dir) && readdirSync(dir).some((entry) => /^\d{4,9}$/.test(entry));
}

/** Undefined when the partition is where it should be. */
export function partitionProblem(name: string, dir: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(join(dir, MARK), 'utf8');
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOENT'
      ? `partition "${name}" is not there: ${join(dir, MARK)} is missing`
      : `partition "${name}" cannot be read: ${code} at ${join(dir, MARK)}`;
  }
  // An empty one is being written by a process that starts beside this one.
  if (text === markOf(name) || text === '') return undefined;
  return `partition "${name}": ${join(dir, MARK)} says "${text.trim()}", which is another one`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

export interface PartitionState {
  readonly name: string;
  readonly path: string;
  /** Of the file system, for this process; 0 when it cannot be told. */
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly problem: string | undefined;
}

export function partitionState({ name, packsDir: path }: KnownPartition): PartitionState {
  const problem = partitionProblem(name, path);
  try {
    const { bavail, blocks, bsize } = statfsSync(path);
    const state = { name, path, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    return { ...state, problem: problem ?? (bavail === 0 ? `partition "${name}" is full` : undefined) };
  } catch (error) {
    const lost = `partition "${name}" cannot be read: ${codeOf(error)} at ${path}`;
    return { name, path, freeBytes: 0, totalBytes: 0, problem: problem ?? lost };
  }
}

/** Cyrus's: even the fullest partition is chosen now and then, and more often the closer the others come. */
const SMOOTHING_PERCENT = 0.5;

export interface PartitionChoice {
  readonly mode: PartitionSelectMode;
  /** Never chosen, but may be named. */
  readonly exclude: readonly string[];
}

/** Chooses the partition of new mailboxes. */
export class PartitionPicker {
  private next = 0;

  constructor(
    private readonly partitions: readonly KnownPartition[],
    private readonly choice: PartitionChoice,
    private readonly stateOf: (partition: KnownPartition) => PartitionState = partitionState,
    private readonly random: () => number = Math.random,
  ) {}

  /** One that is there, as long as any is. */
  pick(): KnownPartition {
    const { mode, exclude } = this.choice;
    const first = this.partitions[0]!;
    if (mode === 'first' || this.partitions.length === 1) return first;
    const states = this.partitions
      .filter(({ name }) => !exclude.includes(name))
      .map((partition) => ({ partition, state: this.stateOf(partition) }))
      .filter(({ state }) => state.problem === undefined);
    if (states.length === 0) return first;
    if (mode === 'round-robin') return states[this.next++ % states.length]!.partition;
    if (mode === 'random') return states[Math.floor(this.random() * states.length)]!.partition;
    if (mode === 'freespace-percent-weighted' || mode === 'freespace-percent-weighted-delta') {
      const percents = states.map(({ state }) => freePercent(state));
      const least = mode === 'freespace-percent-weighted' ? 0 : Math.min(...percents) - SMOOTHING_PERCENT;
      const weights = percents.map((percent) => percent - least);
      return states[weightedChoice(weights, this.random())]!.partition;
    }
    const rank = (state: PartitionState) =>
      mode === 'freespace-most' ? state.freeBytes : freePercent(state);
    return states.reduce((best, one) => (rank(one.state) > rank(best.state) ? one : best)).partition;
  }
}

function freePercent({ freeBytes, totalBytes }: PartitionState): number {
  return (100 * freeBytes) / Math.max(1, totalBytes);
}

/**
 * An index, each as probable as its weight is of the sum.
 * @param weights none negative. @param random from 0, below 1.
 */
export function weightedChoice(weights: readonly number[], random: number): number {
  let rest = random * weights.reduce((sum, weight) => sum + weight, 0);
  const chosen = weights.findIndex((weight) => {
    rest -= weight;
    return rest < 0;
  });
  // Rounding may leave a crumb; where all are full anyone will do.
  return chosen >= 0
    ? chosen
    : Math.max(
        0,
        weights.findLastIndex((weight) => weight > 0),
      );
}
