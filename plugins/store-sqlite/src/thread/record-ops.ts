/** Plugins' records, in a shard or in the list: the same table. */

import type { AppendMark } from '@angarium/sdk';
import type { Db } from '../sql/open.js';
import { pluck, raw, sql } from '../sql/statements.js';
import type { ThreadLog } from './context.js';
import type { In } from './protocol.js';
import type { CommitQueue } from './queue.js';

/** False: an `expect` did not hold; nothing was written (the checks come first). */
export function writeRecords(db: Db, { space, owner, writes, nowMs }: In<'recordWrite'>): boolean {
  const find = pluck(
    db,
    'SELECT value FROM record WHERE space = ? AND owner = ? AND key = ? AND (expires_ms IS NULL OR expires_ms > ?)',
  );
  const put = sql(
    db,
    'INSERT OR REPLACE INTO record (space, owner, key, value, expires_ms) VALUES (?, ?, ?, ?, ?)',
  );
  const remove = sql(db, 'DELETE FROM record WHERE space = ? AND owner = ? AND key = ?');
  const undo: (() => void)[] = [];
  for (const { key, value, expiresMs, expect } of writes) {
    const id = Buffer.from(key, 'utf8');
    const before = find.get(space, owner, id, nowMs) as Buffer | undefined;
    if (expect !== undefined && !holds(expect, before)) {
      for (const step of undo.reverse()) step();
      return false;
    }
    const old = raw(db, 'SELECT value, expires_ms FROM record WHERE space = ? AND owner = ? AND key = ?');
    const row = old.get(space, owner, id) as [Buffer, number | null] | undefined;
    undo.push(() => {
      if (row === undefined) remove.run(space, owner, id);
      else put.run(space, owner, id, row[0], row[1]);
    });
    if (value === undefined) remove.run(space, owner, id);
    else put.run(space, owner, id, value, expiresMs ?? null);
  }
  return true;
}

function holds(expect: 'absent' | Uint8Array, before: Buffer | undefined): boolean {
  if (expect === 'absent') return before === undefined;
  return before?.equals(expect) ?? false;
}

/** The `owner` column of a mailbox's own records: a colon is in no user id. */
export function ownerOfMailbox(id: string): string {
  return `:${id}`;
}

/** A mark that cannot be read counts as absent: better a message twice than not at all. */
export function hasMark(db: Db, mailbox: string, mark: AppendMark, nowMs: number, log: ThreadLog): boolean {
  try {
    const text =
      'SELECT 1 FROM record WHERE space = ? AND owner = ? AND key = ? AND (expires_ms IS NULL OR expires_ms > ?)';
    const key = Buffer.from(mark.key, 'utf8');
    return pluck(db, text).get(mark.space, ownerOfMailbox(mailbox), key, nowMs) !== undefined;
  } catch (error) {
    log('error', 'a mark of a mailbox cannot be read', error);
    return false;
  }
}

/** Within the transaction of the messages. A failure that ends the whole transaction is that of the messages as well. */
export function setMark(
  db: Db,
  mailbox: string,
  mark: AppendMark,
  nowMs: number,
  log: ThreadLog,
): 'set' | 'repeat' {
  const { space, key, value, expiresMs } = mark;
  if (hasMark(db, mailbox, mark, nowMs, log)) return 'repeat';
  try {
    const text =
      'INSERT OR REPLACE INTO record (space, owner, key, value, expires_ms) VALUES (?, ?, ?, ?, ?)';
    sql(db, text).run(space, ownerOfMailbox(mailbox), Buffer.from(key, 'utf8'), value, expiresMs);
  } catch (error) {
    if (!db.inTransaction) throw error;
    log('error', 'a mark of a mailbox cannot be written', error);
  }
  return 'set';
}

/** Rows that one transaction takes out: others wait for the lock meanwhile. */
const PRUNE_ROWS = 1000;

/** Answers how many rows have gone; as many as `PRUNE_ROWS`: there may be more. */
export function pruneRecords(db: Db, space: string, untilMs: number): number {
  const text = `DELETE FROM record WHERE (space, owner, key) IN
    (SELECT space, owner, key FROM record WHERE space = ? AND expires_ms <= ? LIMIT ${PRUNE_ROWS})`;
  return sql(db, text).run(space, untilMs).changes;
}

/** Until when records must have run out to be taken out, so that at most `keep` of those that expire at all are left. */
export function pruneLimit(db: Db, space: string, nowMs: number, keep: number | undefined): number {
  if (keep === undefined) return nowMs;
  const count = 'SELECT count(*) FROM record WHERE space = ? AND expires_ms IS NOT NULL';
  const rows = pluck(db, count).get(space) as number;
  if (rows <= keep) return nowMs;
  // Of many with the same time all go, or the bound would not hold.
  const first =
    'SELECT expires_ms FROM record WHERE space = ? AND expires_ms IS NOT NULL ORDER BY expires_ms LIMIT 1 OFFSET ?';
  return Math.max(nowMs, pluck(db, first).get(space, rows - keep - 1) as number);
}

export async function pruneAll(
  queue: CommitQueue,
  space: string,
  nowMs: number,
  keep: number | undefined,
): Promise<number> {
  const untilMs = await queue.run(() => pruneLimit(queue.db, space, nowMs, keep));
  let total = 0;
  for (let count = PRUNE_ROWS; count === PRUNE_ROWS; total += count) {
    count = await queue.run(() => pruneRecords(queue.db, space, untilMs));
  }
  return total;
}

interface RecordRow {
  readonly space: string;
  readonly key: Buffer;
  readonly value: Buffer;
  readonly expires_ms: number | null;
}

export function recordsOf(db: Db, owner: string): RecordRow[] {
  return sql(db, 'SELECT space, key, value, expires_ms FROM record WHERE owner = ?').all(
    owner,
  ) as RecordRow[];
}

export function putRecords(db: Db, owner: string, rows: readonly RecordRow[]): void {
  const put = sql(
    db,
    'INSERT OR REPLACE INTO record (space, owner, key, value, expires_ms) VALUES (?, ?, ?, ?, ?)',
  );
  for (const { space, key, value, expires_ms } of rows) put.run(space, owner, key, value, expires_ms);
}

export function dropRecords(db: Db, owner: string): void {
  sql(db, 'DELETE FROM record WHERE owner = ?').run(owner);
}
