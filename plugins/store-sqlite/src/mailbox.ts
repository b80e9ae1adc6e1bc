/** One mailbox for one viewer: reads on this thread, writes through the store thread. */
import type {
  Clock,
  ContentPiece,
  ContentRequest,
  Copied,
  CopyOptions,
  ExpungedMessage,
  FlagChange,
  FlagUpdate,
  Mailbox,
  MailboxId,
  MailboxSnapshot,
  Origin,
  StoredMessage,
  SummaryBatch,
  UpdateOptions,
  UsageLimit,
  UserId,
} from '@angarium/sdk';
import { NumberSet, ownerOf } from '@angarium/sdk';
import { openMessage, readContents } from './contents.js';
import { nonexistent, toMailError } from './errors.js';
import type { StoreHooks } from './hooks.js';
import { decodeColumns } from './model/chunk.js';
import { flatten, parseUidText, uidOfRow, unflatten } from './model/ids.js';
import type { PackReader } from './packs/index.js';
import type { ListCache, Listed } from './reading/list-cache.js';
import type { MailboxHeadRow, ShardReader } from './reading/shard-reader.js';
import type { SnapshotCache } from './reading/snapshots.js';
import { summaryBatches } from './reading/summary-batches.js';
import { namesOf } from './thread/keywords.js';
import type { CopyResult } from './thread/protocol.js';
import { MailboxRowState } from './thread/shard.js';
import type { StoreWriter } from './writer-client.js';

/** What all mailboxes of a store share. */
export interface MailboxContext {
  readonly list: ListCache;
  readonly snapshots: SnapshotCache;
  readonly writer: StoreWriter;
  readonly clock: Clock;
  readonly hooks: StoreHooks;
  shard(number: number): ShardReader;
  packs(partition: number): PackReader;
}

/** Whose own \Seen counts here; undefined where one is everybody's. */
export function privateViewer({ entry }: Listed, viewer: UserId | undefined): UserId | undefined {
  return viewer === undefined || entry.sharedSeen || ownerOf(entry.name) === viewer ? undefined : viewer;
}

export class StoreMailbox implements Mailbox {
  constructor(
    private readonly context: MailboxContext,
    readonly id: MailboxId,
    private readonly viewer: UserId | undefined,
  ) {}

  async snapshot(): Promise<MailboxSnapshot> {
    return this.current();
  }

  async claimRecent(): Promise<number> {
    const { ref } = this.listed();
    const head = this.head();
    if (head === undefined || head.recentFrom === head.uidNext) return head?.recentFrom ?? 1;
    return await this.context.writer.run('claimRecent', { ref });
  }

  async recentFrom(): Promise<number> {
    return this.head()?.recentFrom ?? 1;
  }

  async vanishedSince(modSeq: number, within?: NumberSet): Promise<{ uids: NumberSet; complete: boolean }> {
    const head = this.head();
    if (head === undefined) return { uids: NumberSet.empty, complete: true };
    const rows = this.reader().vanished(head.id, modSeq);
    const uids = NumberSet.fromRanges(rows.flatMap((text) => [...parseUidText(text).ranges()]));
    return {
      uids: within === undefined ? uids : uids.intersect(within),
      complete: modSeq >= head.vanishedFrom,
    };
  }

  async *summaries(uids: NumberSet): AsyncGenerator<SummaryBatch> {
    const head = this.head();
    if (head === undefined) return;
    // Readers look for one batch at a time, and let others go on in between.
    yield* summaryBatches(this.reader(), head.id, uids);
  }

  async open(uid: number): Promise<StoredMessage> {
    this.listed();
    return openMessage(this.bodies(), uid);
  }

  contents(requests: readonly ContentRequest[]): AsyncIterable<ContentPiece> {
    return readContents(this.bodies(), requests);
  }

  async updateFlags(uids: NumberSet, change: FlagChange, options: UpdateOptions = {}): Promise<FlagUpdate> {
    const listed = this.listed();
    const viewer = privateViewer(listed, this.viewer);
    const { unchangedSince, origin } = options;
    const ranges = flatten(uids);
    const input = { ref: listed.ref, uids: ranges, change, unchangedSince, viewer };
    const result = await this.context.writer.run('flags', input, ranges.length * 8);
    const changed = unflatten(result.changed);
    const { modSeq } = result;
    if (!changed.isEmpty)
      this.context.hooks.flagged({ mailbox: this.id, uids: changed, change, modSeq, origin });
    return { changed, modified: unflatten(result.modified), modSeq };
  }

