/** RECORDS in memory. */
import {
  type AppendMark,
  CLOCK,
  type Clock,
  inject,
  injectable,
  type MailboxId,
  type RecordChange,
  type RecordOwner,
  type RecordQuery,
  type RecordRow,
  type RecordSpace,
  type Records,
} from '@angarium/sdk';

@injectable()
export class MemoryRecords implements Records {
  private readonly spaces = new Map<string, MemorySpace>();

  constructor(@inject(CLOCK) private readonly clock: Clock) {}

  space(name: string): RecordSpace {
    return this.memorySpace(name);
  }

  private memorySpace(name: string): MemorySpace {
    const space = this.spaces.get(name) ?? new MemorySpace(this.clock);
    this.spaces.set(name, space);
    return space;
  }

  /** `AppendTarget.once` */
  isMarked(mailbox: MailboxId, { space, key }: AppendMark): boolean {
    return this.memorySpace(space).has({ mailbox }, key);
  }

  mark(mailbox: MailboxId, { space, key, value, expiresMs }: AppendMark): void {
    this.memorySpace(space).put({ mailbox }, { key, value: Buffer.from(value), expiresMs });
  }
}

class MemorySpace implements RecordSpace {
  private readonly owners = new Map<string, Map<string, RecordRow>>();

  constructor(private readonly clock: Clock) {}

  async get(owner: RecordOwner, key: string): Promise<Uint8Array | undefined> {
    return this.live(owner, key)?.value;
  }

  async list(owner: RecordOwner, query: RecordQuery = {}): Promise<readonly RecordRow[]> {
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

  async write(owner: RecordOwner, changes: readonly RecordChange[]): Promise<boolean> {
    const rows = new Map(this.rows(owner));
    for (const { key, value, expiresMs, expect } of changes) {
      const old = this.isLive(rows.get(key)) ? rows.get(key)!.value : undefined;
      if (expect === 'absent' && old !== undefined) return false;
      if (expect instanceof Uint8Array && (old === undefined || Buffer.compare(expect, old) !== 0))
        return false;
      if (value === undefined) rows.delete(key);
      else rows.set(key, { key, value: Buffer.from(value), expiresMs });
    }
    this.owners.set(nameOf(owner), rows);
    return true;
  }

  has(owner: RecordOwner, key: string): boolean {
    return this.live(owner, key) !== undefined;
  }

  put(owner: RecordOwner, row: RecordRow): void {
    this.owners.set(nameOf(owner), new Map(this.rows(owner)).set(row.key, row));
  }

  async prune(nowMs: number, { keep }: { readonly keep?: number } = {}): Promise<number> {
    let count = 0;
    for (const rows of this.owners.values()) {
      for (const [key, { expiresMs }] of rows) {
        if (expiresMs === undefined || expiresMs > nowMs) continue;
        rows.delete(key);
        count++;
      }
    }
    if (keep === undefined) return count;
    const left = [...this.owners.values()].flatMap((rows) =>
      [...rows.values()].flatMap(({ key, expiresMs }) =>
        expiresMs === undefined ? [] : [{ rows, key, expiresMs }],
      ),
    );
    left.sort((a, b) => b.expiresMs - a.expiresMs);
    for (const { rows, key } of left.slice(keep)) if (rows.delete(key)) count++;
    return count;
  }

  private rows(owner: RecordOwner): Map<string, RecordRow> {
    return this.owners.get(nameOf(owner)) ?? new Map();
  }

  private live(owner: RecordOwner, key: string): RecordRow | undefined {
    const row = this.rows(owner).get(key);
    return this.isLive(row) ? row : undefined;
  }

  private isLive(row: RecordRow | undefined): boolean {
    return row !== undefined && (row.expiresMs === undefined || row.expiresMs > this.clock.now());
  }
}

function nameOf(owner: RecordOwner): string {
  if (owner === undefined) return '';
  return typeof owner === 'string' ? owner : `:${owner.mailbox}`;
}
