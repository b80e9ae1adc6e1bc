/**
 * Limits of quota roots, checked inside the transaction that files. Use is kept a shard, in the transactions that
 * change it, so one shard's part is exact; the other parts are read from the other shards. Where a root has mailboxes in
 * several shards (domains, shared trees, a user who was renamed) another process could file there at the same time:
 * then the RootLock is held from the look until the commit. In one process all transactions run on one thread, one
 * after another.
 */
import { type MailboxId, MailError, mailboxFromKey, type UsageLimit } from '@angarium/sdk';
import { shardOfId } from '../model/ids.js';
import { pluck } from '../sql/statements.js';
import type { ShardQueue } from './context.js';
import type { CommitQueue } from './queue.js';
import type { RootLock } from './root-lock.js';
import type { MailboxRow, ShardWriter, Usage } from './shard.js';

/** Another process decides about a root that spans shards: wait a little, then try again. */
export class RootBusy extends Error {
  override readonly name = 'RootBusy';
  constructor() {
    super('the roots that span shards are decided upon by another process');
  }
}

const RETRY_MAX_MS = 8;
/** Longer than any batches of other processes should take. */
const GIVE_UP_MS = 30_000;
/** Answers kept between two changes of the mailbox list. */
const MAX_KNOWN = 10_000;

export class QuotaRoots {
  private readonly known = new Map<string, boolean>();
  private knownVersion = -1;

  constructor(
    private readonly list: CommitQueue,
    private readonly shards: readonly ShardQueue[],
    private readonly lock: RootLock,
  ) {}

  /** @throws MailError OVERQUOTA when `row`'s root would hold more than a limit allows; RootBusy */
  check(shard: ShardWriter, row: MailboxRow, limits: readonly UsageLimit[], coming: Usage): void {
    for (const { quotaRoot, bytes, messages, mayCross } of limits) {
      if (quotaRoot !== row.quotaRoot || (bytes === undefined && messages === undefined)) continue;
      const there = this.elsewhere(quotaRoot, shard.number);
      const here = shard.usage(quotaRoot);
      const more = mayCross === true ? { bytes: 0, messages: 0 } : coming;
      const isOver =
        (bytes !== undefined && here.bytes + there.bytes + more.bytes > bytes) ||
        (messages !== undefined && here.messages + there.messages + more.messages > messages);
      if (isOver) throw overQuota();
    }
  }

  /** Runs `work`, and refuses it when it made a root's annotations more than a limit allows. @throws as `check` */
  withAnnotations<T>(shard: ShardWriter, row: MailboxRow, limits: readonly UsageLimit[], work: () => T): T {
    const limit = limits.find(
      ({ quotaRoot, annotationBytes }) => quotaRoot === row.quotaRoot && annotationBytes !== undefined,
    );
    if (limit?.annotationBytes === undefined) return work();
    const { quotaRoot, annotationBytes } = limit;
    const before = shard.annotationBytes(quotaRoot);
    const result = work();
    const after = shard.annotationBytes(quotaRoot);
    if (after <= before) return result;
    this.hold(quotaRoot, shard.number);
    let total = after;
    for (const other of this.shards)
      if (other.shard !== shard) total += other.shard.annotationBytes(quotaRoot);
    if (total > annotationBytes) throw overQuota();
    return result;
  }

  private elsewhere(root: string, besides: number): Usage {
    let bytes = 0;
    let messages = 0;
    if (!this.hold(root, besides)) return { bytes, messages };
    for (const { shard } of this.shards) {
      if (shard.number === besides) continue;
      const usage = shard.usage(root);
      bytes += usage.bytes;
      messages += usage.messages;
    }
    return { bytes, messages };
  }

  /** False: the root lies in this shard alone, whose transaction is all the lock that it needs. @throws RootBusy */
  private hold(root: string, shard: number): boolean {
    if (!this.spans(root, shard)) return false;
    if (!this.lock.tryHold()) throw new RootBusy();
    this.shards[shard]!.queue.atEnd(() => this.lock.release());
    return true;
  }

  private spans(root: string, shard: number): boolean {
    if (mailboxFromKey(root).owner === undefined) return true;
    const { db } = this.list;
    const version = pluck(db, "SELECT value FROM counter WHERE name = 'version'").get() as number;
    if (version !== this.knownVersion || this.known.size > MAX_KNOWN) {
      this.known.clear();
      this.knownVersion = version;
    }
    let spans = this.known.get(root);
    if (spans === undefined) {
      const ids = pluck(db, 'SELECT id FROM mailbox WHERE quota_root = ? AND state = 0').iterate(root);
      spans = false;
      for (const id of ids as Iterable<MailboxId>) {
        spans = shardOfId(id) !== shard;
        if (spans) break;
      }
      this.known.set(root, spans);
    }
    return spans;
  }
}

/** Runs until no other process holds the lock. @throws MailError UNAVAILABLE after half a minute */
export async function whenRootsAreFree<T>(run: () => Promise<T>): Promise<T> {
  const end = performance.now() + GIVE_UP_MS;
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof RootBusy)) throw error;
      if (performance.now() > end) throw new MailError('UNAVAILABLE', 'Mail store is busy', { cause: error });
    }
    await new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * (RETRY_MAX_MS - 1)));
  }
}

export function overQuota(): MailError {
  return new MailError('OVERQUOTA', 'Over quota');
}
