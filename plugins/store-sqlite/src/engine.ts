/** The embedded store of one process, composed. Independent of the kernel, so that tests and tools construct it as it is. */
import { join } from 'node:path';
import type {
  AppendOutcome,
  AppendTarget,
  Clock,
  HookBus,
  Logger,
  Mailbox,
  MailboxId,
  MailboxStatus,
  MailStore,
  MessageBus,
  Origin,
  QuotaUsage,
  StagedMessage,
  StageOptions,
  UsageLimit,
  UserId,
} from '@angarium/sdk';
import { MailError, NumberSet } from '@angarium/sdk';
import { StoreCatalogue } from './catalogue.js';
import type { StoreSettings } from './config.js';
import { errorToValue, nonexistent, valueToError } from './errors.js';
import { StoreFeed } from './feed.js';
import { StoreHooks } from './hooks.js';
import { type KnownPartition, type PreparedFolder, prepareFolder } from './layout.js';
import { type MailboxContext, privateViewer, StoreMailbox } from './mailbox.js';
import { decodeColumns, lowerBound } from './model/chunk.js';
import { flatten } from './model/ids.js';
import { PackReader, Spool } from './packs/index.js';
import { PartitionPicker, partitionProblem } from './partitions.js';
import { ListCache, type Listed } from './reading/list-cache.js';
import { type MailboxHeadRow, ShardReader } from './reading/shard-reader.js';
import { SnapshotCache } from './reading/snapshots.js';
import { StoreRecords } from './records.js';
import type { Db } from './sql/open.js';
import { isStageable, Stager } from './staging.js';
import type { AppendPart, AppendResult, Change, MessageSource, ThreadSettings } from './thread/protocol.js';
import { MailboxRowState } from './thread/shard.js';
import { type StoreWriter, ThreadWriter } from './writer-client.js';

export interface EngineOptions {
  readonly settings: StoreSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly hooks: HookBus;
  readonly bus?: MessageBus;
  /** Tests write in their own thread through it. */
  readonly makeWriter?: (
    settings: ThreadSettings,
    onChanges: (changes: readonly Change[]) => void,
  ) => StoreWriter;
}

/** Messages held in memory of all connections together; beyond, they are spooled to files. */
const STAGED_BYTES = 64 * 1024 * 1024;

export class StoreEngine implements MailStore {
  readonly catalogue: StoreCatalogue;
  readonly feed: StoreFeed;
  readonly records: StoreRecords;
  readonly list: ListCache;
  readonly writer: StoreWriter;
  readonly shards: readonly ShardReader[];
  private readonly snapshots: SnapshotCache;
  private readonly packReaders = new Map<number, PackReader>();
  private readonly hooks: StoreHooks;
  private readonly context: MailboxContext;

  private constructor(
    private readonly options: EngineOptions,
    readonly folder: PreparedFolder,
    private readonly stager: Stager,
  ) {
    const { settings, clock, log, hooks, bus } = options;
    const { paths, partitions } = folder;
    this.list = new ListCache(paths.listPath, partitions);
    this.shards = paths.shardPaths.map((path) => new ShardReader(path, log));
    this.snapshots = new SnapshotCache(settings.snapshotBytes);
    this.feed = new StoreFeed(bus, log, (change) => this.note(change));
    this.hooks = new StoreHooks(hooks, log);
    const threadSettings: ThreadSettings = { paths, partitions, packBytes: settings.packBytes };
    const publish = (changes: readonly Change[]) => this.feed.publish(changes);
    this.writer =
      options.makeWriter?.(threadSettings, publish) ??
      new ThreadWriter(threadSettings, settings.queueBytes, log, publish);
    this.catalogue = new StoreCatalogue({
      cache: this.list,
      writer: this.writer,
      clock,
      hooks,
      partitions,
      picker: new PartitionPicker(partitions, settings.choice),
      shards: this.shards.length,
      deleteDelayMs: settings.deleteDelayMs,
      tell: (change) => this.feed.publishCatalogue(change),
    });
    this.records = new StoreRecords({
      clock,
      writer: this.writer,
      shards: this.shards.length,
      reader: (shard): Db => (shard < 0 ? this.list.connection : this.shards[shard]!.db),
    });
    this.context = {
      list: this.list,
      snapshots: this.snapshots,
      writer: this.writer,
      clock,
      hooks: this.hooks,
      shard: (number) => this.shards[number]!,
      packs: (partition) => this.packs(partition),
    };
  }

  /** Checks and completes the data folder. @throws StoreFolderError with a sentence for the operator */
  static async open(options: EngineOptions): Promise<StoreEngine> {
    const folder = prepareFolder(options.settings);
    for (const problem of folder.problems) options.log.error('a partition is lost', { problem });
    const spool = await Spool.open({
      dir: folder.paths.spoolDir,
      memoryBytes: options.settings.spoolBytes,
      // What comes here is large, or there is no room left in memory.
      totalMemoryBytes: 0,
    });
    return new StoreEngine(options, folder, new Stager(spool, options.settings.spoolBytes, STAGED_BYTES));
  }

