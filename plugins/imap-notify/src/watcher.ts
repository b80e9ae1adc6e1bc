/** What one session has asked to hear, what it has not heard yet, and how it is told. */
import {
  type CatalogueChanged,
  type ChangeKind,
  type ImapFetch,
  type ImapListing,
  type ImapReply,
  type ImapSession,
  type MailboxEntry,
  type MailboxId,
  type MailboxName,
  type MetadataChanged,
  NumberSet,
  parentOf,
  Right,
  type SelectedNews,
  sameMailbox,
} from '@angarium/sdk';
import { type Events, NotifyEvent } from './events.js';
import type { SelectedGroup } from './grammar.js';
import { type NameNews, News } from './news.js';
import { Specs } from './specs.js';
import { changedStatus, wholeStatus, writeStatuses } from './status.js';

const eventOfKind: Partial<Record<ChangeKind, Events>> = {
  appended: NotifyEvent.messageNew,
  expunged: NotifyEvent.messageExpunge,
  flags: NotifyEvent.flagChange,
  annotations: NotifyEvent.annotationChange,
};

const everything: SelectedNews = { messages: true, expunges: true, flags: true };

/** What all watchers of a worker share. */
export interface WatchContext {
  readonly listing: ImapListing;
  readonly fetch: ImapFetch;
  readonly maxWaiting: number;
  readonly maxMailboxes: number;
  /** The watcher's place in the index has to be found anew. */
  moved(watcher: Watcher): void;
  /** NOTIFY NONE, by overflow or the end of the session. */
  ended(watcher: Watcher): void;
}

export class Watcher {
  specs: Specs;
  /** Watched for events of messages. */
  ids: ReadonlyMap<MailboxId, Events> = new Map();
  private news: News;
  private isAsked = false;
  private needsLookUp = false;
  private isCatchingUp = false;
  /** Made by this connection in the selected mailbox: told by EXISTS alone (RFC 5465 §5.2). */
  private own = NumberSet.empty;
  /** Up to here this connection has changed a mailbox itself, and knows of it. */
  private readonly ownModSeqs = new Map<MailboxId, number>();

  constructor(
    readonly session: ImapSession,
    private readonly context: WatchContext,
    private selected: SelectedGroup | undefined,
  ) {
    this.specs = new Specs(session, []);
    this.news = new News(context.maxWaiting);
  }

  get isOver(): boolean {
    const { state } = this.session;
    return state === 'logout' || state === 'not-authenticated';
  }

  /** NOTIFY SET. */
  async set(specs: Specs, selected: SelectedGroup | undefined): Promise<void> {
    await specs.refresh();
    this.specs = specs;
    this.selected = selected;
    this.news = new News(this.context.maxWaiting);
  }

  /** NOTIFY SET tells what has come together, as NOOP would (RFC 5465 §3.1). */
  async catchUp(reply: ImapReply): Promise<void> {
    const { session } = this;
    if (session.state !== 'selected') return;
    this.isCatchingUp = true;
    try {
      await session.selected.sync(reply, { mayExpunge: true });
    } finally {
      this.isCatchingUp = false;
    }
  }

  /** What the session tells of its selected mailbox. */
  get wants(): SelectedNews {
    if (this.isCatchingUp) return everything;
    const events = this.selected?.events ?? 0;
    return {
      messages: (events & NotifyEvent.messageNew) !== 0,
      expunges: (events & NotifyEvent.messageExpunge) !== 0,
      flags: (events & NotifyEvent.flagChange) !== 0,
    };
  }

  get selectedId(): MailboxId | undefined {
    const { session } = this;
    return this.selected !== undefined && session.state === 'selected'
      ? session.selected.entry.id
      : undefined;
  }

  /** EXISTS has told of these messages. */
  async tellAppended(reply: ImapReply, uids: NumberSet): Promise<void> {
    const { fetch } = this.selected ?? {};
    const fresh = uids.minus(this.own);
    this.own = this.own.minus(uids);
    if (fetch === undefined || fresh.isEmpty || this.isCatchingUp) return;
    const { session } = this;
    await this.context.fetch.write(session, reply, fetch, session.selected.view.indexesOf(fresh));
  }

