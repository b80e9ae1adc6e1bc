/** `mbpath`: the files that hold a mailbox or a user's mail. */
import { type Command, CommandError, defineCommand, type UserId } from '@angarium/sdk';
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
  return defineCommand<Paths>({
    name: 'mbpath',
    summary: 'show which files hold a mailbox, or all mail of a user',
    arguments: [
      { name: '<name...>', summary: 'mailboxes (user.fred.Sent, user/fred/Sent), or users (fred, fred@dom)' },
    ],
    options: [
      { flags: '-u, --users', summary: 'the names are users' },
      { flags: '-D, --messages', summary: 'only where the messages are: a path a line' },
      { flags: '-M, --metadata', summary: 'only where the index is: a path a line' },
      { flags: '-q, --quiet', summary: 'say nothing of names that are none' },
      { flags: '-s, --stop', summary: 'stop at the first name that is none' },
    ],
    run: async ({ args, options, note }) => {
      const mailboxes: MailboxPaths[] = [];
      const missing: string[] = [];
      for (const name of [args[0] ?? []].flat()) {
        try {
          const found =
            options['users'] === true ? mailboxesOf(engine(), name) : findMailboxes(engine(), name);
          mailboxes.push(...found.map((listed) => pathsOf(engine(), listed)));
        } catch (error) {
          if (!(error instanceof CommandError)) throw error;
          if (options['quiet'] !== true) missing.push(error.message);
          if (options['stop'] === true) break;
        }
      }
      if (mailboxes.length === 0) throw new CommandError(missing.join('\n'));
      for (const text of missing) note(text);
      const only =
        options['messages'] === true ? 'data' : options['metadata'] === true ? 'metadata' : undefined;
      return { mailboxes, only };
    },
    text: ({ mailboxes, only }) => mailboxes.map((each) => toText(each, only)).join('\n'),
  });
}

interface Paths {
  readonly mailboxes: readonly MailboxPaths[];
  /** What alone is printed. */
  readonly only: 'data' | 'metadata' | undefined;
}

function mailboxesOf(engine: StoreEngine, user: string): readonly Listed[] {
  const found = engine.catalogue.listed({ owner: user as UserId });
  if (found.length === 0) throw new CommandError(`user "${user}" has no mailboxes`);
  return found;
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

function toText({ mailbox, index, packs }: MailboxPaths, only: Paths['only']): string {
  if (only === 'metadata') return index;
  if (only === 'data') return packs.map(({ path }) => path).join('\n');
  const lines = packs.map(
    ({ path, messages, sizeBytes }) => `  ${path}  ${messages} messages, ${sizeBytes} octets`,
  );
  return [`${mailbox}`, `  ${index}`, ...lines].join('\n');
}
