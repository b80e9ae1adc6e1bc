/** The mailbox list as the contract has it: looks in the cache, changes through the store thread, calls the hooks. */
import {
  type CatalogueChanged,
  type Clock,
  type CreateMailbox,
  type DeletedMailbox,
  type HookBus,
  isBelow,
  type MailboxCatalogue,
  type MailboxChanges,
  type MailboxCreation,
  type MailboxEntry,
  type MailboxId,
  type MailboxListQuery,
  type MailboxName,
  MailError,
  mailboxFromKey,
  mailboxKey,
  type Origin,
  ownerOf,
  type Renamed,
  splitUserId,
  type UserId,
} from '@angarium/sdk';
import { nonexistent } from './errors.js';
import type { KnownPartition } from './layout.js';
import { newMailboxId, shardOfName, shardOfUser } from './model/ids.js';
import type { PartitionPicker } from './partitions.js';
import type { ListCache, Listed } from './reading/list-cache.js';
import { treeOfKey } from './sql/list-row.js';
import type { ListPatch, ListRow } from './thread/protocol.js';
import type { StoreWriter } from './writer-client.js';

export interface CatalogueOptions {
  readonly cache: ListCache;
  readonly writer: StoreWriter;
  readonly clock: Clock;
  readonly hooks: HookBus;
  readonly partitions: readonly KnownPartition[];
  /** For mailboxes whose creator names no partition, and that have no parent. */
  readonly picker: PartitionPicker;
  readonly shards: number;
  /** 0: deleted mailboxes are gone at once. */
  readonly deleteDelayMs: number;
  /** Tells all processes what has become durable. */
  readonly tell: (change: CatalogueChanged) => void;
}

const SEPARATOR = '\u001f';

export class StoreCatalogue implements MailboxCatalogue {
  private readonly taps;

  constructor(private readonly options: CatalogueOptions) {
    const { hooks } = options;
    this.taps = {
      creating: hooks.hook('mailbox.creating'),
      created: hooks.hook('mailbox.created'),
      renaming: hooks.hook('mailbox.renaming'),
      renamed: hooks.hook('mailbox.renamed'),
      deleting: hooks.hook('mailbox.deleting'),
      deleted: hooks.hook('mailbox.deleted'),
      changed: hooks.hook('mailbox.changed'),
    };
  }

  async find(name: MailboxName): Promise<MailboxEntry | undefined> {
    return this.options.cache.find(mailboxKey(name))?.entry;
  }

  async byId(id: MailboxId): Promise<MailboxEntry | undefined> {
    return this.options.cache.byId(id)?.entry;
  }

  async list(query: MailboxListQuery): Promise<readonly MailboxEntry[]> {
    return this.listed(query).map(({ entry }) => entry);
  }

  async create(name: MailboxName, options: CreateMailbox = {}, origin?: Origin): Promise<MailboxEntry> {
    const key = mailboxKey(name);
    const { cache, writer, clock } = this.options;
    if (cache.find(key) !== undefined) throw new MailError('ALREADYEXISTS', 'Mailbox already exists');
    const creation: MailboxCreation = { name, options, origin };
    if (this.taps.creating.isTapped) await this.taps.creating.call(creation);
    const wanted = creation.options;
    const row = await writer.run('listCreate', {
      id: newMailboxId(shardOfName(name, this.options.shards)),
      key,
      partition: this.partitionOfNew(name, wanted.partition),
      acl: JSON.stringify(wanted.acl ?? {}),
      quotaRoot: wanted.quotaRoot ?? null,
      ...(wanted.maxMailboxes === undefined ? {} : { maxMailboxes: wanted.maxMailboxes }),
      specialUse: JSON.stringify(wanted.specialUse ?? []),
      ...(wanted.soleUse === undefined ? {} : { soleUse: wanted.soleUse }),
      attributes: JSON.stringify(wanted.attributes ?? {}),
      nowMs: clock.now(),
    });
    const { entry } = cache.toListed(row);
    this.options.tell({ kind: 'created', mailbox: entry, session: origin?.session });
    if (this.taps.created.isTapped) await this.taps.created.call(entry, origin);
    return entry;
  }

  async rename(
    from: MailboxName,
    to: MailboxName,
    options: { readonly partition?: string } = {},
    origin?: Origin,
  ): Promise<readonly Renamed[]> {
    const fromKey = mailboxKey(from);
    const toKey = mailboxKey(to);
    const found = this.required(fromKey);
    const partition = options.partition === undefined ? undefined : this.partition(options.partition);
    if (fromKey === toKey && partition === undefined)
      throw new MailError('ALREADYEXISTS', 'Mailbox already exists');
    if (isBelow(to, from)) throw new MailError('CANNOT', 'A mailbox cannot move below itself');
    if (this.taps.renaming.isTapped) await this.taps.renaming.call(found.entry, to, origin);
    const rows =
      fromKey === toKey
        ? this.subtree(fromKey).map(({ entry, key }) => ({ from: key, row: this.requiredRow(entry.id) }))
        : await this.renameRows(from, to);
    const renamed: Renamed[] = [];
    for (const { from: oldKey, row } of rows) {
      const moved = partition === undefined ? row : await this.moveToPartition(row, partition);
      const { entry, ref } = this.options.cache.toListed(moved);
      await this.options.writer.run('syncMailbox', { ref });
      renamed.push({ from: mailboxFromKey(oldKey), entry });
    }
    const [top] = renamed;
    if (top !== undefined)
      this.options.tell({ kind: 'renamed', from, mailbox: top.entry, session: origin?.session });
    if (this.taps.renamed.isTapped) await this.taps.renamed.call(renamed, origin);
    return renamed;
  }

