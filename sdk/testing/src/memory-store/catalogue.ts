/** The mailbox list in memory. */
import {
  type CatalogueChanged,
  type ChangeKind,
  type CreateMailbox,
  type DeletedMailbox,
  type HookBus,
  isBelow,
  type MailboxCatalogue,
  type MailboxChanges,
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
  sameMailbox,
  type UserId,
} from '@angarium/sdk';
import { MemoryBox } from './box.js';

export class MemoryCatalogue implements MailboxCatalogue {
  /** mailboxKey → box. */
  private readonly boxes = new Map<string, MemoryBox>();
  private readonly byBoxId = new Map<MailboxId, MemoryBox>();
  private readonly gone = new Map<MailboxId, { box: MemoryBox; deletedMs: number }>();
  private readonly subscribed = new Map<UserId, Set<string>>();
  private readonly annotations = new Map<string, Map<string, Uint8Array>>();
  private nextId = 1;

  constructor(
    private readonly hooks: HookBus,
    private readonly now: () => number,
    private readonly changed: (id: MailboxId, kind: ChangeKind) => void,
    private readonly tell: (change: CatalogueChanged) => void,
  ) {}

  box(id: MailboxId): MemoryBox | undefined {
    return this.byBoxId.get(id);
  }

  allBoxes(): Iterable<MemoryBox> {
    return this.byBoxId.values();
  }

  async find(name: MailboxName): Promise<MailboxEntry | undefined> {
    return this.boxes.get(mailboxKey(name))?.entry;
  }

  async byId(id: MailboxId): Promise<MailboxEntry | undefined> {
    return this.byBoxId.get(id)?.entry;
  }

  async list(query: MailboxListQuery): Promise<readonly MailboxEntry[]> {
    const keys = [...this.boxes.keys()].sort();
    return keys.map((key) => this.boxes.get(key)!.entry).filter((entry) => matches(entry, query));
  }

  async create(name: MailboxName, options: CreateMailbox = {}, origin?: Origin): Promise<MailboxEntry> {
    const creation = { name, options, origin };
    await this.hooks.hook('mailbox.creating').call(creation);
    if (this.boxes.has(mailboxKey(name))) throw new MailError('ALREADYEXISTS', 'Mailbox already exists');
    const chosen: CreateMailbox = creation.options;
    const { maxMailboxes = Number.POSITIVE_INFINITY, quotaRoot } = chosen;
    const siblings = [...this.boxes.values()].filter(({ entry }) => entry.quotaRoot === quotaRoot);
    if (quotaRoot !== undefined && siblings.length >= maxMailboxes)
      throw new MailError('OVERQUOTA', 'Over quota');
    if (chosen.soleUse === true && this.holders(name, chosen.specialUse ?? []).length > 0)
      throw new MailError('USEATTR', 'Another mailbox has this special use');
    if (chosen.partition !== undefined && chosen.partition !== 'default') {
      throw new MailError('CANNOT', 'Unknown partition');
    }
    const entry: MailboxEntry = {
      id: `box-${this.nextId++}` as MailboxId,
      name,
      uidValidity: this.nextId + 1_700_000_000,
      partition: 'default',
      acl: chosen.acl ?? {},
      quotaRoot: chosen.quotaRoot,
      specialUse: chosen.specialUse ?? [],
      sharedSeen: false,
      attributes: chosen.attributes ?? {},
      createdMs: this.now(),
    };
    this.put(new MemoryBox(entry));
    this.changed(entry.id, 'catalogue');
    this.tell({ kind: 'created', mailbox: entry, session: origin?.session });
    await this.hooks.hook('mailbox.created').call(entry, origin);
    return entry;
  }

