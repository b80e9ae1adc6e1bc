/** The plugin's one component: the engine under the contracts it serves. */
import {
  type AppendOutcome,
  type AppendTarget,
  type ChangeFeed,
  CLOCK,
  type Clock,
  CONFIG,
  Component,
  HOOKS,
  HOST,
  type HookBus,
  type Host,
  inject,
  injectable,
  LOGGER,
  type Logger,
  type Mailbox,
  type MailboxCatalogue,
  type MailboxChanged,
  type MailboxId,
  type MailboxStatus,
  type MailStore,
  MESSAGE_BUS,
  type MessageBus,
  type Origin,
  type QuotaUsage,
  type RecordSpace,
  type Records,
  type StagedMessage,
  type StageOptions,
  type UserId,
} from '@angarium/sdk';
import { type StoreConfig, toSettings } from './config.js';
import { StoreEngine } from './engine.js';

@injectable()
export class SqliteStore extends Component implements MailStore, ChangeFeed, Records {
  private opened: StoreEngine | undefined;

  constructor(
    @inject(CONFIG) private readonly config: StoreConfig,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) private readonly log: Logger,
    @inject(HOOKS) private readonly hooks: HookBus,
    @inject(HOST) private readonly host: Host,
    @inject(MESSAGE_BUS) private readonly bus: MessageBus,
  ) {
    super();
  }

  override async start(): Promise<void> {
    const { clock, log, hooks, bus, host } = this;
    const settings = toSettings(this.config, host.dataDir);
    this.opened = await StoreEngine.open({ settings, clock, log, hooks, bus });
  }

  override async stop(): Promise<void> {
    await this.opened?.close();
    this.opened = undefined;
  }

  private get engine(): StoreEngine {
    if (this.opened === undefined) throw new Error('the store is used before it was started');
    return this.opened;
  }

  get catalogue(): MailboxCatalogue {
    return this.engine.catalogue;
  }

  get partitions(): readonly string[] {
    return this.engine.partitions;
  }

  mailbox(id: MailboxId, viewer?: UserId): Mailbox {
    return this.engine.mailbox(id, viewer);
  }

  status(ids: readonly MailboxId[], viewer?: UserId): Promise<readonly (MailboxStatus | undefined)[]> {
    return this.engine.status(ids, viewer);
  }

  stage(
    source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options: StageOptions,
  ): Promise<StagedMessage> {
    return this.engine.stage(source, options);
  }

  append(targets: readonly AppendTarget[], origin?: Origin): Promise<readonly AppendOutcome[]> {
    return this.engine.append(targets, origin);
  }

  usage(quotaRoot: string): Promise<QuotaUsage> {
    return this.engine.usage(quotaRoot);
  }

  watch(mailbox: MailboxId, listener: (change: MailboxChanged) => void): Disposable {
    return this.engine.feed.watch(mailbox, listener);
  }

  watchAll(listener: (change: MailboxChanged) => void): Disposable {
    return this.engine.feed.watchAll(listener);
  }

  space(name: string): RecordSpace {
    // Plugins fetch their space where they are constructed, before anything has started.
    const records = (): RecordSpace => this.engine.records.space(name);
    return {
      get: (owner, key) => records().get(owner, key),
      list: (owner, query) => records().list(owner, query),
      write: (owner, changes) => records().write(owner, changes),
      prune: (nowMs) => records().prune(nowMs),
    };
  }
}
