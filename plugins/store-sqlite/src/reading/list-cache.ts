/**
 * The mailbox list as a worker sees it: whole trees (a user's mailboxes; the shared ones of a domain) are kept, and
 * rows with a newer version replace the old. When nothing was written to the list, a look costs no SQL but SQLite's
 * own change counter.
 */
import type { MailboxEntry, MailboxId } from '@angarium/sdk';
import { mailboxFromKey } from '@angarium/sdk';
import type { KnownPartition } from '../layout.js';
import { shardOfId } from '../model/ids.js';
import { LIST_COLUMNS, MailboxState, treeOfKey } from '../sql/list-row.js';
import { type Db, openReader } from '../sql/open.js';
import type { ListRow, MailboxRef } from '../thread/protocol.js';

/** An entry with what only the store needs of it. */
export interface Listed {
  readonly entry: MailboxEntry;
  readonly key: string;
  readonly ref: MailboxRef;
}

interface Tree {
  readonly byKey: Map<string, Listed>;
  /** In key order; undefined until asked for. */
  sorted: readonly Listed[] | undefined;
}

/** Entries kept in memory, all trees together. */
const MAX_ENTRIES = 200_000;

/** What a quota root counts. */
export interface UnderRoot {
  readonly mailboxes: number;
  /** Where their use is; undefined: anywhere. */
  readonly shards: readonly number[] | undefined;
}

/** Roots remembered at once. */
const MAX_ROOTS = 10_000;

export class ListCache {
  private readonly db: Db;
  private readonly statements;
  private readonly trees = new Map<string, Tree>();
  private readonly treeOfId = new Map<string, string>();
  private readonly idIndex = new Map<string, Listed>();
  private readonly partitionNames: ReadonlyMap<number, string>;
  private entries = 0;
  /** All mailboxes are in memory. */
  private isWhole = false;
  private everything: readonly Listed[] | undefined;
  private readonly roots = new Map<string, UnderRoot>();
  private dataVersion = -1;
  private version = 0;

  constructor(
    path: string,
    partitions: readonly KnownPartition[],
    private readonly maxEntries = MAX_ENTRIES,
  ) {
    this.db = openReader(path);
    this.partitionNames = new Map(partitions.map(({ id, name }) => [id, name]));
    const rows = (where: string) => this.db.prepare(`SELECT ${LIST_COLUMNS} FROM mailbox WHERE ${where}`);
    this.statements = {
      dataVersion: this.db.prepare('PRAGMA data_version').pluck(),
      version: this.db.prepare("SELECT value FROM counter WHERE name = 'version'").pluck(),
      forgotten: this.db.prepare("SELECT value FROM counter WHERE name = 'forgotten'").pluck(),
      changed: rows('version > ?'),
      byId: rows('id = ?'),
      tree: rows('tree = ? AND state = 0'),
      all: rows('state = 0'),
      count: this.db.prepare('SELECT count(*) FROM mailbox WHERE state = 0').pluck(),
      domain: rows('state = 0 AND tree >= ? AND tree < ?'),
      deleted: rows('state = 1 ORDER BY deleted_ms DESC'),
      roots: this.db.prepare('SELECT count(*) FROM mailbox WHERE quota_root = ? AND state = 0').pluck(),
      idsOfRoot: this.db.prepare('SELECT id FROM mailbox WHERE quota_root = ? AND state = 0').pluck(),
      subscriptions: this.db.prepare('SELECT key FROM subscription WHERE user = ?').pluck(),
      metadata: this.db.prepare('SELECT entry, value FROM metadata WHERE mailbox = ? AND user = ?').raw(),
    };
  }

  /** The connection, for tables that are not cached. */
  get connection(): Db {
    return this.db;
  }

  close(): void {
    this.db.close();
  }

  find(key: string): Listed | undefined {
    return this.tree(treeOfKey(key)).byKey.get(key);
  }

  byId(id: string): Listed | undefined {
    this.refresh();
    const known = this.idIndex.get(id);
    if (known !== undefined) return known;
    const row = this.statements.byId.get(id) as ListRow | undefined;
    if (row === undefined || row.state !== MailboxState.live) return undefined;
    this.tree(treeOfKey(row.key));
    return this.idIndex.get(id);
  }

  /** All of a tree, in key order. */
  listTree(tree: string): readonly Listed[] {
    const found = this.tree(tree);
    found.sorted ??= inKeyOrder([...found.byKey.values()]);
    return found.sorted;
  }

  /** Every mailbox, of one domain or of all, in key order. Kept in memory unless there are too many. */
  listAll(domain: string | undefined): readonly Listed[] {
    this.refresh();
    if (!this.isWhole && (this.statements.count.get() as number) > this.maxEntries) {
      const rows =
        domain === undefined
          ? this.statements.all.all()
          : this.statements.domain.all(...domainBounds(domain));
      return inKeyOrder((rows as ListRow[]).map((row) => this.toListed(row)));
    }
    if (!this.isWhole) this.loadAll();
    // A parent's key is a prefix of its children's, and the separator sorts first: trees in order are keys in order.
    this.everything ??= [...this.trees.keys()].sort(byCodeUnit).flatMap((name) => this.listTree(name));
    return domain === undefined
      ? this.everything
      : this.everything.filter(({ entry }) => (entry.name.domain ?? '') === domain);
  }

  deleted(): { listed: Listed; deletedMs: number }[] {
    const rows = this.statements.deleted.all() as ListRow[];
    return rows.map((row) => ({ listed: this.toListed(row), deletedMs: row.deletedMs }));
  }

