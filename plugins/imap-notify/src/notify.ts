import {
  CHANGE_FEED,
  type ChangeFeed,
  CONFIG,
  Component,
  defineImapCommand,
  HOOKS,
  type HookBus,
  IMAP_EXTENSIONS,
  IMAP_FETCH,
  IMAP_LISTING,
  type ImapCommandContext,
  type ImapExtension,
  type ImapExtensions,
  type ImapFetch,
  type ImapListing,
  inject,
  injectable,
  type UpdateFilter,
} from '@angarium/sdk';
import type { NotifyConfig } from './config.js';
import { eventNames } from './events.js';
import { type Notify, parseNotify } from './grammar.js';
import { Hub, watcherOf } from './hub.js';
import { Specs } from './specs.js';
import { Watcher } from './watcher.js';

type NotifySet = Extract<Notify, { kind: 'set' }>;

@injectable()
export class NotifyImap extends Component {
  private readonly hub = new Hub();

  constructor(
    @inject(CONFIG) private readonly config: NotifyConfig,
    @inject(IMAP_EXTENSIONS) private readonly extensions: ImapExtensions,
    @inject(IMAP_LISTING) private readonly listing: ImapListing,
    @inject(IMAP_FETCH) private readonly fetch: ImapFetch,
    @inject(CHANGE_FEED) private readonly changes: ChangeFeed,
    @inject(HOOKS) private readonly hooks: HookBus,
  ) {
    super();
  }

  override start(): void {
    const { hub } = this;
    this.own(this.changes.watchAll((change) => hub.messagesChanged(change)));
    this.own(this.changes.watchCatalogue((change) => hub.catalogueChanged(change)));
    this.own(
      this.hooks.tap('message.appended', ({ mailbox, modSeq, uids, origin }) =>
        hub.ofSession(origin?.session)?.ownChange(mailbox.id, modSeq, uids),
      ),
    );
    for (const hook of ['message.flagged', 'message.expunged'] as const) {
      this.own(
        this.hooks.tap(hook, ({ mailbox, modSeq, origin }) =>
          hub.ofSession(origin?.session)?.ownChange(mailbox, modSeq),
        ),
      );
    }
    this.own(this.extensions.add(this.extension()));
  }

  private extension(): ImapExtension {
    const notify = defineImapCommand({
      name: 'NOTIFY',
      rfc: 'RFC 5465 §3.1',
      states: ['authenticated', 'selected'],
      parse: (line) => parseNotify(line, this.fetch),
      run: (context, asked) => this.run(context, asked),
    });
    return {
      name: 'NOTIFY',
      capabilities: [{ word: 'NOTIFY', states: ['authenticated', 'selected'] }],
      commands: [notify],
      updateFilters: [this.filter()],
    };
  }

  /** What is told of the selected mailbox, once NOTIFY has been said. */
  private filter(): UpdateFilter {
    return {
      isActive: (session) => watcherOf(session).watcher !== undefined,
      wants: (session) => {
        const watcher = watcherOf(session).watcher!;
        // The session looks at its mailbox, which may be another one than before.
        this.hub.follow(watcher);
        return watcher.wants;
      },
      appended: async (session, reply, uids) => watcherOf(session).watcher?.tellAppended(reply, uids),
    };
  }

  private async run(context: ImapCommandContext, asked: Notify): Promise<void> {
    const { session, reply } = context;
    const state = watcherOf(session);
    if (asked.kind === 'none') {
      state.watcher ??= this.newWatcher(context);
      state.watcher.end();
      return;
    }
    if (asked.unknown.length > 0) {
      const names = eventNames.map(([, name]) => name).join(' ');
      reply.failed('Unsupported event', `BADEVENT (${names})`);
      return;
    }
    await this.set(context, asked);
  }

  private async set(context: ImapCommandContext, asked: NotifySet): Promise<void> {
    const { session, reply } = context;
    const specs = new Specs(session, asked.groups);
    await specs.refresh();
    const { ids, closed } = await specs.watched();
    if (ids.size > this.config.maxMailboxes) {
      reply.failed('Too many mailboxes', 'NOTIFICATIONOVERFLOW');
      return;
    }
    const state = watcherOf(session);
    state.watcher ??= this.newWatcher(context);
    const { watcher } = state;
    await watcher.set(specs, asked.selected);
    await watcher.catchUp(reply);
    // From here on changes are heard; the counters come after, so that none is lost in between.
    watcher.ids = ids;
    this.hub.put(watcher);
    for (const mailbox of closed) {
      const line = await this.listing.line(session, reply, mailbox.name);
      reply.untagged(line.replace('LIST (', 'LIST (\\NoAccess '));
    }
    if (asked.tellsStatus) await watcher.tellAll(reply);
  }

  private newWatcher({ session }: ImapCommandContext): Watcher {
    const { hub, config } = this;
    const watcher = new Watcher(
      session,
      {
        listing: this.listing,
        fetch: this.fetch,
        maxWaiting: config.maxWaiting,
        maxMailboxes: config.maxMailboxes,
        moved: (moved) => hub.put(moved),
        ended: (ended) => hub.remove(ended),
      },
      undefined,
    );
    session.connection.signal.addEventListener('abort', () => hub.remove(watcher), { once: true });
    return watcher;
  }
}
