/** Which mailboxes a client watches, and for what (RFC 5465 §6): looked up once, and kept true as the list changes. */
import {
  type ImapSession,
  isMailError,
  type MailboxEntry,
  type MailboxId,
  type MailboxName,
  mailboxKey,
  ownerOf,
  personalMailbox,
  Right,
} from '@angarium/sdk';
import { type Events, MESSAGE_EVENTS } from './events.js';
import type { Group } from './grammar.js';

/** What all events need (RFC 5465 §5). */
const neededRights = Right.lookup | Right.read;

const SEPARATOR = '\u001f';

/** All mailboxes of a user, or the shared ones of a domain, have one. */
export function treeOf(name: MailboxName): string {
  return mailboxKey({ ...name, path: [] });
}

interface Spec {
  readonly events: Events;
  matches(name: MailboxName): boolean;
  /** Every mailbox that may match. */
  list(): Promise<readonly MailboxEntry[]>;
  /** Trees that it may match in; undefined: all. */
  readonly trees: () => readonly string[] | undefined;
}

/** What of the watched mailboxes a client may hear. */
export interface Watched {
  /** Those with events of messages. */
  readonly ids: ReadonlyMap<MailboxId, Events>;
  /** It may look them up, and no more (RFC 5465 §3.1). */
  readonly closed: readonly MailboxEntry[];
}

export class Specs {
  private subscribed: ReadonlySet<string> = new Set();
  private readonly specs: readonly Spec[];
  /** Of all groups. */
  readonly allEvents: Events;
  readonly hasSubscribed: boolean;

  constructor(
    private readonly session: ImapSession,
    groups: readonly Group[],
  ) {
    this.specs = groups.flatMap((group) => this.specOf(group));
    this.allEvents = groups.reduce((all, { events }) => all | events, 0);
    this.hasSubscribed = groups.some(({ filter }) => filter.of === 'subscribed');
  }

  /** Reads the subscriptions again (RFC 5465 §6.4). */
  async refresh(): Promise<void> {
    if (!this.hasSubscribed) return;
    const { store, identity } = this.session;
    this.subscribed = new Set((await store.catalogue.subscriptions(identity.user)).map(mailboxKey));
  }

  eventsOf(name: MailboxName): Events {
    let events = 0;
    for (const spec of this.specs) {
      if ((spec.events & ~events) !== 0 && spec.matches(name)) events |= spec.events;
    }
    return events;
  }

  /** May the client hear of it? */
  isOpen(mailbox: MailboxEntry): boolean {
    const { access, identity } = this.session;
    return (access.rights(identity, mailbox) & neededRights) === neededRights;
  }

  async watched(): Promise<Watched> {
    const ids = new Map<MailboxId, Events>();
    const closed = new Map<MailboxId, MailboxEntry>();
    const { access, identity } = this.session;
    for (const spec of this.specs) {
      if (spec.events === 0) continue;
      for (const entry of await spec.list()) {
        const rights = access.rights(identity, entry);
        const events = spec.events & MESSAGE_EVENTS;
        if ((rights & neededRights) === neededRights) {
          if (events !== 0) ids.set(entry.id, (ids.get(entry.id) ?? 0) | events);
        } else if ((rights & Right.lookup) !== 0) closed.set(entry.id, entry);
      }
    }
    return { ids, closed: [...closed.values()] };
  }

  /** Trees whose changes can matter; undefined: all of them. */
  get trees(): readonly string[] | undefined {
    const trees = new Set<string>();
    for (const spec of this.specs) {
      const own = spec.trees();
      if (own === undefined) return undefined;
      for (const tree of own) trees.add(tree);
    }
    return [...trees];
  }

  private specOf({ filter, events }: Group): readonly Spec[] {
    const { identity, store } = this.session;
    const { catalogue } = store;
    const { user } = identity;
    if (filter.of === 'personal') {
      const tree = treeOf(personalMailbox(user));
      return [
        {
          events,
          matches: (name) => ownerOf(name) === user,
          list: () => catalogue.list({ owner: user }),
          trees: () => [tree],
        },
      ];
    }
    if (filter.of === 'subscribed') {
      return [
        {
          events,
          matches: (name) => this.subscribed.has(mailboxKey(name)),
          list: async () => {
            const names = await catalogue.subscriptions(user);
            const found = await Promise.all(names.map((name) => catalogue.find(name)));
            return found.flatMap((entry) => entry ?? []);
          },
          // Any name may come to be subscribed: that is told to the user, not to trees.
          trees: () => [...this.subscribed].map((key) => key.split(SEPARATOR).slice(0, 2).join(SEPARATOR)),
        },
      ];
    }
    const isTree = filter.of === 'subtree';
    return filter.names.flatMap((text) => this.namedSpec(text, isTree, events) ?? []);
  }

  /** A name that can be none is passed over (RFC 5465 §3.1), but for the levels above users' and shared mailboxes. */
  private namedSpec(text: string, isTree: boolean, events: Events): Spec | undefined {
    const { namespace, store } = this.session;
    let top: MailboxName;
    try {
      top = namespace.fromClient(text);
    } catch (error) {
      if (!isMailError(error) || error.code !== 'CANNOT') throw error;
      return isTree && namespace.isContainer(text) ? this.containerSpec(text, events) : undefined;
    }
    const key = mailboxKey(top);
    const tree = treeOf(top);
    return {
      events,
      matches(name) {
        const own = mailboxKey(name);
        return own === key || (isTree && own.startsWith(key + SEPARATOR));
      },
      list: async () => {
        if (isTree) return store.catalogue.list({ below: top });
        const found = await store.catalogue.find(top);
        return found === undefined ? [] : [found];
      },
      trees: () => [tree],
    };
  }

  private containerSpec(text: string, events: Events): Spec {
    const { namespace, store } = this.session;
    const matches = (name: MailboxName): boolean =>
      namespace.toClient(name).startsWith(text + namespace.separator);
    return {
      events,
      matches,
      list: async () => (await store.catalogue.list({})).filter(({ name }) => matches(name)),
      trees: () => undefined,
    };
  }
}
