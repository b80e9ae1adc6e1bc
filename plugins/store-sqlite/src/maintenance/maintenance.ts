/**
 * Background work of one worker, the leader: messages and mailboxes whose delay has run out go for good, packs that
 * are mostly garbage are rewritten, and what a crash left between two databases is put right. Every step can be cut off.
 */
import type { Clock, Logger } from '@angarium/sdk';
import type { StoreEngine } from '../engine.js';
import { partitionProblem } from '../partitions.js';
import { listRowById, MailboxState } from '../sql/list-row.js';
import { raw } from '../sql/statements.js';
import { MailboxRowState } from '../thread/shard.js';

/** Sessions finish reading what was expunged under them. */
const MIN_EXPUNGE_DELAY_MS = 15 * 60_000;
/** Rows of mailboxes that are gone stay so long that no cache has missed them. */
const TOMBSTONE_MS = 30 * 86_400_000;
const SLICE = 500;
/** Longer than an append can wait between the pack and its commit. */
const MIN_GRACE_MS = 5 * 60_000;

export interface MaintenanceReport {
  readonly messages: number;
  readonly bytes: number;
  readonly mailboxes: number;
  readonly packsRewritten: number;
  readonly packsRemoved: number;
}

export class Maintenance {
  /** `partition:pack` → when it was first found empty. */
  private readonly emptySinceMs = new Map<string, number>();
  private running: Promise<MaintenanceReport> | undefined;
  private isStopped = false;

  constructor(
    private readonly engine: StoreEngine,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  /** One round of everything. A call while one runs gets that one's result. */
  run(): Promise<MaintenanceReport> {
    this.running ??= this.round().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** What runs ends after its current step. */
  stop(): void {
    this.isStopped = true;
  }

  /** After a start: packs of dead processes, and half-done deletions. */
  async recover(): Promise<void> {
    await this.engine.writer.run('sealDead', {});
    await this.reconcile();
  }

  private async round(): Promise<MaintenanceReport> {
    const { engine, clock } = this;
    await this.recover();
    const { expungeDelayMs } = engine.settings;
    const beforeMs = clock.now() - Math.max(expungeDelayMs, MIN_EXPUNGE_DELAY_MS);
    let messages = 0;
    let bytes = 0;
    for (let shard = 0; shard < engine.shards.length && !this.isStopped; shard++) {
      const purged = await engine.writer.run('purgeAll', { shard, beforeMs });
      messages += purged.messages;
      bytes += purged.bytes;
    }
    const mailboxes = await this.forgetMailboxes(clock.now() - engine.settings.deleteDelayMs);
    await engine.writer.run('listPrune', { beforeMs: clock.now() - TOMBSTONE_MS });
    const { packsRewritten, packsRemoved } = await this.compact();
    return { messages, bytes, mailboxes, packsRewritten, packsRemoved };
  }

  /** Deleted mailboxes whose time is over. */
  async forgetMailboxes(deletedBeforeMs: number): Promise<number> {
    const { list, writer } = this.engine;
    const over = list.deleted().filter(({ deletedMs }) => deletedMs < deletedBeforeMs);
    for (const { listed } of over) {
      if (this.isStopped) break;
      if (!(await writer.run('listForget', { id: listed.entry.id, nowMs: this.clock.now() }))) continue;
      await writer.run('dropMailbox', { ref: listed.ref, isGone: true });
    }
    return over.length;
  }

  async compact(): Promise<{ packsRewritten: number; packsRemoved: number }> {
    const { writer, settings, knownPartitions } = this.engine;
    const { liveBelow } = settings.maintenance;
    const graceMs = Math.max(settings.maintenance.graceMs, MIN_GRACE_MS);
    let packsRewritten = 0;
    let packsRemoved = 0;
    for (const { id: partition, name, packsDir } of knownPartitions) {
      if (this.isStopped) break;
      const problem = partitionProblem(name, packsDir);
      if (problem !== undefined) {
        this.log.warn('a partition is left out', { problem });
        continue;
      }
      const result = await writer.run('compact', { partition, liveBelow });
      packsRewritten += result.rewritten;
      for (const pack of result.empty) {
        const key = `${partition}:${pack}`;
        const sinceMs = this.emptySinceMs.get(key) ?? this.clock.now();
        this.emptySinceMs.set(key, sinceMs);
        if (this.clock.now() - sinceMs < graceMs) continue;
        if (await writer.run('unlinkPack', { partition, pack })) packsRemoved++;
        this.emptySinceMs.delete(key);
      }
    }
    if (packsRewritten + packsRemoved > 0) this.log.info('packs compacted', { packsRewritten, packsRemoved });
    return { packsRewritten, packsRemoved };
  }

  /** A crash between the list's commit and the shard's: the list is right. Answers how many mailboxes were behind. */
  async reconcile(): Promise<number> {
    let behind = 0;
    for (const shard of this.engine.shards) {
      for (let after = 0; ; ) {
        const rows = raw(
          shard.db,
          'SELECT id, uniqueid, state, version, exists_, partition FROM mbx WHERE id > ? ORDER BY id LIMIT ?',
        ).all(after, SLICE) as [number, string, number, number, number, number][];
        for (const [id, uniqueId, state, version, exists, partition] of rows) {
          after = id;
          if (await this.settle(uniqueId, state, version, exists)) behind++;
          if (await this.settlePartition(uniqueId, partition)) behind++;
        }
        if (rows.length < SLICE || this.isStopped) break;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    if (behind > 0) this.log.info('mailboxes were brought in line with the list', { behind });
    return behind;
  }

  private async settle(id: string, state: number, version: number, exists: number): Promise<boolean> {
    const { list, writer } = this.engine;
    const row = listRowById(list.connection, id);
    // A mailbox that the list does not know is left to `reconstruct`: the list may have been lost.
    if (row === undefined) return false;
    const { ref } = list.toListed(row);
    if (row.state === MailboxState.live) {
      if (row.version <= version) return false;
      await writer.run('syncMailbox', { ref });
      return true;
    }
    const isGone = row.state === MailboxState.gone;
    const isDone = isGone ? state === MailboxRowState.gone && exists === 0 : state !== MailboxRowState.live;
    if (isDone) return false;
    await writer.run('dropMailbox', { ref, isGone });
    return true;
  }

  /** Bodies move before the list says so: the shard is right. */
  private async settlePartition(id: string, partition: number): Promise<boolean> {
    const { list, writer } = this.engine;
    const row = listRowById(list.connection, id);
    if (row === undefined || row.state !== MailboxState.live || row.partition === partition) return false;
    await writer.run('listPartition', { id, partition });
    return true;
  }
}
