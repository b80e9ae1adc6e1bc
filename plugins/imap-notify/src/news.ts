/** What a session has to be told and has not been told yet, joined as far as it can be: bounded, whatever happens. */
import { type MailboxId, type MailboxName, mailboxKey } from '@angarium/sdk';
import type { Events } from './events.js';

/** A LIST line to come. */
export interface NameNews {
  readonly name: MailboxName;
  /** Renamed from. */
  readonly oldName: MailboxName | undefined;
  /** The client may not look into it any more (RFC 5465 §5.9). */
  readonly isClosed: boolean;
}

export interface MetadataNews {
  /** Undefined: of the server. */
  readonly name: MailboxName | undefined;
  readonly entries: Set<string>;
}

export class News {
  /** Mailboxes with new messages, other flags …: at most as many as are watched. */
  messages = new Map<MailboxId, Events>();
  names = new Map<string, NameNews>();
  metadata = new Map<string, MetadataNews>();
  /** The selected mailbox has changed. */
  isSelectedChanged = false;
  private waiting = 0;

  constructor(private readonly maxWaiting: number) {}

  get isEmpty(): boolean {
    return (
      this.messages.size === 0 && this.names.size === 0 && this.metadata.size === 0 && !this.isSelectedChanged
    );
  }

  /** More than the client can be told. */
  get isTooMuch(): boolean {
    return this.waiting > this.maxWaiting;
  }

  addMessages(id: MailboxId, events: Events): void {
    this.messages.set(id, (this.messages.get(id) ?? 0) | events);
  }

  addName(news: NameNews): void {
    const key = mailboxKey(news.name);
    const before = this.names.get(key);
    this.names.delete(key);
    this.names.set(key, { ...news, oldName: news.oldName ?? before?.oldName });
    if (before === undefined) this.waiting++;
  }

  addMetadata(name: MailboxName | undefined, entries: readonly string[]): void {
    const key = name === undefined ? '' : mailboxKey(name);
    const news = this.metadata.get(key) ?? { name, entries: new Set<string>() };
    this.metadata.set(key, news);
    const before = news.entries.size;
    for (const entry of entries) news.entries.add(entry);
    this.waiting += news.entries.size - before;
  }
}
