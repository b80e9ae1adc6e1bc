/** What the operations of the store thread share: queues of all databases, packs of all partitions, the journal. */
import { join } from 'node:path';
import type { Logger } from '@angarium/sdk';
import { notAvailable } from '../errors.js';
import type { KnownPartition } from '../layout.js';
import { nodeFs } from '../packs/fs.js';
import type { JournalEntry, PackCodec, PackFs, PackIncident } from '../packs/index.js';
import { PackReader, PackWriter } from '../packs/index.js';
import { partitionProblem } from '../partitions.js';
import { openWriter } from '../sql/open.js';
import type { Change, ThreadCounts, ThreadSettings } from './protocol.js';
import { CommitQueue } from './queue.js';
import { RootLock } from './root-lock.js';
import { QuotaRoots } from './roots.js';
import { ShardWriter } from './shard.js';
import { DiskCalls } from './sync.js';

/** How long and how many journal entries wait for company. */
const JOURNAL_DELAY_MS = 10;
const JOURNAL_ENTRIES = 256;
/** About sixty small messages one at a time: what is written twice is less than what the file system's journal would be. */
const PACK_ROOM_BYTES = 256 * 1024;

/** The part of Logger that crosses the thread border. */
export type ThreadLog = (level: 'warn' | 'error', text: string, error: unknown) => void;

export interface ContextOptions {
  readonly settings: ThreadSettings;
  readonly log: ThreadLog;
  /** Where changes go after their commit. */
  readonly tell: (change: Change) => void;
  /** Tests fail file-system calls through it. */
  readonly packFs?: PackFs;
}

export interface ShardQueue {
  readonly queue: CommitQueue;
  readonly shard: ShardWriter;
}

interface PartitionPacks {
  writer: Promise<PackWriter> | undefined;
  reader: PackReader | undefined;
}

export class WriteContext {
  readonly list: CommitQueue;
  readonly shards: readonly ShardQueue[];
  readonly roots: QuotaRoots;
  private readonly rootLock: RootLock;
  readonly tell: (change: Change) => void;
  readonly log: ThreadLog;
  /** Mailboxes that this process is moving to another partition. */
  readonly moving = new Set<string>();
  private readonly packs = new Map<number, PartitionPacks>();
  /** Journal entries that wait for company, by partition. */
  private readonly unwritten = new Map<number, JournalEntry[]>();
  private journalTimer: NodeJS.Timeout | undefined;
  private readonly writeFs: PackFs;

  /** @param isAlone at most one operation is running. */
  constructor(
    private readonly options: ContextOptions,
    isAlone: () => boolean,
  ) {
    const { paths } = options.settings;
    const disk = new DiskCalls(isAlone);
    this.writeFs = options.packFs ?? disk.packFs(nodeFs);
    this.tell = options.tell;
    this.log = options.log;
    this.list = new CommitQueue(openWriter(paths.listPath), disk.sync);
    this.shards = paths.shardPaths.map((path, number) => {
      const db = openWriter(path);
      return { queue: new CommitQueue(db, disk.sync), shard: new ShardWriter(number, db) };
    });
    this.rootLock = new RootLock(join(paths.metaDir, 'quota.lock'));
    this.roots = new QuotaRoots(this.list, this.shards, this.rootLock);
  }

  get partitions(): readonly KnownPartition[] {
    return this.options.settings.partitions;
  }

  get packFs(): PackFs | undefined {
    return this.options.packFs;
  }

  shard(number: number): ShardQueue {
    const found = this.shards[number];
    if (found === undefined) throw new RangeError(`no shard ${number}`);
    return found;
  }

  /** One database's queue: a shard's, or the list's for -1. */
  queue(number: number): CommitQueue {
    return number < 0 ? this.list : this.shard(number).queue;
  }

  private partition(partition: number): KnownPartition {
    const found = this.partitions.find(({ id }) => id === partition);
    if (found === undefined) throw new RangeError(`no partition ${partition}`);
    return found;
  }

  packsDir(partition: number): string {
    return this.partition(partition).packsDir;
  }

  codecOf(partition: number): PackCodec {
    return this.partition(partition).codec;
  }

  /** What is wrong with the partition, for the log; undefined when it is there. */
  problemOf(partition: number): string | undefined {
    const { name, packsDir } = this.partition(partition);
    return partitionProblem(name, packsDir);
  }