  /** A row in whatever state it is. */
  row(id: string): ListRow | undefined {
    return this.statements.byId.get(id) as ListRow | undefined;
  }

  /** Which mailboxes a quota root counts. Kept until the list changes: deliveries ask again and again. */
  underRoot(root: string): UnderRoot {
    this.refresh();
    let known = this.roots.get(root);
    if (known === undefined) {
      if (this.roots.size >= MAX_ROOTS) this.roots.clear();
      known = this.findUnderRoot(root);
      this.roots.set(root, known);
    }
    return known;
  }

  /** A user's root has few mailboxes, mostly in one shard; others can have very many. */
  private findUnderRoot(root: string): UnderRoot {
    if (mailboxFromKey(root).owner === undefined)
      return { mailboxes: this.statements.roots.get(root) as number, shards: undefined };
    const ids = this.statements.idsOfRoot.all(root) as MailboxId[];
    return { mailboxes: ids.length, shards: [...new Set(ids.map((id) => shardOfId(id) ?? 0))] };
  }

  subscriptions(user: string): string[] {
    return this.statements.subscriptions.all(user) as string[];
  }

  metadata(mailbox: string, user: string): Map<string, Uint8Array> {
    return new Map(this.statements.metadata.all(mailbox, user) as [string, Buffer][]);
  }

  toListed(row: ListRow): Listed {
    const id = row.id as MailboxId;
    const entry: MailboxEntry = {
      id,
      name: mailboxFromKey(row.key),
      uidValidity: row.uidValidity,
      partition: this.partitionNames.get(row.partition) ?? '',
      acl: JSON.parse(row.acl) as Record<string, string>,
      quotaRoot: row.quotaRoot ?? undefined,
      specialUse: JSON.parse(row.specialUse) as string[],
      sharedSeen: row.sharedSeen !== 0,
      attributes: JSON.parse(row.attributes) as Record<string, string>,
      createdMs: row.createdMs,
    };
    return { entry, key: row.key, ref: toRef(row) };
  }

  private loadAll(): void {
    this.clear();
    for (const row of this.statements.all.iterate() as Iterable<ListRow>) {
      const name = treeOfKey(row.key);
      this.add(name, this.treeNamed(name), this.toListed(row));
    }
    this.isWhole = true;
  }

  private treeNamed(name: string): Tree {
    let tree = this.trees.get(name);
    if (tree === undefined) {
      tree = { byKey: new Map(), sorted: undefined };
      this.trees.set(name, tree);
    }
    return tree;
  }

  private tree(name: string): Tree {
    this.refresh();
    const known = this.trees.get(name);
    if (known !== undefined) return known;
    if (this.isWhole) return { byKey: new Map(), sorted: undefined };
    const rows = this.statements.tree.all(name) as ListRow[];
    // Trees count too: a client may ask for any number of names that nobody has.
    if (this.entries + this.trees.size + rows.length >= this.maxEntries) this.clear();
    const tree = this.treeNamed(name);
    for (const row of rows) this.add(name, tree, this.toListed(row));
    return tree;
  }

  private add(name: string, tree: Tree, listed: Listed): void {
    tree.byKey.set(listed.key, listed);
    tree.sorted = undefined;
    this.idIndex.set(listed.entry.id, listed);
    this.treeOfId.set(listed.entry.id, name);
    this.entries++;
  }

  private remove(id: string): void {
    const listed = this.idIndex.get(id);
    if (listed === undefined) return;
    const tree = this.trees.get(this.treeOfId.get(id) ?? '');
    if (tree?.byKey.get(listed.key)?.entry.id === id) {
      tree.byKey.delete(listed.key);
      tree.sorted = undefined;
    }
    this.idIndex.delete(id);
    this.treeOfId.delete(id);
    this.entries--;
  }

  /** Entries and trees in memory. */
  get size(): number {
    return this.entries + this.trees.size;
  }

  private clear(): void {
    this.trees.clear();
    this.idIndex.clear();
    this.treeOfId.clear();
    this.entries = 0;
    this.isWhole = false;
    this.everything = undefined;
  }

  private refresh(): void {
    const dataVersion = this.statements.dataVersion.get() as number;
    if (dataVersion === this.dataVersion) return;
    this.dataVersion = dataVersion;
    const version = this.statements.version.get() as number;
    if (version === this.version) return;
    const since = this.version;
    this.version = version;
    this.roots.clear();
    // Rows of mailboxes gone long ago are removed: who has not looked since then starts anew.
    if (since < (this.statements.forgotten.get() as number)) {
      this.clear();
      return;
    }
    if (this.isWhole || this.trees.size > 0) this.apply(this.statements.changed.all(since) as ListRow[]);
  }

  private apply(rows: readonly ListRow[]): void {
    if (rows.length > 0) this.everything = undefined;
    for (const { id } of rows) this.remove(id);
    for (const row of rows) {
      if (row.state !== MailboxState.live) continue;
      const name = treeOfKey(row.key);
      const tree = this.isWhole ? this.treeNamed(name) : this.trees.get(name);
      if (tree !== undefined) this.add(name, tree, this.toListed(row));
    }
  }
}

function toRef(row: ListRow): MailboxRef {
  const { id, version, key, uidValidity, partition, quotaRoot } = row;
  return { id, shard: shardOfId(id as MailboxId) ?? 0, version, key, uidValidity, partition, quotaRoot };
}

function domainBounds(domain: string): [from: string, to: string] {
  return [`${domain}\u001f`, `${domain}\u0020`];
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function inKeyOrder(listed: Listed[]): Listed[] {
  return listed.sort((a, b) => byCodeUnit(a.key, b.key));
}