  async rename(
    from: MailboxName,
    to: MailboxName,
    _options: { readonly partition?: string } = {},
    origin?: Origin,
  ): Promise<readonly Renamed[]> {
    const top = this.boxes.get(mailboxKey(from));
    if (!top) throw new MailError('NONEXISTENT', 'Mailbox does not exist');
    await this.hooks.hook('mailbox.renaming').call(top.entry, to, origin);
    if (isBelow(to, from)) throw new MailError('CANNOT', 'A mailbox cannot be moved below itself');
    const moving = [...this.boxes.values()].filter(
      ({ entry }) => sameMailbox(entry.name, from) || isBelow(entry.name, from),
    );
    const target = (name: MailboxName): MailboxName => ({
      ...to,
      path: [...to.path, ...name.path.slice(from.path.length)],
    });
    for (const { entry } of moving) {
      const taken = this.boxes.get(mailboxKey(target(entry.name)));
      if (taken && !moving.includes(taken)) throw new MailError('ALREADYEXISTS', 'Mailbox already exists');
    }
    const keys = new Map(
      moving.map(({ entry: { name } }) => [mailboxKey(name), mailboxKey(target(name))] as const),
    );
    for (const key of keys.keys()) this.boxes.delete(key);
    const renamed = moving.map((box) => {
      const old = box.entry.name;
      const { quotaRoot } = box.entry;
      const root = quotaRoot === undefined ? undefined : (keys.get(quotaRoot) ?? quotaRoot);
      box.entry = { ...box.entry, name: target(old), quotaRoot: root };
      this.put(box);
      this.changed(box.entry.id, 'catalogue');
      return { from: old, entry: box.entry };
    });
    this.tell({ kind: 'renamed', from, mailbox: top.entry, session: origin?.session });
    await this.hooks.hook('mailbox.renamed').call(renamed, origin);
    return renamed;
  }

  async delete(
    name: MailboxName,
    options: { readonly immediate?: boolean } = {},
    origin?: Origin,
  ): Promise<void> {
    const box = this.boxes.get(mailboxKey(name));
    if (!box) throw new MailError('NONEXISTENT', 'Mailbox does not exist');
    await this.hooks.hook('mailbox.deleting').call(box.entry, origin);
    this.boxes.delete(mailboxKey(name));
    this.byBoxId.delete(box.entry.id);
    if (options.immediate !== true) this.gone.set(box.entry.id, { box, deletedMs: this.now() });
    this.changed(box.entry.id, 'deleted');
    this.tell({ kind: 'deleted', mailbox: box.entry, session: origin?.session });
    await this.hooks.hook('mailbox.deleted').call(box.entry, origin);
  }

  async change(id: MailboxId, changes: MailboxChanges, origin?: Origin): Promise<MailboxEntry> {
    const box = this.byBoxId.get(id);
    if (!box) throw new MailError('NONEXISTENT', 'Mailbox does not exist');
    const attributes: Record<string, string> = { ...box.entry.attributes };
    for (const [key, value] of Object.entries(changes.attributes ?? {})) {
      if (value === undefined) delete attributes[key];
      else attributes[key] = value;
    }
    const { expectedAcl, soleUse, ...replaced } = changes;
    if (expectedAcl !== undefined && JSON.stringify(expectedAcl) !== JSON.stringify(box.entry.acl))
      throw new MailError('INUSE', 'The access control list has changed meanwhile');
    const taken = changes.specialUse ?? [];
    const others = soleUse === true ? this.holders(box.entry.name, taken).filter((one) => one !== box) : [];
    const released = others.map((other) => ({
      other,
      specialUse: other.entry.specialUse.filter((use) => !taken.includes(use)),
    }));
    const quotaRoot = 'quotaRoot' in changes ? changes.quotaRoot : box.entry.quotaRoot;
    const told = [
      ...released.map(({ other, specialUse }) => this.replace(other, { specialUse }, { specialUse }, origin)),
      this.replace(box, { ...replaced, quotaRoot, attributes }, changes, origin),
    ];
    await Promise.all(told);
    return box.entry;
  }

  /** At once; the promise is for the hook. */
  private replace(
    box: MemoryBox,
    fields: Partial<MailboxEntry>,
    changes: MailboxChanges,
    origin: Origin | undefined,
  ): Promise<void> | undefined {
    const before = box.entry;
    box.entry = { ...before, ...fields };
    this.changed(box.entry.id, 'catalogue');
    this.tell({ kind: 'changed', before, mailbox: box.entry, session: origin?.session });
    return this.hooks.hook('mailbox.changed').call(box.entry, changes, origin);
  }

