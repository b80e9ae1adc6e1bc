/** `partitions`: the places for message bodies, what is free and used there, and which is lost. */
import { type Command, CommandError, defineCommand } from '@angarium/sdk';
import type { StoreEngine } from '../engine.js';
import { listPacks } from '../packs/index.js';
import { type PartitionState, partitionState } from '../partitions.js';
import { raw } from '../sql/statements.js';

export interface PartitionReport extends PartitionState {
  readonly isDefault: boolean;
  /** Of its packs; 0 when it is lost. */
  readonly usedBytes: number;
  /** Of its packs that are no longer written to: what is in them takes, and what it would take as it came. */
  readonly sealedBytes: number;
  readonly rawBytes: number;
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
      ...(await packSums(partition.packsDir)),
      mailboxes: counts.get(partition.id) ?? 0,
    })),
  );
}

type PackSums = Pick<PartitionReport, 'usedBytes' | 'sealedBytes' | 'rawBytes'>;

async function packSums(dir: string): Promise<PackSums> {
  const none: PackSums = { usedBytes: 0, sealedBytes: 0, rawBytes: 0 };
  try {
    return (await listPacks(dir)).reduce(
      (sum, { bytes, sealedBytes = 0, rawBytes = 0 }) => ({
        usedBytes: sum.usedBytes + bytes,
        sealedBytes: sum.sealedBytes + sealedBytes,
        rawBytes: sum.rawBytes + rawBytes,
      }),
      none,
    );
  } catch {
    return none;
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
  sealedBytes,
  rawBytes,
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
    // Seals cost a little.
    ...(sealedBytes < 0.99 * rawBytes
      ? [
          `  compressed: ${megabytes(rawBytes)} take ${megabytes(sealedBytes)} (${percent(sealedBytes, rawBytes)})`,
        ]
      : []),
    ...(problem === undefined ? [] : [`  LOST: ${problem}`]),
  ].join('\n');
}

interface Rewritten {
  readonly packs: number;
  readonly bytes: number;
  /** Still written to by a server, or without their key. */
  readonly left: number;
}

/**
 * After a change of compression or keys: what was written before has today's settings too. Old packs go a while later, by
 * maintenance. It can be cut off and called again.
 */
export function rewritePartition(engine: () => StoreEngine): Command {
  return defineCommand<Rewritten>({
    name: 'partitions rewrite',
    summary: 'write all bodies of a partition anew, with its compression and keys of today',
    arguments: [{ name: '<partition>', summary: 'its name' }],
    run: async ({ args, signal, progress }) => {
      const { knownPartitions, writer } = engine();
      const partition = knownPartitions.find(({ name }) => name === args[0]);
      if (partition === undefined) throw new CommandError(`there is no partition ${String(args[0])}`, 2);
      await writer.run('sealDead', {});
      // Those of now: what is written meanwhile has today's settings.
      const packs = await listPacks(partition.packsDir);
      const bar = progress('packs', packs.length);
      const done = { packs: 0, bytes: 0, left: 0 };
      for (const { id: pack } of packs) {
        signal.throwIfAborted();
        const bytes = await writer.run('rewritePack', { partition: partition.id, pack });
        if (bytes === undefined) done.left++;
        else {
          done.packs++;
          done.bytes += bytes;
        }
        bar.advance(1);
      }
      bar.done();
      return done;
    },
    text: ({ packs, bytes, left }) =>
      `${packs} packs rewritten, ${megabytes(bytes)}${left === 0 ? '' : `; ${left} packs are in use or lack their key, and stay`}`,
  });
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(0)} %`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}