  /** This connection has done it. */
  ownChange(id: MailboxId, modSeq: number, appended?: NumberSet): void {
    if (appended !== undefined && id === this.selectedId) this.own = this.own.union(appended);
    else if (this.ids.has(id)) this.ownModSeqs.set(id, modSeq);
  }

  messagesChanged(id: MailboxId, kind: ChangeKind): void {
    if (this.session.state === 'selected' && this.session.selected.entry.id === id) {
      if (this.selected !== undefined && this.selected.events !== 0 && eventOfKind[kind] !== undefined) {
        this.news.isSelectedChanged = true;
        this.ask();
      }
      return;
    }
    const event = eventOfKind[kind] ?? 0;
    if ((event & (this.ids.get(id) ?? 0)) === 0) return;
    this.news.addMessages(id, event);
    this.ask();
  }

  /** A change of the list in one of the watched trees, or of this user's subscriptions and entries. */
  catalogueChanged(change: CatalogueChanged): void {
    const isOwn = change.session === this.session.connection.id;
    switch (change.kind) {
      case 'created':
      case 'deleted':
        this.needsLookUp = true;
        if (!isOwn) this.nameChanged(change.mailbox, change.kind === 'created');
        break;
      case 'renamed':
        this.needsLookUp = true;
        if (!isOwn && !sameMailbox(change.from, change.mailbox.name))
          this.renamed(change.from, change.mailbox);
        break;
      case 'changed':
        this.rightsChanged(change.before, change.mailbox);
        break;
      case 'subscribed':
      case 'unsubscribed':
        if (!isOwn && this.hears(change.name, NotifyEvent.subscriptionChange)) this.addName(change.name);
        if (this.specs.hasSubscribed) this.needsLookUp = true;
        break;
      case 'metadata':
        break;
    }
    if (this.needsLookUp) this.ask();
  }

  metadataChanged({ mailbox, user, entries, session }: MetadataChanged): void {
    if (session === this.session.connection.id) return;
    if (user !== undefined && user !== this.session.identity.user) return;
    if (mailbox === undefined) {
      if ((this.specs.allEvents & NotifyEvent.serverMetadataChange) === 0) return;
    } else {
      if (!this.hears(mailbox.name, NotifyEvent.mailboxMetadataChange) || !this.specs.isOpen(mailbox)) return;
    }
    this.news.addMetadata(mailbox?.name, entries);
    this.ask();
  }

  private hears(name: MailboxName, event: Events): boolean {
    return (this.specs.allEvents & event) !== 0 && (this.specs.eventsOf(name) & event) !== 0;
  }

  private canSee(mailbox: MailboxEntry): boolean {
    const { access, identity } = this.session;
    return (access.rights(identity, mailbox) & Right.lookup) !== 0;
  }

  /** It and its parent, which has children now or has not (RFC 5465 §5.4). */
  private nameChanged(mailbox: MailboxEntry, isParentTold: boolean): void {
    if (!this.canSee(mailbox)) return;
    const parent = parentOf(mailbox.name);
    if (parent !== undefined && isParentTold && this.hears(parent, NotifyEvent.mailboxName))
      this.addName(parent);
    if (this.hears(mailbox.name, NotifyEvent.mailboxName)) this.addName(mailbox.name);
    if (parent !== undefined && !isParentTold && this.hears(parent, NotifyEvent.mailboxName))
      this.addName(parent);
  }

  private renamed(from: MailboxName, mailbox: MailboxEntry): void {
    const event = NotifyEvent.mailboxName;
    if (!this.hears(from, event) && !this.hears(mailbox.name, event)) return;
    if (this.canSee(mailbox)) this.addName(mailbox.name, from);
    // The ACL is that of before: who may not look it up now could not then, unless it was his own.
    else if (this.session.identity.user === from.owner) this.addName(from);
  }

  /** Granting and taking the right to look it up is as creation and deletion (RFC 5465 §5.4); without the right to read nothing is told (RFC 5465 §5.9). */
  private rightsChanged(before: MailboxEntry, mailbox: MailboxEntry): void {
    const wasOpen = this.specs.isOpen(before);
    const isOpen = this.specs.isOpen(mailbox);
    if (wasOpen !== isOpen) this.needsLookUp = true;
    const couldSee = this.canSee(before);
    const canSee = this.canSee(mailbox);
    if (wasOpen && !isOpen && this.specs.eventsOf(mailbox.name) !== 0)
      this.addName(mailbox.name, undefined, true);
    else if (couldSee !== canSee || wasOpen !== isOpen) {
      const events = this.specs.eventsOf(mailbox.name);
      if (couldSee !== canSee ? (events & NotifyEvent.mailboxName) !== 0 : events !== 0)
        this.addName(mailbox.name);
    }
  }

