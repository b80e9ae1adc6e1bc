/** Who hears of what: watchers by mailbox, tree and user, so that a change costs those who have asked for it and nobody else. */
import {
  type CatalogueChanged,
  type ImapSession,
  type MailboxChanged,
  type MailboxId,
  metadataChangedBy,
  type UserId,
} from '@angarium/sdk';
import { treeOf } from './specs.js';
import type { Watcher } from './watcher.js';

/** Sets of watchers by a key. */
class Index<K> {
  private readonly sets = new Map<K, Set<Watcher>>();

  get(key: K): Iterable<Watcher> {
    return this.sets.get(key) ?? [];
  }

  add(key: K, watcher: Watcher): void {
    const set = this.sets.get(key);
    if (set === undefined) this.sets.set(key, new Set([watcher]));
    else set.add(watcher);
  }

  remove(key: K, watcher: Watcher): void {
    const set = this.sets.get(key);
    if (set?.delete(watcher) && set.size === 0) this.sets.delete(key);
  }

  get size(): number {
    return this.sets.size;
  }
}

/** Where a watcher stands, to be taken out again. */
interface Place {
  readonly ids: readonly MailboxId[];
  readonly trees: readonly string[] | undefined;
  readonly user: UserId;
}

export class Hub {
  private readonly byMailbox = new Index<MailboxId>();
  private readonly bySelected = new Index<MailboxId>();
  private readonly byTree = new Index<string>();
  private readonly byUser = new Index<UserId>();
  /** Watchers of trees that are no one tree: of administrators, and of whoever watches all users. */
  private readonly everywhere = new Set<Watcher>();
  private readonly places = new Map<Watcher, Place>();
  private readonly selectedIds = new Map<Watcher, MailboxId>();
  private readonly bySession = new Map<string, Watcher>();

  /** By `Connection.id`. */
  ofSession(id: string | undefined): Watcher | undefined {
    return id === undefined ? undefined : this.bySession.get(id);
  }

  get size(): number {
    return this.places.size;
  }

  /** Also when it stands somewhere already. */
  put(watcher: Watcher): void {
    this.remove(watcher);
    const { session, specs } = watcher;
    const place: Place = { ids: [...watcher.ids.keys()], trees: specs.trees, user: session.identity.user };
    this.places.set(watcher, place);
    this.bySession.set(session.connection.id, watcher);
    for (const id of place.ids) this.byMailbox.add(id, watcher);
    if (place.trees === undefined) this.everywhere.add(watcher);
    else for (const tree of place.trees) this.byTree.add(tree, watcher);
    this.byUser.add(place.user, watcher);
    this.follow(watcher);
  }

  remove(watcher: Watcher): void {
    const place = this.places.get(watcher);
    if (place === undefined) return;
    this.places.delete(watcher);
    this.bySession.delete(watcher.session.connection.id);
    for (const id of place.ids) this.byMailbox.remove(id, watcher);
    this.everywhere.delete(watcher);
    for (const tree of place.trees ?? []) this.byTree.remove(tree, watcher);
    this.byUser.remove(place.user, watcher);
    this.unfollow(watcher);
  }

  /** The mailbox that it has selected now; called whenever the session looks at one. */
  follow(watcher: Watcher): void {
    const id = this.places.has(watcher) ? watcher.selectedId : undefined;
    if (this.selectedIds.get(watcher) === id) return;
    this.unfollow(watcher);
    if (id === undefined) return;
    this.selectedIds.set(watcher, id);
    this.bySelected.add(id, watcher);
  }

  private unfollow(watcher: Watcher): void {
    const old = this.selectedIds.get(watcher);
    if (old === undefined) return;
    this.selectedIds.delete(watcher);
    this.bySelected.remove(old, watcher);
  }

  messagesChanged({ mailbox, kind }: MailboxChanged): void {
    for (const watcher of this.byMailbox.get(mailbox))
      this.tell(watcher, () => watcher.messagesChanged(mailbox, kind));
    for (const watcher of this.bySelected.get(mailbox)) {
      if (watcher.selectedId !== mailbox) this.follow(watcher);
      else this.tell(watcher, () => watcher.messagesChanged(mailbox, kind));
    }
  }

  catalogueChanged(change: CatalogueChanged): void {
    if (this.places.size === 0) return;
    for (const watcher of this.whoHears(change)) this.tell(watcher, () => watcher.catalogueChanged(change));
    const metadata = metadataChangedBy(change);
    if (metadata === undefined) return;
    for (const watcher of this.whoHears(metadata))
      this.tell(watcher, () => watcher.metadataChanged(metadata));
  }

  private whoHears(change: CatalogueChanged): Iterable<Watcher> {
    switch (change.kind) {
      case 'subscribed':
      case 'unsubscribed':
        return this.byUser.get(change.user);
      case 'metadata':
        // What concerns all is rare.
        if (change.mailbox === undefined)
          return change.user === undefined ? this.places.keys() : this.byUser.get(change.user);
        return this.ofTrees(treeOf(change.mailbox.name));
      case 'renamed':
        return this.ofTrees(treeOf(change.from), treeOf(change.mailbox.name));
      default:
        return this.ofTrees(treeOf(change.mailbox.name));
    }
  }

  private ofTrees(...trees: readonly string[]): Iterable<Watcher> {
    return new Set([...trees.flatMap((tree) => [...this.byTree.get(tree)]), ...this.everywhere]);
  }

  /** A session that is over leaves. */
  private tell(watcher: Watcher, run: () => void): void {
    if (watcher.isOver) this.remove(watcher);
    else run();
  }
}

/** Sessions that have said NOTIFY, as the extension's own state of them. */
export function watcherOf(session: ImapSession): { watcher: Watcher | undefined } {
  return session.local(WATCHER, () => ({ watcher: undefined as Watcher | undefined }));
}

const WATCHER = Symbol('notify');
