/** `partitions`: the places for message bodies, what is free and used there, and which is lost. */
import { type Command, defineCommand } from '@angarium/sdk';
import type { StoreEngine } from '../engine.js';
import { listPacks } from '../packs/index.js';
import { type PartitionState, partitionState } from '../partitions.js';
import { raw } from '../sql/statements.js';

export interface PartitionReport extends PartitionState {
  readonly isDefault: boolean;
  /** Of its packs; 0 when it is lost. */
  readonly usedBytes: number;
  readonly mailboxes: number;
}

export async function reportPartitions({
  knownPartitions,
  list,
}: StoreEngine): Promise<readonly PartitionReport[]> {
  const counts = new Map(
    raw(
      list.connection,
      'SELECT partition, count(*) FROM mailbox WHERE state = 0 GROUP BY partition',
    ).all() as [number, number][],
  );
  return await Promise.all(
    knownPartitions.map(async (partition, index) => ({
      ...partitionState(partition),
      isDefault: index === 0,
      usedBytes: await usedBytes(partition.packsDir),
      mailboxes: counts.get(partition.id) ?? 0,
    })),
  );
}

async function usedBytes(dir: string): Promise<number> {
  try {
    return (await listPacks(dir)).reduce((sum, { bytes }) => sum + bytes, 0);
  } catch {
    return 0;
  }
}

export function partitions(engine: () => StoreEngine): Command {
  return defineCommand<readonly PartitionReport[]>({
    name: 'partitions',
    summary: 'list the partitions: path, free and used octets, mailboxes, and what is wrong with one',
    run: () => reportPartitions(engine()),
    text: (all) => all.map(toText).join('\n'),
  });
}

function toText({
  name,
  path,
  isDefault,
  freeBytes,
  totalBytes,
  usedBytes: used,
  mailboxes,
  problem,
}: PartitionReport): string {
  const free =
    totalBytes === 0
      ? 'free: unknown'
      : `${megabytes(freeBytes)} of ${megabytes(totalBytes)} free (${Math.floor((100 * freeBytes) / totalBytes)} %)`;
  return [
    `${name}${isDefault ? ' (default)' : ''}  ${path}`,
    `  ${free}, ${megabytes(used)} in packs, ${mailboxes} mailboxes`,
    ...(problem === undefined ? [] : [`  LOST: ${problem}`]),
  ].join('\n');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}