  async delete(
    name: MailboxName,
    options: { readonly immediate?: boolean } = {},
    origin?: Origin,
  ): Promise<void> {
    const key = mailboxKey(name);
    const { cache, writer, clock, deleteDelayMs } = this.options;
    const { entry } = this.required(key);
    if (this.taps.deleting.isTapped) await this.taps.deleting.call(entry, origin);
    const isImmediate = options.immediate === true || deleteDelayMs === 0;
    const row = await writer.run('listDelete', { id: entry.id, key, isImmediate, nowMs: clock.now() });
    await writer.run('dropMailbox', { ref: cache.toListed(row).ref, isGone: isImmediate });
    this.options.tell({ kind: 'deleted', mailbox: entry, session: origin?.session });
    if (this.taps.deleted.isTapped) await this.taps.deleted.call(entry, origin);
  }

  async change(id: MailboxId, changes: MailboxChanges, origin?: Origin): Promise<MailboxEntry> {
    const { cache, writer } = this.options;
    const before = cache.byId(id);
    if (before === undefined) throw nonexistent();
    const { row, others } = await writer.run('listChange', { id, patch: toPatch(changes) });
    const { entry, ref } = cache.toListed(row);
    if (before.ref.quotaRoot !== ref.quotaRoot) await writer.run('syncMailbox', { ref });
    for (const other of others) {
      const after = cache.toListed(other.row).entry;
      await this.changed(cache.toListed(other.before).entry, after, { specialUse: after.specialUse }, origin);
    }
    await this.changed(before.entry, entry, changes, origin);
    return entry;
  }

  private async changed(
    before: MailboxEntry,
    mailbox: MailboxEntry,
    changes: MailboxChanges,
    origin: Origin | undefined,
  ): Promise<void> {
    this.options.tell({ kind: 'changed', before, mailbox, session: origin?.session });
    if (this.taps.changed.isTapped) await this.taps.changed.call(mailbox, changes, origin);
  }

  async deleted(query: MailboxListQuery): Promise<readonly DeletedMailbox[]> {
    return this.options.cache
      .deleted()
      .filter(({ listed }) => matches(listed, query))
      .map(({ listed, deletedMs }) => ({ entry: listed.entry, deletedMs }));
  }

  async undelete(id: MailboxId, as: MailboxName, origin?: Origin): Promise<MailboxEntry> {
    const { cache, writer } = this.options;
    const creation: MailboxCreation = { name: as, options: {}, origin };
    if (this.taps.creating.isTapped) await this.taps.creating.call(creation);
    const { entry, ref } = cache.toListed(await writer.run('listUndelete', { id, key: mailboxKey(as) }));
    await writer.run('syncMailbox', { ref });
    this.options.tell({ kind: 'created', mailbox: entry, session: origin?.session });
    if (this.taps.created.isTapped) await this.taps.created.call(entry, origin);
    return entry;
  }

  async subscriptions(user: UserId): Promise<readonly MailboxName[]> {
    return this.options.cache.subscriptions(user).sort(byCodeUnit).map(mailboxFromKey);
  }

  async subscribe(user: UserId, name: MailboxName, origin?: Origin): Promise<void> {
    const isNew = await this.options.writer.run('subscribe', { user, key: mailboxKey(name), isOn: true });
    if (isNew) this.options.tell({ kind: 'subscribed', user, name, session: origin?.session });
  }

  async unsubscribe(user: UserId, name: MailboxName, origin?: Origin): Promise<void> {
    const wasThere = await this.options.writer.run('subscribe', { user, key: mailboxKey(name), isOn: false });
    if (wasThere) this.options.tell({ kind: 'unsubscribed', user, name, session: origin?.session });
  }

  async metadata(
    id: MailboxId | 'server',
    user: UserId | undefined,
  ): Promise<ReadonlyMap<string, Uint8Array>> {
    return this.options.cache.metadata(id === 'server' ? '' : id, user ?? '');
  }

  async setMetadata(
    id: MailboxId | 'server',
    user: UserId | undefined,
    entries: ReadonlyMap<string, Uint8Array | undefined>,
    origin?: Origin,
  ): Promise<void> {
    const mailbox = id === 'server' ? undefined : this.options.cache.byId(id)?.entry;
    if (id !== 'server' && mailbox === undefined) throw nonexistent();
    await this.options.writer.run('setMetadata', {
      mailbox: id === 'server' ? '' : id,
      user: user ?? '',
      entries,
    });
    this.options.tell({
      kind: 'metadata',
      mailbox,
      user,
      entries: [...entries.keys()],
      session: origin?.session,
    });
  }

