/** Changes of the mailbox list. Every changed row takes a new version, by which the caches of all processes catch up. */

import { MailError } from '@angarium/sdk';
import { nonexistent } from '../errors.js';
import { LIST_COLUMNS, listRowById, liveRowByKey, MailboxState, treeOfKey } from '../sql/list-row.js';
import type { Db } from '../sql/open.js';
import { pluck, sql } from '../sql/statements.js';
import type { ChangedRows, In, ListRow } from './protocol.js';
import { overQuota } from './roots.js';

const SEPARATOR = '\u001f';
const MAX_UIDVALIDITY = 0xffff_ffff;

function exists(): MailError {
  return new MailError('ALREADYEXISTS', 'Mailbox already exists');
}

function bump(db: Db): number {
  return pluck(
    db,
    "UPDATE counter SET value = value + 1 WHERE name = 'version' RETURNING value",
  ).get() as number;
}

/** Seconds since 1970, or one above the last: no two mailboxes of a store ever share one. */
function nextUidValidity(db: Db, nowMs: number): number {
  const seconds = Math.min(Math.floor(nowMs / 1000), MAX_UIDVALIDITY - 1);
  return pluck(
    db,
    "UPDATE counter SET value = max(value + 1, ?) WHERE name = 'uidvalidity' RETURNING value",
  ).get(seconds) as number;
}

function required(db: Db, id: string): ListRow {
  const row = listRowById(db, id);
  if (row === undefined) throw nonexistent();
  return row;
}

export function createListed(db: Db, input: In<'listCreate'>): ListRow {
  if (liveRowByKey(db, input.key) !== undefined) throw exists();
  if (input.maxMailboxes !== undefined && input.quotaRoot !== null) {
    const count = pluck(db, 'SELECT count(*) FROM mailbox WHERE quota_root = ? AND state = 0');
    if ((count.get(input.quotaRoot) as number) >= input.maxMailboxes) throw overQuota();
  }
  if (input.soleUse === true && holdersOf(db, input.key, input.specialUse).length > 0)
    throw new MailError('USEATTR', 'Another mailbox has this special use');
  sql(
    db,
    `INSERT INTO mailbox (id, tree, key, state, version, uidvalidity, partition, acl, quota_root, special_use,
     shared_seen, attributes, created_ms) VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?, 0, ?, ?)`,
  ).run(
    input.id,
    treeOfKey(input.key),
    input.key,
    bump(db),
    nextUidValidity(db, input.nowMs),
    input.partition,
    input.acl,
    input.quotaRoot,
    input.specialUse,
    input.attributes,
    input.nowMs,
  );
  return required(db, input.id);
}

/** The mailbox and all below it; a quota root that moves with them is renamed too. */
export function renameListed(db: Db, { fromKey, toKey }: In<'listRename'>): { from: string; row: ListRow }[] {
  const rows = sql(
    db,
    `SELECT ${LIST_COLUMNS} FROM mailbox WHERE state = 0 AND (key = ? OR (key >= ? AND key < ?)) ORDER BY key`,
  ).all(fromKey, fromKey + SEPARATOR, `${fromKey} `) as ListRow[];
  if (rows[0]?.key !== fromKey) throw nonexistent();
  const version = bump(db);
  const move = sql(db, 'UPDATE mailbox SET key = ?, tree = ?, version = ?, quota_root = ? WHERE id = ?');
  const moved = (key: string) => toKey + key.slice(fromKey.length);
  for (const row of rows) if (liveRowByKey(db, moved(row.key)) !== undefined) throw exists();
  const keys = new Set(rows.map(({ key }) => key));
  for (const row of rows) {
    const key = moved(row.key);
    const root = row.quotaRoot !== null && keys.has(row.quotaRoot) ? moved(row.quotaRoot) : row.quotaRoot;
    move.run(key, treeOfKey(key), version, root, row.id);
  }
  return rows.map((row) => ({ from: row.key, row: required(db, row.id) }));
}

/** The row as it is now, deleted or gone. */
export function deleteListed(db: Db, { id, key, isImmediate, nowMs }: In<'listDelete'>): ListRow {
  const row = liveRowByKey(db, key);
  // Another one may have come to this name since the caller's rights were looked at.
  if (row?.id !== id) throw nonexistent();
  const state = isImmediate ? MailboxState.gone : MailboxState.deleted;
  sql(db, 'UPDATE mailbox SET state = ?, deleted_ms = ?, version = ? WHERE id = ?').run(
    state,
    nowMs,
    bump(db),
    row.id,
  );
  if (isImmediate) sql(db, 'DELETE FROM metadata WHERE mailbox = ?').run(row.id);
  return required(db, row.id);
}

/** Gives up a deleted mailbox for good; false when it is none any more. */
export function forgetListed(db: Db, { id, nowMs }: In<'listForget'>): boolean {
  const row = listRowById(db, id);
  if (row === undefined || row.state !== MailboxState.deleted) return false;
  sql(db, 'UPDATE mailbox SET state = ?, deleted_ms = ?, version = ? WHERE id = ?').run(
    MailboxState.gone,
    nowMs,
    bump(db),
    id,
  );
  sql(db, 'DELETE FROM metadata WHERE mailbox = ?').run(id);
  return true;
}

export function undeleteListed(db: Db, { id, key }: In<'listUndelete'>): ListRow {
  const row = listRowById(db, id);
  if (row === undefined || row.state !== MailboxState.deleted) throw nonexistent();
  if (liveRowByKey(db, key) !== undefined) throw exists();
  sql(db, 'UPDATE mailbox SET state = 0, deleted_ms = 0, key = ?, tree = ?, version = ? WHERE id = ?').run(
    key,
    treeOfKey(key),
    bump(db),
    id,
  );
  return required(db, id);
}

