/** Tables. `user_version` is the format; `application_id` tells our files from others'. */

export const FORMAT_VERSION = 1;
/** "Angr": what `PRAGMA application_id` says in our databases. */
export const APPLICATION_ID = 0x416e_6772;

/** Names, attributes, subscriptions, and the records that belong to nobody. Rows of `mailbox`: state 0 live, 1 deleted, 2 gone. */
export const LIST_SCHEMA = `
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counter VALUES ('version', 1), ('uidvalidity', 1), ('forgotten', 0);
CREATE TABLE partition (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE mailbox (
  id TEXT PRIMARY KEY, tree TEXT NOT NULL, key TEXT NOT NULL, state INTEGER NOT NULL, version INTEGER NOT NULL,
  uidvalidity INTEGER NOT NULL, partition INTEGER NOT NULL, acl TEXT NOT NULL, quota_root TEXT,
  special_use TEXT NOT NULL, shared_seen INTEGER NOT NULL, attributes TEXT NOT NULL,
  created_ms INTEGER NOT NULL, deleted_ms INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE UNIQUE INDEX mailbox_key ON mailbox (key) WHERE state = 0;
CREATE INDEX mailbox_tree ON mailbox (tree) WHERE state = 0;
CREATE INDEX mailbox_version ON mailbox (version);
CREATE INDEX mailbox_deleted ON mailbox (deleted_ms) WHERE state = 1;
CREATE INDEX mailbox_root ON mailbox (quota_root) WHERE state = 0 AND quota_root IS NOT NULL;
CREATE TABLE subscription (user TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (user, key)) WITHOUT ROWID;
CREATE TABLE metadata (
  mailbox TEXT NOT NULL, user TEXT NOT NULL, entry TEXT NOT NULL, value BLOB NOT NULL,
  PRIMARY KEY (mailbox, user, entry)
) WITHOUT ROWID;
`;

/**
 * Who an ACL names, beside the owner: what a user may see of others' is read from here. Triggers keep it, also for versions
 * that do not know of it, so a list without the table gets it at the next start and keeps its format.
 */
export const GRANTEE_SCHEMA = `
CREATE TABLE grantee (identifier TEXT NOT NULL, mailbox TEXT NOT NULL, PRIMARY KEY (identifier, mailbox)) WITHOUT ROWID;
CREATE INDEX grantee_mailbox ON grantee (mailbox);
CREATE VIEW grant_of_mailbox AS SELECT mailbox.id AS mailbox, json_each.key AS identifier
  FROM mailbox, json_each(mailbox.acl)
  WHERE mailbox.state = 0 AND json_each.key <> CASE
    WHEN instr(mailbox.tree, char(31)) = 1 THEN substr(mailbox.tree, 3)
    ELSE substr(mailbox.tree, instr(mailbox.tree, char(31)) + 2) || '@' || substr(mailbox.tree, 1, instr(mailbox.tree, char(31)) - 1)
  END;
INSERT INTO grantee SELECT identifier, mailbox FROM grant_of_mailbox;
CREATE TRIGGER grantee_new AFTER INSERT ON mailbox BEGIN
  INSERT OR IGNORE INTO grantee SELECT identifier, mailbox FROM grant_of_mailbox WHERE mailbox = NEW.id;
END;
CREATE TRIGGER grantee_changed AFTER UPDATE OF acl, state, tree ON mailbox
WHEN OLD.acl <> NEW.acl OR OLD.state <> NEW.state OR OLD.tree <> NEW.tree BEGIN
  DELETE FROM grantee WHERE mailbox = OLD.id;
  INSERT OR IGNORE INTO grantee SELECT identifier, mailbox FROM grant_of_mailbox WHERE mailbox = NEW.id;
END;
CREATE TRIGGER grantee_gone AFTER DELETE ON mailbox BEGIN DELETE FROM grantee WHERE mailbox = OLD.id; END;
`;

