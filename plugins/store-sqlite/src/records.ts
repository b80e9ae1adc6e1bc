/** RECORDS: reads on this thread, writes through the store thread. */

import type {
  Clock,
  RecordChange,
  RecordOwner,
  RecordQuery,
  RecordRow,
  RecordSpace,
  Records,
} from '@angarium/sdk';
import { nonexistent } from './errors.js';
import { shardOfId, shardOfUser } from './model/ids.js';
import type { Db } from './sql/open.js';
import { pluck, raw } from './sql/statements.js';
import { ownerOfMailbox } from './thread/record-ops.js';
import type { StoreWriter } from './writer-client.js';

const DEFAULT_LIMIT = 1000;
/** The server's records are in the list, not in a shard. */
const LIST = -1;

export interface RecordsOptions {
  readonly clock: Clock;
  readonly writer: StoreWriter;
  readonly shards: number;
  /** The reading connection of a shard, or of the list for -1. */
  readonly reader: (shard: number) => Db;
}

export class StoreRecords implements Records {
  constructor(private readonly options: RecordsOptions) {}

  space(name: string): RecordSpace {
    return new Space(this.options, name);
  }
}

type RawRecord = [key: Buffer, value: Buffer, expiresMs: number | null];

class Space implements RecordSpace {
  constructor(
    private readonly options: RecordsOptions,
    private readonly name: string,
  ) {}

  async get(owner: RecordOwner, key: string): Promise<Uint8Array | undefined> {
    return pluck(
      this.reader(owner),
      `SELECT value FROM record WHERE space = ? AND owner = ? AND key = ? AND (expires_ms IS NULL OR expires_ms > ?)`,
    ).get(this.name, ownerColumn(owner), Buffer.from(key, 'utf8'), this.options.clock.now()) as
      | Uint8Array
      | undefined;
  }

  async list(owner: RecordOwner, query: RecordQuery = {}): Promise<readonly RecordRow[]> {
    const prefix = Buffer.from(query.prefix ?? '', 'utf8');
    const after = query.after === undefined ? undefined : Buffer.from(query.after, 'utf8');
    const end = nextPrefix(prefix);
    const bounds = [
      after === undefined || Buffer.compare(after, prefix) < 0 ? 'key >= :from' : 'key > :from',
      ...(end === undefined ? [] : ['key < :end']),
    ];
    const rows = raw(
      this.reader(owner),
      `SELECT key, value, expires_ms FROM record WHERE space = :space AND owner = :owner AND ${bounds.join(' AND ')}
         AND (expires_ms IS NULL OR expires_ms > :now) ORDER BY key LIMIT :limit`,
    ).all({
      space: this.name,
      owner: ownerColumn(owner),
      from: after === undefined || Buffer.compare(after, prefix) < 0 ? prefix : after,
      ...(end === undefined ? {} : { end }),
      now: this.options.clock.now(),
      limit: query.limit ?? DEFAULT_LIMIT,
    }) as RawRecord[];
    return rows.map(([key, value, expiresMs]) => ({
      key: key.toString('utf8'),
      value,
      expiresMs: expiresMs ?? undefined,
    }));
  }

  async write(owner: RecordOwner, changes: readonly RecordChange[]): Promise<boolean> {
    if (changes.length === 0) return true;
    const bytes = changes.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    const input = {
      shard: this.shardOf(owner),
      space: this.name,
      owner: ownerColumn(owner),
      nowMs: this.options.clock.now(),
      writes: changes.map(({ key, value, expiresMs, expect }) => ({ key, value, expiresMs, expect })),
    };
    return await this.options.writer.run('recordWrite', input, bytes);
  }

  async prune(nowMs: number, { keep }: { readonly keep?: number } = {}): Promise<number> {
    return await this.options.writer.run('recordPrune', { space: this.name, nowMs, keep });
  }

  private shardOf(owner: RecordOwner): number {
    if (owner === undefined) return LIST;
    if (typeof owner === 'string') return shardOfUser(owner, this.options.shards);
    const shard = shardOfId(owner.mailbox);
    if (shard === undefined || shard >= this.options.shards) throw nonexistent();
    return shard;
  }

  private reader(owner: RecordOwner): Db {
    return this.options.reader(this.shardOf(owner));
  }
}

function ownerColumn(owner: RecordOwner): string {
  if (owner === undefined) return '';
  return typeof owner === 'string' ? owner : ownerOfMailbox(owner.mailbox);
}

/** The first string above all that begin with `prefix`; undefined when there is none. */
function nextPrefix(prefix: Buffer): Buffer | undefined {
  const next = Buffer.from(prefix);
  for (let i = next.length - 1; i >= 0; i--) {
    if (next[i] === 0xff) continue;
    next[i]!++;
    return next.subarray(0, i + 1);
  }
  return undefined;
}