  async close(): Promise<void> {
    await this.writer.close();
    await this.stager.close();
    this.feed[Symbol.dispose]();
    for (const packs of this.packReaders.values()) await packs.close();
    this.list.close();
    for (const shard of this.shards) shard.close();
  }

  get settings(): StoreSettings {
    return this.options.settings;
  }

  get knownPartitions(): readonly KnownPartition[] {
    return this.folder.partitions;
  }

  get partitions(): readonly string[] {
    return this.folder.partitions.map(({ name }) => name);
  }

  mailbox(id: MailboxId, viewer?: UserId): Mailbox {
    return new StoreMailbox(this.context, id, viewer);
  }

  async status(ids: readonly MailboxId[], viewer?: UserId): Promise<readonly (MailboxStatus | undefined)[]> {
    return ids.map((id) => {
      const listed = this.list.byId(id);
      return listed === undefined ? undefined : this.statusOf(listed, viewer);
    });
  }

  stage(
    source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options: StageOptions,
  ): Promise<StagedMessage> {
    return this.stager.stage(source, options);
  }

  async append(targets: readonly AppendTarget[], origin?: Origin): Promise<readonly AppendOutcome[]> {
    const outcomes = [...(await this.tryAppend(targets, origin))];
    for (let tries = 1; outcomes.includes(undefined); tries++) {
      const again = targets.filter((_, i) => outcomes[i] === undefined);
      const results = tries < MAX_TRIES ? await this.tryAppend(again, origin) : again.map(() => movesAbout);
      let next = 0;
      outcomes.forEach((outcome, i) => {
        if (outcome === undefined) outcomes[i] = results[next++];
      });
    }
    return outcomes as AppendOutcome[];
  }

  /** Undefined: the mailbox came under another quota root meanwhile, whose limits must be asked for. */
  private async tryAppend(
    targets: readonly AppendTarget[],
    origin: Origin | undefined,
  ): Promise<readonly (AppendOutcome | undefined)[]> {
    const admitted = await Promise.all(targets.map((target) => this.admit(target, origin)));
    const messages = new MessageList();
    const parts: AppendPart[] = [];
    for (const one of admitted) if ('listed' in one) parts.push(toPart(one, messages));
    let results: readonly AppendResult[] = [];
    if (parts.length > 0) {
      const input = { messages: messages.sources, parts, nowMs: this.options.clock.now() };
      try {
        results = await this.writer.run('append', input, messages.heldBytes);
      } catch (error) {
        const value = errorToValue(error);
        results = parts.map(() => ({ error: value }));
      }
    }
    let next = 0;
    return admitted.map((one): AppendOutcome | undefined => {
      if (!('listed' in one)) return { ok: false, error: one.error };
      return this.outcome(one, results[next++]!, origin);
    });
  }

  async usage(quotaRoot: string): Promise<QuotaUsage> {
    let bytes = 0;
    let messages = 0;
    const { mailboxes, shards } = this.list.underRoot(quotaRoot);
    for (const number of shards ?? this.shards.keys()) {
      const usage = this.shards[number]!.usage(quotaRoot);
      bytes += usage?.[0] ?? 0;
      messages += usage?.[1] ?? 0;
    }
    return { bytes, messages, mailboxes };
  }

  async annotationUsage(quotaRoot: string): Promise<number> {
    return this.shards.reduce((sum, shard) => sum + shard.annotationUsage(quotaRoot), 0);
  }

  packs(partition: number): PackReader {
    let reader = this.packReaders.get(partition);
    if (reader === undefined) {
      const known = this.folder.partitions.find(({ id }) => id === partition);
      const packsDir = known?.packsDir ?? join(this.settings.dataDir, 'packs');
      reader = new PackReader({
        packsDir,
        ...(known === undefined ? {} : { codec: known.codec }),
        problemOf: () => (known === undefined ? undefined : partitionProblem(known.name, packsDir)),
      });
      this.packReaders.set(partition, reader);
    }
    return reader;
  }

  private note(change: Change): void {
    if (change.kind === 'deleted') this.snapshots.forget(change.mailbox);
    else this.snapshots.hint(change);
  }

  private statusOf(listed: Listed, viewer: UserId | undefined): MailboxStatus | undefined {
    const { id, uidValidity } = listed.entry;
    const reader = this.shards[listed.ref.shard]!;
    const head = reader.head(id);
    if (head !== undefined && head.state !== MailboxRowState.live) return undefined;
    const own = privateViewer(listed, viewer);
    const unseen =
      own === undefined ? (head?.unseen ?? 0) : this.snapshots.unseen(reader, id, uidValidity, own);
    return {
      messages: head?.exists ?? 0,
      recent: head === undefined ? 0 : countRecent(reader, head),
      unseen,
      deleted: head?.deleted ?? 0,
      deletedBytes: head?.deletedBytes ?? 0,
      bytes: head?.bytes ?? 0,
      uidNext: head?.uidNext ?? 1,
      uidValidity,
      highestModSeq: head?.highestModSeq ?? 1,
      lastAppendMs: head?.lastAppendMs ?? 0,
    };
  }

