/** `mbexamine`: what the store knows of a mailbox or one message, and where its octets lie. */
import { type Command, CommandError, defineCommand, SummaryView, systemFlagNames } from '@angarium/sdk';
import type { StoreEngine } from '../engine.js';
import { type Columns, decodeColumns, lowerBound } from '../model/chunk.js';
import { rowOf, uidOfRow } from '../model/ids.js';
import { packPath } from '../packs/index.js';
import type { Listed } from '../reading/list-cache.js';
import { namesOf } from '../thread/keywords.js';
import { findMailbox } from './find.js';
import { formatMailboxName } from './names.js';

interface MessagePlace {
  readonly uid: number;
  readonly guid: string;
  readonly sizeBytes: number;
  readonly internalDate: string;
  readonly saveDate: string;
  readonly modSeq: number;
  readonly flags: readonly string[];
  readonly shard: string;
  readonly chunkRow: number;
  readonly coldRow: number;
  readonly partition: string;
  readonly pack: string;
  readonly offset: number;
  readonly envelope: string;
}

interface Examined {
  readonly mailbox: string;
  readonly id: string;
  readonly shard: string;
  readonly row: number | undefined;
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly highestModSeq: number;
  readonly messages: number;
  readonly unseen: number;
  readonly deleted: number;
  readonly sizeBytes: number;
  readonly recentFrom: number;
  readonly partition: string;
  readonly quotaRoot: string | undefined;
  readonly keywords: readonly string[];
  readonly chunks: number;
  readonly records: readonly MessagePlace[];
  /** With -q and -c: what does not fit together, a line each. */
  readonly faults?: readonly string[];
}

/** Messages shown when no UID is given. */
const MAX_RECORDS = 1000;

export function mbexamine(engine: () => StoreEngine): Command {
  return defineCommand<Examined>({
    name: 'mbexamine',
    summary: 'show what the index says of a mailbox or a message, and where it lies',
    arguments: [
      { name: '<mailbox>', summary: 'user.fred.Sent, user/fred/Sent, a shared name; @domain at the end' },
      { name: '[uid]', summary: `one message; without it the first ${MAX_RECORDS}` },
    ],
    options: [
      { flags: '-u, --uid <uid>', summary: 'one message, by UID' },
      { flags: '-s, --sequence <number>', summary: 'one message, by sequence number' },
      { flags: '-q, --quota', summary: 'compare counters and quota use with the messages that are there' },
      { flags: '-c, --compare', summary: 'compare the index with every stored message' },
    ],
    run: async ({ args, options }) => {
      const listed = findMailbox(engine(), String(args[0]));
      const uid = numberOf(args[1] ?? options['uid'], 'UID') ?? uidAt(engine(), listed, options['sequence']);
      const examined = examine(engine(), listed, uid);
      if (options['quota'] !== true && options['compare'] !== true) return examined;
      const input = { ref: listed.ref, isFull: options['compare'] === true, isDry: true };
      const { faults } = await engine().writer.run('reconstruct', input);
      return { ...examined, records: [], faults };
    },
    text: toText,
  });
}

/** @throws CommandError for what is no number from 1 on */
function numberOf(text: unknown, what: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new CommandError(`"${String(text)}" is no ${what}`, 2);
  return value;
}

/** @throws CommandError when there are not so many messages */
function uidAt(engine: StoreEngine, { entry, ref }: Listed, text: unknown): number | undefined {
  const wanted = numberOf(text, 'sequence number');
  if (wanted === undefined) return undefined;
  const reader = engine.shards[ref.shard]!;
  const head = reader.head(entry.id);
  let before = 0;
  for (const [row] of head === undefined ? [] : reader.chunkHeads(head.id)) {
    const bytes = reader.chunk(row);
    const { uids, count } = bytes === undefined ? { uids: undefined, count: 0 } : decodeColumns(bytes);
    if (uids !== undefined && wanted <= before + count) return uids[wanted - before - 1]!;
    before += count;
  }
  throw new CommandError(`there are ${before} messages`);
}