/** Plugins' records: in each shard those of its users, in the list those of the server (owner ''). */
export const RECORDS_SCHEMA = `
CREATE TABLE record (
  space TEXT NOT NULL, owner TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, expires_ms INTEGER,
  PRIMARY KEY (space, owner, key)
) WITHOUT ROWID;
CREATE INDEX record_expires ON record (space, expires_ms) WHERE expires_ms IS NOT NULL;
`;

/**
 * Messages. `hot.id` = number * 2^32 + first UID of the chunk; `cold.id` and `annotation.id` = number * 2^32 + UID;
 * `seen.id` = viewer * 2^24 + block. `expunged.b` is a chunk of messages; their cold rows stay as long as it does.
 * `hot.modseq` is that of the last change of the row, which an expunge makes higher than any message's.
 */
export const SHARD_SCHEMA = `
CREATE TABLE mbx (
  id INTEGER PRIMARY KEY AUTOINCREMENT, uniqueid TEXT NOT NULL UNIQUE, state INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL, key TEXT NOT NULL, uidvalidity INTEGER NOT NULL, partition INTEGER NOT NULL,
  quota_root TEXT, uidnext INTEGER NOT NULL DEFAULT 1, highestmodseq INTEGER NOT NULL DEFAULT 1,
  exists_ INTEGER NOT NULL DEFAULT 0, unseen INTEGER NOT NULL DEFAULT 0, deleted INTEGER NOT NULL DEFAULT 0,
  deleted_bytes INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0, recent_from INTEGER NOT NULL DEFAULT 1,
  last_append_ms INTEGER NOT NULL DEFAULT 0, vanished_from INTEGER NOT NULL DEFAULT 0,
  keywords TEXT NOT NULL DEFAULT '[]'
);
CREATE TABLE hot (id INTEGER PRIMARY KEY, modseq INTEGER NOT NULL, b BLOB NOT NULL);
CREATE TABLE cold (id INTEGER PRIMARY KEY, guid BLOB NOT NULL, b BLOB NOT NULL);
CREATE TABLE blob (
  part INTEGER NOT NULL, guid BLOB NOT NULL, refs INTEGER NOT NULL, pack INTEGER NOT NULL, off INTEGER NOT NULL,
  len INTEGER NOT NULL, PRIMARY KEY (part, guid)
) WITHOUT ROWID;
CREATE TABLE vanished (mbx INTEGER NOT NULL, modseq INTEGER NOT NULL, uids TEXT NOT NULL, PRIMARY KEY (mbx, modseq)) WITHOUT ROWID;
CREATE TABLE expunged (id INTEGER PRIMARY KEY, mbx INTEGER NOT NULL, expunged_ms INTEGER NOT NULL, b BLOB NOT NULL);
CREATE INDEX expunged_mbx ON expunged (mbx, expunged_ms);
CREATE INDEX expunged_ms ON expunged (expunged_ms);
CREATE TABLE viewer (id INTEGER PRIMARY KEY AUTOINCREMENT, mbx INTEGER NOT NULL, user TEXT NOT NULL, UNIQUE (mbx, user));
CREATE TABLE seen (id INTEGER PRIMARY KEY, modseq INTEGER NOT NULL, b BLOB NOT NULL);
CREATE TABLE annotation (
  id INTEGER NOT NULL, user TEXT NOT NULL, entry TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (id, user, entry)
) WITHOUT ROWID;
CREATE TABLE quota_usage (root TEXT PRIMARY KEY, bytes INTEGER NOT NULL, messages INTEGER NOT NULL) WITHOUT ROWID;
`;

/**
 * A mailbox on its way to another partition: its messages with UIDs from `first` to `last` hold a reference in partition `other`
 * too. `other` is where it goes until it is there, then where it came from. `owner` is the process that moves it.
 */
export const MOVING_SCHEMA = `
CREATE TABLE moving (
  mbx INTEGER PRIMARY KEY, other INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, owner TEXT NOT NULL
);
`;
