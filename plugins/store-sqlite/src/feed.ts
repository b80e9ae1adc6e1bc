/** ChangeFeed: this worker's changes right after their commit, those of other processes over the bus. */
import {
  type CatalogueChanged,
  type ChangeFeed,
  disposable,
  type Logger,
  type MailboxChanged,
  type MailboxId,
  type MessageBus,
} from '@angarium/sdk';
import type { Change } from './thread/protocol.js';

const TOPIC = 'store.changes';
const CATALOGUE_TOPIC = 'store.catalogue';

type Listener = (change: MailboxChanged) => void;

export class StoreFeed implements ChangeFeed, Disposable {
  private readonly byMailbox = new Map<MailboxId, Set<Listener>>();
  private readonly everywhere = new Set<Listener>();
  private readonly ofCatalogue = new Set<(change: CatalogueChanged) => void>();
  private readonly subscriptions: readonly (Disposable | undefined)[];

  constructor(
    private readonly bus: MessageBus | undefined,
    private readonly log: Logger,
    private readonly onChange: (change: Change) => void,
  ) {
    this.subscriptions = [
      bus?.subscribe(TOPIC, (payload) => this.deliver(payload as readonly Change[])),
      bus?.subscribe(CATALOGUE_TOPIC, (payload) => this.deliverCatalogue(payload as CatalogueChanged)),
    ];
  }

  /** Changes committed by this process. */
  publish(changes: readonly Change[]): void {
    this.deliver(changes);
    this.bus?.publish(TOPIC, changes);
  }

  /** A change of the list that is durable. */
  publishCatalogue(change: CatalogueChanged): void {
    this.deliverCatalogue(change);
    this.bus?.publish(CATALOGUE_TOPIC, change);
  }

  watch(mailbox: MailboxId, listener: Listener): Disposable {
    const listeners = this.byMailbox.get(mailbox) ?? new Set();
    this.byMailbox.set(mailbox, listeners);
    // Each call has its own entry, also for a listener that is there already.
    const own: Listener = (change) => listener(change);
    listeners.add(own);
    return disposable(() => {
      listeners.delete(own);
      if (listeners.size === 0 && this.byMailbox.get(mailbox) === listeners) this.byMailbox.delete(mailbox);
    });
  }

  watchAll(listener: Listener): Disposable {
    const own: Listener = (change) => listener(change);
    this.everywhere.add(own);
    return disposable(() => this.everywhere.delete(own));
  }

  watchCatalogue(listener: (change: CatalogueChanged) => void): Disposable {
    const own = (change: CatalogueChanged): void => listener(change);
    this.ofCatalogue.add(own);
    return disposable(() => this.ofCatalogue.delete(own));
  }

  [Symbol.dispose](): void {
    for (const subscription of this.subscriptions) subscription?.[Symbol.dispose]();
    this.ofCatalogue.clear();
    this.byMailbox.clear();
    this.everywhere.clear();
  }

  private deliver(changes: readonly Change[]): void {
    for (const change of changes) this.onChange(change);
    if (this.byMailbox.size === 0 && this.everywhere.size === 0) return;
    for (const { mailbox, kind, modSeq } of merged(changes)) {
      const told: MailboxChanged = { mailbox: mailbox as MailboxId, kind, modSeq };
      for (const listener of this.byMailbox.get(told.mailbox) ?? []) this.call(listener, told);
      for (const listener of this.everywhere) this.call(listener, told);
    }
  }

  private deliverCatalogue(change: CatalogueChanged): void {
    for (const listener of this.ofCatalogue) this.call(listener, change);
  }

  private call<T>(listener: (change: T) => void, change: T): void {
    try {
      listener(change);
    } catch (err) {
      this.log.error('a listener of mailbox changes failed', { err });
    }
  }
}

/** The last change of each kind and mailbox stands for all of them. */
function merged(changes: readonly Change[]): Iterable<Change> {
  if (changes.length === 1) return changes;
  const last = new Map<string, Change>();
  for (const change of changes) {
    const key = `${change.mailbox} ${change.kind}`;
    last.delete(key);
    last.set(key, change);
  }
  return last.values();
}