/** Mailboxes in the tree of `key` that have one of these special uses (JSON). */
function holdersOf(db: Db, key: string, specialUse: string): ListRow[] {
  const uses: readonly string[] = JSON.parse(specialUse);
  if (uses.length === 0) return [];
  const marked = sql(
    db,
    `SELECT ${LIST_COLUMNS} FROM mailbox WHERE tree = ? AND state = 0 AND special_use <> '[]'`,
  ).all(treeOfKey(key)) as ListRow[];
  return marked.filter((row) => usesOf(row).some((use) => uses.includes(use)));
}

function usesOf({ specialUse }: ListRow): readonly string[] {
  return JSON.parse(specialUse);
}

/** The other mailboxes of the same tree lose these special uses (JSON). */
function takeUses(db: Db, { id, key }: ListRow, specialUse: string): { before: ListRow; row: ListRow }[] {
  const taken: readonly string[] = JSON.parse(specialUse);
  const update = sql(db, 'UPDATE mailbox SET special_use = ?, version = ? WHERE id = ?');
  const others = holdersOf(db, key, specialUse).filter((holder) => holder.id !== id);
  return others.map((before) => {
    update.run(JSON.stringify(usesOf(before).filter((use) => !taken.includes(use))), bump(db), before.id);
    return { before, row: required(db, before.id) };
  });
}

export function changeListed(db: Db, { id, patch }: In<'listChange'>): ChangedRows {
  const row = listRowById(db, id);
  if (row === undefined || row.state !== MailboxState.live) throw nonexistent();
  // JSON that was read and written again is the same text.
  if (patch.expectedAcl !== undefined && patch.expectedAcl !== row.acl)
    throw new MailError('INUSE', 'The access control list has changed meanwhile');
  const others =
    patch.soleUse === true && patch.specialUse !== undefined ? takeUses(db, row, patch.specialUse) : [];
  const attributes: Record<string, string> = JSON.parse(row.attributes);
  for (const [name, value] of Object.entries(patch.attributes ?? {})) {
    if (value === undefined) delete attributes[name];
    else attributes[name] = value;
  }
  sql(
    db,
    'UPDATE mailbox SET acl = ?, quota_root = ?, special_use = ?, shared_seen = ?, attributes = ?, version = ? WHERE id = ?',
  ).run(
    patch.acl ?? row.acl,
    patch.quotaRoot === undefined ? row.quotaRoot : patch.quotaRoot,
    patch.specialUse ?? row.specialUse,
    patch.sharedSeen ?? row.sharedSeen,
    JSON.stringify(attributes),
    bump(db),
    id,
  );
  return { row: required(db, id), others };
}

export function setListedPartition(db: Db, { id, partition }: In<'listPartition'>): ListRow {
  sql(db, 'UPDATE mailbox SET partition = ?, version = ? WHERE id = ?').run(partition, bump(db), id);
  return required(db, id);
}

/** False when it was so before. */
export function subscribe(db: Db, { user, key, isOn }: In<'subscribe'>): boolean {
  const statement = isOn
    ? sql(db, 'INSERT OR IGNORE INTO subscription (user, key) VALUES (?, ?)')
    : sql(db, 'DELETE FROM subscription WHERE user = ? AND key = ?');
  return statement.run(user, key).changes > 0;
}

export function setMetadata(db: Db, { mailbox, user, entries }: In<'setMetadata'>): void {
  const put = sql(db, 'INSERT OR REPLACE INTO metadata (mailbox, user, entry, value) VALUES (?, ?, ?, ?)');
  const remove = sql(db, 'DELETE FROM metadata WHERE mailbox = ? AND user = ? AND entry = ?');
  for (const [entry, value] of entries) {
    if (value === undefined) remove.run(mailbox, user, entry);
    else put.run(mailbox, user, entry, value);
  }
}

/** For a mailbox whose UIDs cannot be trusted any more. */
export function renewUidValidity(db: Db, { id, nowMs }: In<'listNewUidValidity'>): ListRow {
  const uidValidity = nextUidValidity(db, nowMs);
  sql(db, 'UPDATE mailbox SET uidvalidity = ?, version = ? WHERE id = ?').run(uidValidity, bump(db), id);
  return required(db, id);
}

/** What the list keeps of a user goes with him when his INBOX is renamed. */
export function moveUserRows(db: Db, from: string, to: string): void {
  sql(db, 'UPDATE OR REPLACE subscription SET user = ? WHERE user = ?').run(to, from);
  sql(db, 'UPDATE OR REPLACE metadata SET user = ? WHERE user = ?').run(to, from);
}

/** Rows of the list that a rebuild brings back; live names that are taken stay as they are. Answers how many came. */
export function restoreListed(db: Db, { rows }: In<'listRestore'>): number {
  const add = sql(
    db,
    `INSERT OR IGNORE INTO mailbox (id, tree, key, state, version, uidvalidity, partition, acl, quota_root,
     special_use, shared_seen, attributes, created_ms) VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const version = bump(db);
  let added = 0;
  let highest = 0;
  for (const row of rows) {
    const { id, key, uidValidity, partition, acl, quotaRoot, specialUse, sharedSeen, attributes, createdMs } =
      row;
    added += add.run(
      id,
      treeOfKey(key),
      key,
      version,
      uidValidity,
      partition,
      acl,
      quotaRoot,
      specialUse,
      sharedSeen,
      attributes,
      createdMs,
    ).changes;
    highest = Math.max(highest, uidValidity);
  }
  sql(db, "UPDATE counter SET value = max(value, ?) WHERE name = 'uidvalidity'").run(highest);
  return added;
}