function examine(engine: StoreEngine, listed: Listed, uid: number | undefined): Examined {
  const { entry, ref } = listed;
  const reader = engine.shards[ref.shard]!;
  const head = reader.head(entry.id);
  const shard = engine.folder.paths.shardPaths[ref.shard]!;
  const names = head === undefined ? [] : (JSON.parse(head.keywords) as string[]);
  const chunks = head === undefined ? [] : reader.chunkHeads(head.id);
  return {
    mailbox: formatMailboxName(entry.name),
    id: entry.id,
    shard,
    row: head?.id,
    uidValidity: entry.uidValidity,
    uidNext: head?.uidNext ?? 1,
    highestModSeq: head?.highestModSeq ?? 1,
    messages: head?.exists ?? 0,
    unseen: head?.unseen ?? 0,
    deleted: head?.deleted ?? 0,
    sizeBytes: head?.bytes ?? 0,
    recentFrom: head?.recentFrom ?? 1,
    partition: entry.partition,
    quotaRoot: entry.quotaRoot,
    keywords: names,
    chunks: chunks.length,
    records: head === undefined ? [] : records(engine, listed, head.id, chunks, uid),
  };
}

function records(
  engine: StoreEngine,
  listed: Listed,
  mailboxNumber: number,
  chunks: readonly (readonly [id: number, modSeq: number])[],
  uid: number | undefined,
): MessagePlace[] {
  const reader = engine.shards[listed.ref.shard]!;
  const found: MessagePlace[] = [];
  const wanted = uid === undefined ? chunks : chunks.filter(([id]) => uidOfRow(id) <= uid).slice(-1);
  for (const [chunkRow] of wanted) {
    const bytes = reader.chunk(chunkRow);
    if (bytes !== undefined) {
      const columns = decodeColumns(bytes);
      const from = uid === undefined ? 0 : lowerBound(columns.uids, uid);
      const to = uid === undefined ? columns.count : Math.min(columns.count, from + 1);
      for (let i = from; i < to && found.length < MAX_RECORDS; i++) {
        if (uid === undefined || columns.uids[i] === uid)
          found.push(record(engine, listed, mailboxNumber, chunkRow, columns, i));
      }
    }
  }
  return found;
}

function record(
  engine: StoreEngine,
  { entry, ref }: Listed,
  mailboxNumber: number,
  chunkRow: number,
  columns: Columns,
  at: number,
): MessagePlace {
  const reader = engine.shards[ref.shard]!;
  const uid = columns.uids[at]!;
  const head = reader.head(entry.id);
  const names = JSON.parse(head?.keywords ?? '[]') as string[];
  const partition = engine.knownPartitions.find(({ id }) => id === head?.partition);
  const body = reader.body(mailboxNumber, uid, partition?.id ?? ref.partition);
  const cold = reader.coldBytes(mailboxNumber, uid);
  const view = cold === undefined ? undefined : new SummaryView(cold);
  return {
    uid,
    guid: body?.guid.toString('hex') ?? '',
    sizeBytes: columns.sizes[at]!,
    internalDate: new Date(columns.dates[at]! * 1000).toISOString(),
    saveDate: view === undefined ? '' : new Date(view.saveDateMs).toISOString(),
    modSeq: columns.modseqs[at]!,
    flags: [
      ...systemFlagNames.filter(([bit]) => (columns.flags[at]! & bit) !== 0).map(([, name]) => name),
      ...namesOf(names, columns.keywords, at),
    ],
    shard: engine.folder.paths.shardPaths[ref.shard]!,
    chunkRow,
    coldRow: rowOf(mailboxNumber, uid),
    partition: partition?.name ?? '',
    pack: body === undefined || partition === undefined ? '' : packPath(partition.packsDir, body.ref.pack),
    offset: body?.ref.offset ?? 0,
    envelope: view?.envelope() ?? '',
  };
}

function toText(result: Examined): string {
  const { records: list, faults, ...facts } = result;
  if (faults !== undefined)
    return [`${facts.mailbox}:`, ...(faults.length > 0 ? faults : ['nothing wrong'])].join('\n');
  const head = Object.entries(facts).map(
    ([name, value]) => `${name}: ${Array.isArray(value) ? value.join(' ') : String(value ?? '')}`,
  );
  const lines = list.flatMap((record) => [
    '',
    ...Object.entries(record).map(
      ([name, value]) => `  ${name}: ${Array.isArray(value) ? value.join(' ') : String(value)}`,
    ),
  ]);
  return [...head, ...lines].join('\n');
}