  /** With the store's own facts. */
  listed(query: MailboxListQuery): readonly Listed[] {
    const { cache } = this.options;
    const tree = treeOfQuery(query);
    if (tree === undefined && query.grantedTo !== undefined) {
      return cache.listGranted(query.grantedTo).filter((listed) => matches(listed, query));
    }
    const all = tree === undefined ? cache.listAll(query.domain) : cache.listTree(tree);
    return all.filter((listed) => matches(listed, query));
  }

  private subtree(key: string): readonly Listed[] {
    const all = this.options.cache.listTree(treeOfKey(key));
    return all.filter((listed) => listed.key === key || listed.key.startsWith(key + SEPARATOR));
  }

  private async renameRows(from: MailboxName, to: MailboxName): Promise<{ from: string; row: ListRow }[]> {
    const { writer, shards } = this.options;
    const renamed = await writer.run('listRename', { fromKey: mailboxKey(from), toKey: mailboxKey(to) });
    const oldUser = from.path.length === 0 ? ownerOf(from) : undefined;
    const newUser = to.path.length === 0 ? ownerOf(to) : undefined;
    if (oldUser !== undefined && newUser !== undefined) {
      const fromShard = shardOfUser(oldUser, shards);
      await writer.run('moveUser', {
        from: oldUser,
        to: newUser,
        fromShard,
        toShard: shardOfUser(newUser, shards),
      });
    }
    return renamed;
  }

  /** Bodies move first: the list names the new place when they are there. */
  private async moveToPartition(row: ListRow, partition: KnownPartition): Promise<ListRow> {
    const { cache, writer } = this.options;
    await writer.run('relocate', { ref: cache.toListed(row).ref, partition: partition.id });
    return await writer.run('listPartition', { id: row.id, partition: partition.id });
  }

  private required(key: string): Listed {
    const found = this.options.cache.find(key);
    if (found === undefined) throw nonexistent();
    return found;
  }

  private requiredRow(id: MailboxId): ListRow {
    const row = this.options.cache.row(id);
    if (row === undefined) throw nonexistent();
    return row;
  }

  /** The one asked for, the nearest parent's, or what the configuration chooses. */
  private partitionOfNew(name: MailboxName, wanted: string | undefined): number {
    if (wanted !== undefined) return this.partition(wanted).id;
    for (let { path } = name; path.length > 0; ) {
      path = path.slice(0, -1);
      const parent = this.options.cache.find(mailboxKey({ ...name, path }));
      if (parent !== undefined) return parent.ref.partition;
    }
    return this.options.picker.pick().id;
  }

  private partition(name: string): KnownPartition {
    const found = this.options.partitions.find((partition) => partition.name === name);
    if (found === undefined) throw new MailError('CANNOT', `There is no partition ${name}`);
    return found;
  }
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The one tree that holds all a query can match, if there is one. */
function treeOfQuery({ owner, shared, domain, below }: MailboxListQuery): string | undefined {
  if (below !== undefined) return treeOfKey(mailboxKey(below));
  if (owner !== undefined) {
    const { local, domain: ofOwner } = splitUserId(owner);
    return `${ofOwner ?? ''}${SEPARATOR}~${local}`;
  }
  if (shared === true) return domain === undefined ? undefined : `${domain}${SEPARATOR}`;
  return undefined;
}

function matches({ entry, key }: Listed, query: MailboxListQuery): boolean {
  const { name } = entry;
  if (query.owner !== undefined && ownerOf(name) !== query.owner) return false;
  if (query.shared === true && name.owner !== undefined) return false;
  if (query.shared === false && name.owner === undefined) return false;
  if (query.domain !== undefined && (name.domain ?? '') !== query.domain) return false;
  if (query.grantedTo !== undefined && !isGranted(entry, query.grantedTo)) return false;
  if (query.below === undefined) return true;
  const top = mailboxKey(query.below);
  return key === top || key.startsWith(top + SEPARATOR);
}

function isGranted({ name, acl }: MailboxEntry, identifiers: readonly string[]): boolean {
  const owner = ownerOf(name);
  return identifiers.some((identifier) => identifier !== owner && Object.hasOwn(acl, identifier));
}

function toPatch(changes: MailboxChanges): ListPatch {
  const { acl, expectedAcl, specialUse, soleUse, sharedSeen, attributes } = changes;
  return {
    ...(acl === undefined ? {} : { acl: JSON.stringify(acl) }),
    ...(expectedAcl === undefined ? {} : { expectedAcl: JSON.stringify(expectedAcl) }),
    ...('quotaRoot' in changes ? { quotaRoot: changes.quotaRoot ?? null } : {}),
    ...(specialUse === undefined ? {} : { specialUse: JSON.stringify(specialUse) }),
    ...(soleUse === undefined ? {} : { soleUse }),
    ...(sharedSeen === undefined ? {} : { sharedSeen: sharedSeen ? 1 : 0 }),
    ...(attributes === undefined ? {} : { attributes }),
  };
}
