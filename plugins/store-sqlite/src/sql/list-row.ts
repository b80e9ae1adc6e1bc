/** Rows of the list's `mailbox` table, for the thread that writes them and the caches that read them. */

import type { ListRow } from '../thread/protocol.js';
import type { Db } from './open.js';
import { sql } from './statements.js';

export const MailboxState = { live: 0, deleted: 1, gone: 2 } as const;

export const LIST_COLUMNS = `id, key, state, version, uidvalidity AS uidValidity, partition, acl, quota_root AS quotaRoot,
  special_use AS specialUse, shared_seen AS sharedSeen, attributes, created_ms AS createdMs, deleted_ms AS deletedMs`;

/** Domain and owner: the part of a key that all mailboxes of a user share; that of shared ones has an empty owner. */
export function treeOfKey(key: string): string {
  const first = key.indexOf('\u001f');
  const second = key.indexOf('\u001f', first + 1);
  return second < 0 ? key : key.slice(0, second);
}

export function listRowById(db: Db, id: string): ListRow | undefined {
  return sql(db, `SELECT ${LIST_COLUMNS} FROM mailbox WHERE id = ?`).get(id) as ListRow | undefined;
}

export function liveRowByKey(db: Db, key: string): ListRow | undefined {
  return sql(db, `SELECT ${LIST_COLUMNS} FROM mailbox WHERE key = ? AND state = 0`).get(key) as
    | ListRow
    | undefined;
}
