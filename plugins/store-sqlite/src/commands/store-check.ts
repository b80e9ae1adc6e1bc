/** `store check`: databases, references, quota use and indexes. `store maintain`: the background work, now. */
import { type Command, CommandError, defineCommand } from '@angarium/sdk';
import type { StoreEngine } from '../engine.js';
import type { Maintenance, MaintenanceReport } from '../maintenance/maintenance.js';
import { formatMailboxName } from './names.js';
import { reportPartitions } from './partitions.js';

interface Checked {
  readonly databases: number;
  readonly shards: number;
  readonly mailboxes: number;
  readonly messages: number;
  readonly faults: readonly string[];
  /** Faults that could be put right: a lost partition cannot. */
  readonly repaired: number;
  readonly isRepaired: boolean;
}

export function storeCheck(engine: () => StoreEngine, maintenance: () => Maintenance): Command {
  return defineCommand<Checked>({
    name: 'store check',
    summary: 'check databases, reference counts, quota use and indexes',
    options: [{ flags: '--repair', summary: 'put right what can be' }],
    run: async ({ options, signal, progress }) => {
      const isDry = options.repair !== true;
      const { shards, writer, list, catalogue } = engine();
      const faults: string[] = [];
      const unserved = (await reportPartitions(engine())).filter(({ problem }) => problem !== undefined);
      const databases = [list.connection, ...shards.map((shard) => shard.db)];
      const ofDatabases = progress('databases', databases.length);
      for (const db of databases) {
        signal.throwIfAborted();
        for (const { integrity_check: text } of db.pragma('integrity_check(20)') as {
          integrity_check: string;
        }[]) {
          if (text !== 'ok') faults.push(`${db.name}: ${text}`);
        }
        ofDatabases.advance(1);
        // The bar is seen between two of them.
        await new Promise((resolve) => setImmediate(resolve));
      }
      ofDatabases.done();
      if (faults.length > 0)
        throw new CommandError(`${faults.join('\n')}\nrestore the file, or see reconstruct --from-packs`);
      for (const { problem, mailboxes } of unserved) faults.push(`${problem} (${mailboxes} mailboxes)`);
      if (!isDry) await maintenance().recover();
      const all = catalogue.listed({});
      const bar = progress('mailboxes', all.length);
      let messages = 0;
      for (const { entry, ref } of all) {
        signal.throwIfAborted();
        const report = await writer.run('reconstruct', { ref, isFull: false, isDry });
        messages += report.messages;
        faults.push(...report.faults.map((fault) => `${formatMailboxName(entry.name)}: ${fault}`));
        bar.advance(1);
      }
      bar.done();
      const ofShards = progress('references and use, shards', shards.length);
      for (let shard = 0; shard < shards.length; shard++) {
        signal.throwIfAborted();
        faults.push(...(await checkShard(engine(), shard, isDry)));
        ofShards.advance(1);
      }
      ofShards.done();
      const repaired = faults.length - unserved.length;
      const counts = { databases: databases.length, shards: shards.length };
      return { ...counts, mailboxes: all.length, messages, faults, repaired, isRepaired: !isDry };
    },
    text: ({ mailboxes, messages, faults, repaired, isRepaired }) =>
      [
        ...faults,
        `${mailboxes} mailboxes, ${messages} messages: ${
          faults.length === 0
            ? 'nothing wrong'
            : `${faults.length} faults${isRepaired ? `, ${repaired} put right` : ''}`
        }`,
      ].join('\n'),
  });
}

async function checkShard({ writer }: StoreEngine, shard: number, isDry: boolean): Promise<string[]> {
  const { wrongRefs, orphans, missing } = await writer.run('repairBlobs', { shard, isDry });
  const roots = await writer.run('repairUsage', { shard, isDry });
  return [
    ...(wrongRefs > 0 ? [`shard ${shard}: ${wrongRefs} bodies with a wrong number of references`] : []),
    ...(orphans > 0 ? [`shard ${shard}: ${orphans} bodies that no message has`] : []),
    ...(missing > 0 ? [`shard ${shard}: ${missing} messages without a body`] : []),
    ...(roots.length > 0 ? [`shard ${shard}: ${roots.length} quota roots with a wrong use`] : []),
  ];
}

export function storeMaintain(maintenance: () => Maintenance): Command {
  return defineCommand<MaintenanceReport>({
    name: 'store maintain',
    summary: 'do the background work now: purge what the delays have run out for, rewrite sparse packs',
    run: () => maintenance().run(),
    text: ({ messages, bytes, mailboxes, packsRewritten, packsRemoved }) =>
      `purged ${messages} messages (${bytes} octets) and ${mailboxes} mailboxes; ` +
      `rewrote ${packsRewritten} packs, removed ${packsRemoved}`,
  });
}
