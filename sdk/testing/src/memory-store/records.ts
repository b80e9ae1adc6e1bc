/** RECORDS in memory. */
import {
  CLOCK,
  type Clock,
  inject,
  injectable,
  type RecordChange,
  type RecordQuery,
  type RecordRow,
  type RecordSpace,
  type Records,
  type UserId,
} from '@angarium/sdk';

@injectable()
export class MemoryRecords implements Records {
  private readonly spaces = new Map<string, MemorySpace>();

  constructor(@inject(CLOCK) private readonly clock: Clock) {}

  space(name: string): RecordSpace {
    const space = this.spaces.get(name) ?? new MemorySpace(this.clock);
    this.spaces.set(name, space);
    return space;
  }
}

class MemorySpace implements RecordSpace {
  private readonly owners = new Map<UserId | undefined, Map<string, RecordRow>>();

  constructor(private readonly clock: Clock) {}

  async get(owner: UserId | undefined, key: string): Promise<Uint8Array | undefined> {
    return this.live(owner, key)?.value;
  }

  async list(owner: UserId | undefined, query: RecordQuery = {}): Promise<readonly RecordRow[]> {
    const { prefix = '', after, limit = 1000 } = query;
    return [...this.rows(owner).keys()]
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .filter(
        (key) =>
          key.startsWith(prefix) &&
          (after === undefined || Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0),
      )
      .flatMap((key) => this.live(owner, key) ?? [])
      .slice(0, limit);
  }

  async write(owner: UserId | undefined, changes: readonly RecordChange[]): Promise<boolean> {
    const rows = new Map(this.rows(owner));
    for (const { key, value, expiresMs, expect } of changes) {
      const old = this.isLive(rows.get(key)) ? rows.get(key)!.value : undefined;
      if (expect === 'absent' && old !== undefined) return false;
      if (expect instanceof Uint8Array && (old === undefined || Buffer.compare(expect, old) !== 0))
        return false;
      if (value === undefined) rows.delete(key);
      else rows.set(key, { key, value: Buffer.from(value), expiresMs });
    }
    this.owners.set(owner, rows);
    return true;
  }

  async prune(nowMs: number): Promise<number> {
    let count = 0;
    for (const rows of this.owners.values()) {
      for (const [key, { expiresMs }] of rows) {
        if (expiresMs === undefined || expiresMs > nowMs) continue;
        rows.delete(key);
        count++;
      }
    }
    return count;
  }

  private rows(owner: UserId | undefined): Map<string, RecordRow> {
    return this.owners.get(owner) ?? new Map();
  }

  private live(owner: UserId | undefined, key: string): RecordRow | undefined {
    const row = this.rows(owner).get(key);
    return this.isLive(row) ? row : undefined;
  }

  private isLive(row: RecordRow | undefined): boolean {
    return row !== undefined && (row.expiresMs === undefined || row.expiresMs > this.clock.now());
  }
}
