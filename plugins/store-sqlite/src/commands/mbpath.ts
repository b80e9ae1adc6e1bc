/** `mbpath`: the files that hold a mailbox or a user's mail. */
import { type Command, defineCommand } from '@angarium/sdk';
import type { StoreEngine } from '../engine.js';
import { MAX_UID, rowOf } from '../model/ids.js';
import { packPath } from '../packs/index.js';
import type { Listed } from '../reading/list-cache.js';
import { raw } from '../sql/statements.js';
import { findMailboxes } from './find.js';
import { formatMailboxName } from './names.js';

interface MailboxPaths {
  readonly mailbox: string;
  readonly id: string;
  readonly index: string;
  readonly partition: string;
  /** Those that hold bodies of its messages, expunged ones that are still kept included. */
  readonly packs: readonly { readonly path: string; readonly messages: number; readonly sizeBytes: number }[];
}

export function mbpath(engine: () => StoreEngine): Command {
  return defineCommand<readonly MailboxPaths[]>({
    name: 'mbpath',
    summary: 'show which files hold a mailbox, or all mail of a user',
    arguments: [
      { name: '<name>', summary: 'a mailbox (user.fred.Sent, user/fred/Sent), or a user (fred, fred@dom)' },
    ],
    run: async ({ args }) =>
      findMailboxes(engine(), String(args[0])).map((listed) => pathsOf(engine(), listed)),
    text: (all) => all.map(toText).join('\n'),
  });
}

function pathsOf(engine: StoreEngine, { entry, ref }: Listed): MailboxPaths {
  const reader = engine.shards[ref.shard]!;
  const head = reader.head(entry.id);
  const partition = engine.knownPartitions.find(({ id }) => id === (head?.partition ?? ref.partition));
  const rows =
    head === undefined
      ? []
      : (raw(
          reader.db,
          `SELECT blob.pack, count(*), sum(blob.len) FROM cold JOIN blob ON blob.part = ? AND blob.guid = cold.guid
           WHERE cold.id BETWEEN ? AND ? GROUP BY blob.pack ORDER BY blob.pack`,
        ).all(head.partition, rowOf(head.id, 0), rowOf(head.id, MAX_UID)) as [number, number, number][]);
  return {
    mailbox: formatMailboxName(entry.name),
    id: entry.id,
    index: engine.folder.paths.shardPaths[ref.shard]!,
    partition: partition?.name ?? '',
    packs: rows.map(([pack, messages, sizeBytes]) => ({
      path: partition === undefined ? '' : packPath(partition.packsDir, pack),
      messages,
      sizeBytes,
    })),
  };
}

function toText({ mailbox, index, packs }: MailboxPaths): string {
  const lines = packs.map(
    ({ path, messages, sizeBytes }) => `  ${path}  ${messages} messages, ${sizeBytes} octets`,
  );
  return [`${mailbox}`, `  ${index}`, ...lines].join('\n');
}