  private addName(name: MailboxName, oldName?: MailboxName, isClosed = false): void {
    this.news.addName({ name, oldName, isClosed });
    this.ask();
  }

  /** Once, however much comes until the session comes to it. */
  private ask(): void {
    if (this.isAsked) return;
    this.isAsked = true;
    this.session.interject((reply) => this.tell(reply));
  }

  private async tell(reply: ImapReply): Promise<void> {
    this.isAsked = false;
    if (this.isOver) return;
    const { news } = this;
    this.news = new News(this.context.maxWaiting);
    if (news.isTooMuch) return this.overflow(reply);
    if (this.needsLookUp && !(await this.lookUp())) return this.overflow(reply);
    for (const name of news.names.values()) reply.untagged(await this.nameLine(reply, name));
    for (const { name, entries } of news.metadata.values()) {
      const mailbox = name === undefined ? '""' : reply.mailbox(name);
      const words = [...entries].map((entry) => (/^[\w/.:+-]+$/.test(entry) ? entry : reply.quote(entry)));
      reply.untagged(`METADATA ${mailbox} ${words.join(' ')}`);
    }
    await this.tellStatus(reply, news.messages);
    await reply.drain();
    if (news.isSelectedChanged) await this.tellSelected(reply);
  }

  /** RFC 5465 §6.1: at once, or what is expunged with a command that allows it. */
  private async tellSelected(reply: ImapReply): Promise<void> {
    const { session, selected } = this;
    if (selected === undefined || session.state !== 'selected') return;
    await session.selected.sync(reply, { mayExpunge: !selected.isDelayed, withUid: true });
  }

  /** False: there are too many. */
  async lookUp(): Promise<boolean> {
    this.needsLookUp = false;
    await this.specs.refresh();
    this.ids = (await this.specs.watched()).ids;
    for (const id of this.ownModSeqs.keys()) if (!this.ids.has(id)) this.ownModSeqs.delete(id);
    this.context.moved(this);
    return this.ids.size <= this.context.maxMailboxes;
  }

  /** RFC 5465 §5.8: as after NOTIFY NONE. */
  overflow(reply: ImapReply): void {
    reply.status('OK', 'Too much to tell', 'NOTIFICATIONOVERFLOW');
    this.end();
  }

  end(): void {
    this.selected = undefined;
    this.specs = new Specs(this.session, []);
    this.ids = new Map();
    this.context.ended(this);
  }

  private async nameLine(reply: ImapReply, { name, oldName, isClosed }: NameNews): Promise<string> {
    const extended = oldName === undefined ? undefined : `("OLDNAME" (${reply.mailbox(oldName)}))`;
    const line = await this.context.listing.line(this.session, reply, name, extended);
    return isClosed ? line.replace('LIST (', 'LIST (\\NoAccess ') : line;
  }

  /** STATUS of mailboxes that are not selected: what concerns the events (RFC 5465 §5.1 to RFC 5465 §5.3). */
  private async tellStatus(reply: ImapReply, messages: ReadonlyMap<MailboxId, Events>): Promise<void> {
    const { session, specs, ownModSeqs, ids } = this;
    await writeStatuses(session, reply, [...messages.keys()], (id, status, entry) => {
      const isKnown = ownModSeqs.get(id) === status.highestModSeq;
      if (isKnown || !specs.isOpen(entry)) return '';
      return changedStatus(session, status, messages.get(id)!, ids.get(id) ?? 0);
    });
  }

  /** NOTIFY SET STATUS: how all watched mailboxes are now (RFC 5465 §3.1). */
  async tellAll(reply: ImapReply): Promise<void> {
    const { session, ids } = this;
    const selected = session.state === 'selected' ? session.selected.entry.id : undefined;
    const others = [...ids.keys()].filter((id) => id !== selected);
    await writeStatuses(session, reply, others, (id, status) => wholeStatus(status, ids.get(id)!));
  }
}