  /** Opened at first use. A failed opening is tried again by the next caller. @throws MailError when the partition is lost */
  packWriter(partition: number): Promise<PackWriter> {
    const packs = this.packsOf(partition);
    packs.writer ??= this.openWriter(partition).catch((error: unknown) => {
      packs.writer = undefined;
      throw error;
    });
    return packs.writer;
  }

  private async openWriter(partition: number): Promise<PackWriter> {
    // Where a disk is not mounted its folder may be there, empty.
    const problem = this.problemOf(partition);
    if (problem !== undefined) throw notAvailable(problem);
    return await PackWriter.open({
      packsDir: this.packsDir(partition),
      rollBytes: this.options.settings.packBytes,
      roomBytes: PACK_ROOM_BYTES,
      codec: this.codecOf(partition),
      onIncident: (incident) => this.report(incident),
      fs: this.writeFs,
    });
  }

  packReader(partition: number): PackReader {
    const packs = this.packsOf(partition);
    packs.reader ??= new PackReader({
      packsDir: this.packsDir(partition),
      problemOf: () => this.problemOf(partition),
      codec: this.codecOf(partition),
      ...(this.packFs === undefined ? {} : { fs: this.packFs }),
    });
    return packs.reader;
  }

  /** Notes what was committed, beside the bodies. Never fails an operation: what it serves is the rebuild. */
  journal(partition: number, entries: readonly JournalEntry[]): void {
    const waiting = this.unwritten.get(partition);
    if (waiting === undefined) this.unwritten.set(partition, [...entries]);
    else for (const entry of entries) waiting.push(entry);
    // Entries share a record, and often the write of the next message: they have no sync of their own to wait for.
    this.journalTimer ??= setTimeout(() => {
      this.journalTimer = undefined;
      for (const id of [...this.unwritten.keys()]) void this.writeJournal(id);
    }, JOURNAL_DELAY_MS);
    if ((waiting?.length ?? 0) >= JOURNAL_ENTRIES) void this.writeJournal(partition);
  }

  /** Hands what waits to the pack writer, which writes it with the next message. */
  async writeJournal(partition: number): Promise<void> {
    const entries = this.unwritten.get(partition);
    if (entries === undefined) return;
    this.unwritten.delete(partition);
    try {
      (await this.packWriter(partition)).journal(entries);
    } catch (error) {
      this.log('warn', 'journal entries were not written', error);
    }
  }

  /** Everything noted until now is on disk when it resolves. Partitions that nobody wrote to are left alone. */
  async flushPacks(): Promise<void> {
    for (const { id } of this.partitions) {
      await this.writeJournal(id);
      await (await this.packs.get(id)?.writer)?.flush();
    }
  }

  counts(): ThreadCounts {
    const queues = [this.list, ...this.shards.map(({ queue }) => queue)];
    const sum = (pick: (queue: CommitQueue) => number) =>
      queues.reduce((total, queue) => total + pick(queue), 0);
    return {
      commits: sum((queue) => queue.commits),
      jobs: sum((queue) => queue.jobsDone),
      busyRetries: sum((queue) => queue.busyRetries),
    };
  }

  async close(): Promise<void> {
    clearTimeout(this.journalTimer);
    for (const partition of [...this.unwritten.keys()]) await this.writeJournal(partition);
    for (const { writer, reader } of this.packs.values()) {
      await writer
        ?.then((open) => open.close())
        .catch((error: unknown) => this.log('warn', 'closing packs failed', error));
      await reader?.close();
    }
    for (const queue of [this.list, ...this.shards.map(({ queue: one }) => one)]) queue.close();
    this.rootLock.close();
  }

  private packsOf(partition: number): PartitionPacks {
    let packs = this.packs.get(partition);
    if (packs === undefined) {
      packs = { writer: undefined, reader: undefined };
      this.packs.set(partition, packs);
    }
    return packs;
  }

  private report({ kind, pack, error }: PackIncident): void {
    this.log(kind === 'journal-lost' ? 'warn' : 'error', `pack ${pack ?? '(none)'}: ${kind}`, error);
  }
}

/** A ThreadLog of a Logger. */
export function threadLog(log: Logger): ThreadLog {
  return (level, text, err) => log[level](text, { err });
}