  async expunge(
    uids: NumberSet,
    { onlyDeleted, origin }: { readonly onlyDeleted: boolean; readonly origin?: Origin },
  ): Promise<{ uids: NumberSet; modSeq: number }> {
    const { ref } = this.listed();
    const { hooks, writer, clock } = this.context;
    if (hooks.isExpungeVetoable) await hooks.expunging(this.id, this.candidates(uids, onlyDeleted), origin);
    const ranges = flatten(uids);
    const input = { ref, uids: ranges, onlyDeleted, nowMs: clock.now() };
    const result = await writer.run('expunge', input, ranges.length * 8);
    const gone = unflatten(result.uids);
    const { modSeq } = result;
    if (!gone.isEmpty) hooks.expunged({ mailbox: this.id, uids: gone, modSeq, isMove: false, origin });
    return { uids: gone, modSeq };
  }

  async copyTo(uids: NumberSet, to: MailboxId, options: CopyOptions = {}): Promise<Copied> {
    const target = this.context.list.byId(to);
    if (target === undefined) throw nonexistent();
    const { source, target: uidsThere, modSeq } = await this.transfer(uids, target, options, false);
    return { uidValidity: target.entry.uidValidity, source, target: uidsThere, modSeq };
  }

  async moveTo(
    uids: NumberSet,
    to: MailboxId,
    options: CopyOptions = {},
  ): Promise<Copied & { expungeModSeq: number }> {
    const target = this.context.list.byId(to);
    if (target === undefined) throw nonexistent();
    const { hooks } = this.context;
    if (hooks.isExpungeVetoable) await hooks.expunging(this.id, this.candidates(uids, false), options.origin);
    const result = await this.transfer(uids, target, options, true);
    const { source, target: uidsThere, modSeq, expungeModSeq } = result;
    if (source.length > 0) {
      const gone = NumberSet.fromAscending(source);
      hooks.expunged({
        mailbox: this.id,
        uids: gone,
        modSeq: expungeModSeq,
        isMove: true,
        origin: options.origin,
      });
    }
    return { uidValidity: target.entry.uidValidity, source, target: uidsThere, modSeq, expungeModSeq };
  }

  async annotations(
    uids: NumberSet,
    user: UserId | undefined,
  ): Promise<ReadonlyMap<number, ReadonlyMap<string, Uint8Array>>> {
    const head = this.head();
    const result = new Map<number, Map<string, Uint8Array>>();
    if (head === undefined) return result;
    for (const [start, end] of uids.ranges()) {
      for (const [row, entry, value] of this.reader().annotations(head.id, start, end, user ?? '')) {
        const uid = uidOfRow(row);
        const entries = result.get(uid) ?? new Map<string, Uint8Array>();
        result.set(uid, entries.set(entry, value));
      }
    }
    return result;
  }

  async setAnnotations(
    uids: NumberSet,
    user: UserId | undefined,
    entries: ReadonlyMap<string, Uint8Array | undefined>,
    { unchangedSince, origin }: UpdateOptions = {},
  ): Promise<{ modSeq: number; modified: NumberSet }> {
    const listed = this.listed();
    const { ref, entry: mailbox } = listed;
    const batch = { mailbox, uids, user, entries, limits: [], origin };
    const limits = await this.context.hooks.annotating(batch);
    const viewer = privateViewer(listed, this.viewer);
    const input = { ref, uids: flatten(uids), user: user ?? '', entries, limits, unchangedSince, viewer };
    const { modSeq, modified } = await this.context.writer.run('annotate', input);
    return { modSeq, modified: unflatten(modified) };
  }

  async expunged(): Promise<readonly ExpungedMessage[]> {
    const head = this.head();
    if (head === undefined) return [];
    const names = JSON.parse(head.keywords) as string[];
    const kept = this.reader()
      .expunged(head.id)
      .flatMap(([expungedMs, bytes]) => {
        const columns = decodeColumns(bytes);
        return Array.from({ length: columns.count }, (_, i) => ({
          uid: columns.uids[i]!,
          size: columns.sizes[i]!,
          internalDateMs: columns.dates[i]! * 1000,
          expungedMs,
          flags: { system: columns.flags[i]!, keywords: namesOf(names, columns.keywords, i) },
        }));
      });
    return kept.sort((a, b) => a.uid - b.uid);
  }

