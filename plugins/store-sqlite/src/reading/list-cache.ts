/**
 * The mailbox list as a worker sees it: whole trees (a user's mailboxes; the shared ones of a domain) are kept, and
 * rows with a newer version replace the old. When nothing was written to the list, a look costs no SQL but SQLite's
 * own change counter.
 */
import type { MailboxEntry, MailboxId } from '@angarium/sdk';
import { mailboxFromKey, ownerOf } from '@angarium/sdk';
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

/** Mailboxes whose ACL names one identifier. */
interface Grants {
  readonly byId: Map<string, Listed>;
  /** In key order; undefined until asked for. */
  sorted: readonly Listed[] | undefined;
}

/** Entries kept in memory, all trees together; and as many places in lists of grants. */
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
  private readonly idIndex = new Map<string, Listed>();
  private readonly partitionNames: ReadonlyMap<number, string>;
  private readonly acls = new SharedJson();
  private readonly attributes = new SharedJson();
  /** By identifier, of those that were asked for. */
  private readonly grants = new Map<string, Grants>();
  /** Identifiers under which a mailbox is in `grants`. */
  private readonly granteesOfId = new Map<string, string[]>();
  private granted = 0;
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
      // In the order of the index, which is nearly that of ours: sorting it again costs little.
      all: rows('state = 0 ORDER BY key'),
      count: this.db.prepare('SELECT count(*) FROM mailbox WHERE state = 0').pluck(),
      domain: rows('state = 0 AND tree >= ? AND tree < ?'),
      deleted: rows('state = 1 ORDER BY deleted_ms DESC'),
      granted: rows('state = 0 AND id IN (SELECT mailbox FROM grantee WHERE identifier = ?)'),
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

  /** Mailboxes whose ACL names one of these, in key order: what the owner's own entry gives does not count. */
  listGranted(identifiers: readonly string[]): readonly Listed[] {
    this.refresh();
    const lists = identifiers.map((identifier) => {
      const grants = this.grantsTo(identifier);
      return (grants.sorted ??= inKeyOrder([...grants.byId.values()]));
    });
    const filled = lists.filter(({ length }) => length > 0);
    if (filled.length <= 1) return filled[0] ?? [];
    const unique = new Map(filled.flat().map((listed) => [listed.entry.id, listed]));
    return inKeyOrder([...unique.values()]);
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
      acl: this.acls.parse(row.acl),
      quotaRoot: row.quotaRoot ?? undefined,
      specialUse: row.specialUse === '[]' ? none : (JSON.parse(row.specialUse) as string[]),
      sharedSeen: row.sharedSeen !== 0,
      attributes: this.attributes.parse(row.attributes),
      createdMs: row.createdMs,
    };
    return { entry, key: row.key, ref: toRef(row) };
  }

  private loadAll(): void {
    this.clear();
    for (const row of this.statements.all.all() as ListRow[]) {
      const name = treeOfKey(row.key);
      this.add(this.treeNamed(name), this.toListed(row));
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
    for (const row of rows) this.add(tree, this.toListed(row));
    return tree;
  }

  private grantsTo(identifier: string): Grants {
    const known = this.grants.get(identifier);
    if (known !== undefined) return known;
    const rows = this.statements.granted.all(identifier) as ListRow[];
    if (this.granted + this.grants.size + rows.length >= this.maxEntries) this.clearGrants();
    const grants: Grants = { byId: new Map(), sorted: undefined };
    this.grants.set(identifier, grants);
    for (const row of rows) this.grant(identifier, grants, this.idIndex.get(row.id) ?? this.toListed(row));
    return grants;
  }

  private grant(identifier: string, grants: Grants, listed: Listed): void {
    const { id } = listed.entry;
    grants.byId.set(id, listed);
    grants.sorted = undefined;
    const grantees = this.granteesOfId.get(id);
    if (grantees === undefined) this.granteesOfId.set(id, [identifier]);
    else grantees.push(identifier);
    this.granted++;
  }

  private revoke(id: string): void {
    for (const identifier of this.granteesOfId.get(id) ?? []) {
      const grants = this.grants.get(identifier);
      if (grants === undefined || !grants.byId.delete(id)) continue;
      grants.sorted = undefined;
      this.granted--;
    }
    this.granteesOfId.delete(id);
  }

  private clearGrants(): void {
    this.grants.clear();
    this.granteesOfId.clear();
    this.granted = 0;
  }

  private add(tree: Tree, listed: Listed): void {
    tree.byKey.set(listed.key, listed);
    tree.sorted = undefined;
    this.idIndex.set(listed.entry.id, listed);
    this.entries++;
  }

  private remove(id: string): void {
    const listed = this.idIndex.get(id);
    if (listed === undefined) return;
    const tree = this.trees.get(treeOfKey(listed.key));
    if (tree?.byKey.get(listed.key)?.entry.id === id) {
      tree.byKey.delete(listed.key);
      tree.sorted = undefined;
    }
    this.idIndex.delete(id);
    this.entries--;
  }

  /** Entries and trees in memory. */
  get size(): number {
    return this.entries + this.trees.size;
  }

  private clear(): void {
    this.trees.clear();
    this.idIndex.clear();
    this.entries = 0;
    this.isWhole = false;
    this.everything = undefined;
    this.clearGrants();
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
    if (this.isWhole || this.trees.size > 0 || this.grants.size > 0)
      this.apply(this.statements.changed.all(since) as ListRow[]);
  }

  private apply(rows: readonly ListRow[]): void {
    if (rows.length > 0) this.everything = undefined;
    for (const { id } of rows) {
      this.remove(id);
      this.revoke(id);
    }
    for (const row of rows) {
      if (row.state !== MailboxState.live) continue;
      const listed = this.toListed(row);
      const name = treeOfKey(row.key);
      const tree = this.isWhole ? this.treeNamed(name) : this.trees.get(name);
      if (tree !== undefined) this.add(tree, listed);
      if (this.grants.size > 0) this.applyGrants(listed);
    }
  }

  private applyGrants(listed: Listed): void {
    const owner = ownerOf(listed.entry.name);
    for (const identifier of Object.keys(listed.entry.acl)) {
      const grants = identifier === owner ? undefined : this.grants.get(identifier);
      if (grants !== undefined) this.grant(identifier, grants, listed);
    }
  }
}

const none: readonly string[] = [];
/** Different texts kept; mailboxes have a few, but that each user's ACL names himself. */
const MAX_SHARED = 10_000;

/** Objects of names and values, one for all rows with the same text: trees are full of copies of their top's ACL. */
class SharedJson {
  private readonly byText = new Map<string, Readonly<Record<string, string>>>();

  parse(text: string): Readonly<Record<string, string>> {
    let found = this.byText.get(text);
    if (found === undefined) {
      found = JSON.parse(text) as Record<string, string>;
      if (this.byText.size >= MAX_SHARED) this.byText.clear();
      this.byText.set(text, found);
    }
    return found;
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