  /** Mailboxes of the same owner that have one of these special uses. */
  private holders(name: MailboxName, uses: readonly string[]): MemoryBox[] {
    return [...this.boxes.values()].filter(
      ({ entry }) =>
        entry.name.owner === name.owner &&
        entry.name.domain === name.domain &&
        entry.specialUse.some((use) => uses.includes(use)),
    );
  }

  async deleted(query: MailboxListQuery): Promise<readonly DeletedMailbox[]> {
    return [...this.gone.values()]
      .map(({ box, deletedMs }) => ({ entry: box.entry, deletedMs }))
      .filter(({ entry }) => matches(entry, query))
      .sort((a, b) => b.deletedMs - a.deletedMs);
  }

  async undelete(id: MailboxId, as: MailboxName, origin?: Origin): Promise<MailboxEntry> {
    const found = this.gone.get(id);
    if (!found) throw new MailError('NONEXISTENT', 'Mailbox does not exist');
    if (this.boxes.has(mailboxKey(as))) throw new MailError('ALREADYEXISTS', 'Mailbox already exists');
    this.gone.delete(id);
    found.box.entry = { ...found.box.entry, name: as };
    this.put(found.box);
    this.changed(id, 'catalogue');
    this.tell({ kind: 'created', mailbox: found.box.entry, session: origin?.session });
    await this.hooks.hook('mailbox.created').call(found.box.entry, origin);
    return found.box.entry;
  }

  async subscriptions(user: UserId): Promise<readonly MailboxName[]> {
    return [...(this.subscribed.get(user) ?? [])].sort().map(mailboxFromKey);
  }

  async subscribe(user: UserId, name: MailboxName, origin?: Origin): Promise<void> {
    const names = this.subscribed.get(user) ?? new Set();
    if (names.has(mailboxKey(name))) return;
    this.subscribed.set(user, names.add(mailboxKey(name)));
    this.tell({ kind: 'subscribed', user, name, session: origin?.session });
  }

  async unsubscribe(user: UserId, name: MailboxName, origin?: Origin): Promise<void> {
    if (!this.subscribed.get(user)?.delete(mailboxKey(name))) return;
    this.tell({ kind: 'unsubscribed', user, name, session: origin?.session });
  }

  async metadata(
    id: MailboxId | 'server',
    user: UserId | undefined,
  ): Promise<ReadonlyMap<string, Uint8Array>> {
    return new Map(this.annotations.get(`${id} ${user ?? ''}`));
  }

  async setMetadata(
    id: MailboxId | 'server',
    user: UserId | undefined,
    entries: ReadonlyMap<string, Uint8Array | undefined>,
    origin?: Origin,
  ): Promise<void> {
    const mailbox = id === 'server' ? undefined : this.byBoxId.get(id)?.entry;
    if (id !== 'server' && mailbox === undefined)
      throw new MailError('NONEXISTENT', 'Mailbox does not exist');
    const key = `${id} ${user ?? ''}`;
    const all = this.annotations.get(key) ?? new Map<string, Uint8Array>();
    this.annotations.set(key, all);
    for (const [entry, value] of entries) {
      if (value === undefined) all.delete(entry);
      else all.set(entry, value);
    }
    this.tell({ kind: 'metadata', mailbox, user, entries: [...entries.keys()], session: origin?.session });
  }

  private put(box: MemoryBox): void {
    this.boxes.set(mailboxKey(box.entry.name), box);
    this.byBoxId.set(box.entry.id, box);
  }
}

function matches(entry: MailboxEntry, query: MailboxListQuery): boolean {
  const { name } = entry;
  if (query.owner !== undefined && ownerOf(name) !== query.owner) return false;
  if (query.shared !== undefined && (name.owner === undefined) !== query.shared) return false;
  if (query.domain !== undefined && (name.domain ?? '') !== query.domain) return false;
  const isGranted = (identifier: string) =>
    identifier !== ownerOf(name) && Object.hasOwn(entry.acl, identifier);
  if (query.grantedTo !== undefined && !query.grantedTo.some(isGranted)) return false;
  return query.below === undefined || sameMailbox(name, query.below) || isBelow(name, query.below);
}