  async unexpunge(uids: NumberSet, origin?: Origin): Promise<Copied> {
    const listed = this.listed();
    const { writer, clock, hooks } = this.context;
    const result = await writer.run('unexpunge', {
      ref: listed.ref,
      uids: flatten(uids),
      nowMs: clock.now(),
    });
    const { source, target, modSeq } = result;
    if (target.length > 0) {
      const back = NumberSet.fromAscending(target);
      hooks.appended({ mailbox: listed.entry, uids: back, modSeq, source: undefined, origin });
    }
    return { uidValidity: listed.entry.uidValidity, source, target, modSeq };
  }

  async purge(expungedBeforeMs: number): Promise<{ messages: number; bytes: number }> {
    return await this.context.writer.run('purge', { ref: this.listed().ref, beforeMs: expungedBeforeMs });
  }

  private async transfer(
    uids: NumberSet,
    target: Listed,
    options: CopyOptions,
    isMove: boolean,
  ): Promise<CopyResult> {
    const listed = this.listed();
    const { writer, clock, hooks } = this.context;
    const ranges = flatten(uids);
    let limits: readonly UsageLimit[] = options.limits ?? [];
    if (hooks.isAppendVetoable) limits = await this.admit(uids, target, limits, isMove, options.origin);
    const input = {
      from: listed.ref,
      to: target.ref,
      uids: ranges,
      viewerFrom: privateViewer(listed, this.viewer),
      viewerTo: privateViewer(target, options.viewer),
      annotator: options.viewer ?? this.viewer,
      keep: options.keep,
      limits,
      isMove,
      nowMs: clock.now(),
    };
    const result = await writer.run('copy', input, ranges.length * 8);
    if (result.target.length > 0 && hooks.isAppendObserved) {
      const source = { mailbox: this.id, uids: NumberSet.fromAscending(result.source), isMove };
      const { modSeq } = result;
      const { origin } = options;
      hooks.appended({
        mailbox: target.entry,
        uids: NumberSet.fromAscending(result.target),
        modSeq,
        source,
        origin,
      });
    }
    return result;
  }

  /** Asks the taps of `message.appending`, who want to know how much is coming. */
  private async admit(
    uids: NumberSet,
    target: Listed,
    limits: readonly UsageLimit[],
    isMove: boolean,
    origin: Origin | undefined,
  ): Promise<readonly UsageLimit[]> {
    const snapshot = this.current();
    const indexes = snapshot.indexesOf(uids);
    let bytes = 0;
    snapshot.eachRun(indexes, (chunk, from, to) => {
      for (let i = from; i < to; i++) bytes += chunk.sizes[i]!;
    });
    const source = { mailbox: this.id, uids: snapshot.uidsAt(indexes), isMove };
    const messages = indexes.size;
    return await this.context.hooks.appending({
      mailbox: target.entry,
      messages,
      bytes,
      items: undefined,
      source,
      limits,
      origin,
    });
  }

  /** Those of `uids` that an expunge would take. */
  private candidates(uids: NumberSet, onlyDeleted: boolean): NumberSet {
    const snapshot = this.current();
    const found: number[] = [];
    snapshot.eachRun(snapshot.indexesOf(uids), (chunk, from, to) => {
      for (let i = from; i < to; i++)
        if (!onlyDeleted || (chunk.flags[i]! & 8) !== 0) found.push(chunk.uids[i]!);
    });
    return NumberSet.fromAscending(found);
  }

  private current(): MailboxSnapshot {
    const listed = this.listed();
    const viewer = privateViewer(listed, this.viewer);
    try {
      return this.context.snapshots.get(this.reader(listed), this.id, listed.entry.uidValidity, viewer);
    } catch (error) {
      throw toMailError(error);
    }
  }

  /** @throws MailError NONEXISTENT */
  private listed(): Listed {
    const listed = this.context.list.byId(this.id);
    if (listed === undefined) throw nonexistent();
    return listed;
  }

  private reader(listed: Listed = this.listed()): ShardReader {
    return this.context.shard(listed.ref.shard);
  }

  /** Undefined for a mailbox that never had a message. @throws MailError NONEXISTENT */
  private head(): MailboxHeadRow | undefined {
    const head = this.reader().head(this.id);
    if (head !== undefined && head.state !== MailboxRowState.live) throw nonexistent();
    return head;
  }

  private bodies() {
    const reader = this.reader();
    return {
      reader,
      place: () => {
        const head = reader.head(this.id);
        return head === undefined ? undefined : { number: head.id, partition: head.partition };
      },
      packs: (partition: number) => this.context.packs(partition),
    };
  }
}