  /** The target after the taps of `message.appending`, or what refuses it. */
  private async admit(target: AppendTarget, origin: Origin | undefined): Promise<Admitted | Refused> {
    const listed = this.list.byId(target.mailbox);
    if (listed === undefined) return { error: nonexistent() };
    let limits: readonly UsageLimit[] = target.limits ?? [];
    const replaced = target.replaces && this.list.byId(target.replaces.mailbox);
    if (target.replaces !== undefined && replaced === undefined) return { error: nonexistent() };
    if (this.hooks.isAppendVetoable) {
      const { items } = target;
      const bytes = items.reduce((sum, { message }) => sum + message.size, 0);
      const batch = {
        mailbox: listed.entry,
        messages: items.length,
        bytes,
        items,
        source: undefined,
        limits,
        ...(target.ignoresQuota === true ? { ignoresQuota: true } : {}),
        origin,
      };
      try {
        limits = await this.hooks.appending(batch);
      } catch (error) {
        return { error: error instanceof Error ? error : new Error(String(error)) };
      }
    }
    if (target.replaces !== undefined && this.hooks.isExpungeVetoable) {
      try {
        await this.hooks.expunging(target.replaces.mailbox, target.replaces.uids, origin);
      } catch (error) {
        return { error: error instanceof Error ? error : new Error(String(error)) };
      }
    }
    return { listed, target, limits, replaced };
  }

  private outcome(
    { listed, target: { replaces } }: Admitted,
    result: AppendResult,
    origin: Origin | undefined,
  ): AppendOutcome | undefined {
    if ('isElsewhere' in result) return undefined;
    if ('error' in result) return { ok: false, error: valueToError(result.error) };
    if ('isRepeat' in result) {
      return {
        ok: false,
        isRepeat: true,
        error: new MailError('ALREADYEXISTS', 'The message is there already'),
      };
    }
    const { uids, modSeq, expungeModSeq } = result;
    if (this.hooks.isAppendObserved) {
      const filed = NumberSet.fromAscending(uids);
      this.hooks.appended({ mailbox: listed.entry, uids: filed, modSeq, source: undefined, origin });
    }
    const { uidValidity } = listed.entry;
    if (replaces === undefined || expungeModSeq === undefined) return { ok: true, uidValidity, uids, modSeq };
    const { mailbox, uids: gone } = replaces;
    this.hooks.expunged({ mailbox, uids: gone, modSeq: expungeModSeq, isMove: false, origin });
    return { ok: true, uidValidity, uids, modSeq, expungeModSeq };
  }
}

/** Of a mailbox that goes from one quota root to another all the time. */
const MAX_TRIES = 8;
const movesAbout: AppendOutcome = {
  ok: false,
  error: new MailError('UNAVAILABLE', 'The mailbox is being moved'),
};

function countRecent(reader: ShardReader, { id, recentFrom, uidNext }: MailboxHeadRow): number {
  if (recentFrom >= uidNext) return 0;
  let count = 0;
  for (const bytes of reader.chunksFrom(id, recentFrom)) {
    const { uids } = decodeColumns(bytes);
    count += uids.length - lowerBound(uids, recentFrom);
  }
  return count;
}

interface Admitted {
  readonly listed: Listed;
  readonly target: AppendTarget;
  readonly limits: readonly UsageLimit[];
  /** The mailbox that `target.replaces` names. */
  readonly replaced: Listed | undefined;
}

interface Refused {
  readonly error: Error;
}

/** Each message once, however many targets it has. */
class MessageList {
  readonly sources: MessageSource[] = [];
  heldBytes = 0;
  private readonly places = new Map<StagedMessage, number>();

  add(message: StagedMessage): number {
    const known = this.places.get(message);
    if (known !== undefined) return known;
    if (!isStageable(message)) throw new TypeError('a message was staged by another store');
    const place = this.sources.push(message.source) - 1;
    this.heldBytes += message.heldBytes;
    this.places.set(message, place);
    return place;
  }
}

function toPart({ listed, target, limits, replaced }: Admitted, messages: MessageList): AppendPart {
  return {
    replaces: replaced && { ref: replaced.ref, uids: flatten(target.replaces?.uids ?? NumberSet.empty) },
    ref: listed.ref,
    viewer: privateViewer(listed, target.viewer),
    limits,
    once: target.once,
    rows: target.items.map(({ message, flags, internalDateMs, annotations, privateAnnotations }) => ({
      message: messages.add(message),
      flags: { system: flags.system, keywords: flags.keywords },
      internalDateMs,
      annotations: [
        ...annotationRows('', annotations),
        ...(target.viewer === undefined ? [] : annotationRows(target.viewer, privateAnnotations)),
      ],
    })),
  };
}

function annotationRows(
  user: string,
  annotations: ReadonlyMap<string, Uint8Array> = new Map(),
): [user: string, entry: string, value: Uint8Array][] {
  return [...annotations].map(([entry, value]) => [user, entry, value]);
}
