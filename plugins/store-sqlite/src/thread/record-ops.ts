/** Plugins' records, in a shard or in the list: the same table. */

import type { Db } from '../sql/open.js';
import { pluck, raw, sql } from '../sql/statements.js';
import type { In } from './protocol.js';

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

export function pruneRecords(db: Db, space: string, nowMs: number): number {
  return sql(db, 'DELETE FROM record WHERE space = ? AND expires_ms <= ?').run(space, nowMs).changes;
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
