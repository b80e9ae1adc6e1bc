/** The plugin's one component: the engine under the contracts it serves. */
import {
  type AppendOutcome,
  type AppendTarget,
  type CatalogueChanged,
  type ChangeFeed,
  CLOCK,
  type Clock,
  COMMANDS,
  CONFIG,
  type Command,
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
  type MailboxRepair,
  type MailboxStatus,
  type MailStore,
  MESSAGE_BUS,
  type MessageBus,
  type Origin,
  type QuotaUsage,
  type RecordSpace,
  type Records,
  type Registry,
  STATUS_SOURCES,
  type StagedMessage,
  type StageOptions,
  type StatusSource,
  type StoreRepair,
  type UsageFault,
  type UserId,
} from '@angarium/sdk';
import { mbexamine } from './commands/mbexamine.js';
import { mbpath } from './commands/mbpath.js';
import { partitions, reportPartitions, rewritePartition } from './commands/partitions.js';
import { reconstruct } from './commands/reconstruct.js';
import { storeCheck, storeMaintain } from './commands/store-check.js';
import { type StoreConfig, toSettings } from './config.js';
import { StoreEngine } from './engine.js';
import { Maintenance } from './maintenance/maintenance.js';
import { reconstructMailbox, recountUsage } from './maintenance/repair.js';

/** After the start, when clients have reconnected. */
const RECOVER_AFTER_MS = 10_000;

@injectable()
export class SqliteStore extends Component implements MailStore, ChangeFeed, Records, StoreRepair {
  private opened: StoreEngine | undefined;
  private maintenance: Maintenance | undefined;
  private background: Promise<unknown> = Promise.resolve();

  constructor(
    @inject(CONFIG) private readonly config: StoreConfig,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) private readonly log: Logger,
    @inject(HOOKS) private readonly hooks: HookBus,
    @inject(HOST) private readonly host: Host,
    @inject(MESSAGE_BUS) private readonly bus: MessageBus,
    @inject(COMMANDS) private readonly commands: Registry<Command>,
    @inject(STATUS_SOURCES) private readonly statusSources: Registry<StatusSource>,
  ) {
    super();
  }

  override async start(): Promise<void> {
    const { clock, log, hooks, bus, host } = this;
    const settings = toSettings(this.config, host.dataDir);
    this.opened = await StoreEngine.open({ settings, clock, log, hooks, bus });
    this.maintenance = new Maintenance(this.opened, clock, log);
    this.own(this.addCommands());
    if (host.role !== 'server') return;
    // The first client should not wait for it, and a store that cannot be written should not start.
    await this.opened.writer.run('counts', {});
    this.own(this.statusSources.add({ name: 'store', read: () => this.engine.writer.run('counts', {}) }));
    this.own(this.statusSources.add({ name: 'partitions', read: () => reportPartitions(this.engine) }));
    this.own(clock.after(RECOVER_AFTER_MS, () => this.whenLeader((maintenance) => maintenance.recover())));
    const { everyMs } = settings.maintenance;
    if (everyMs > 0)
      this.own(clock.every(everyMs, () => this.whenLeader((maintenance) => maintenance.run())));
  }

  private addCommands(): Disposable {
    const engine = () => this.engine;
    const maintenance = () => this.maintenance!;
    return this.commands.add(
      mbexamine(engine),
      mbpath(engine),
      partitions(engine),
      rewritePartition(engine),
      reconstruct(engine, this.clock),
      storeCheck(engine, maintenance),
      storeMaintain(maintenance),
    );
  }

  private whenLeader(work: (maintenance: Maintenance) => Promise<unknown>): void {
    if (!this.host.isLeader || this.maintenance === undefined) return;
    this.background = this.background
      .then(() => (this.maintenance === undefined ? undefined : work(this.maintenance)))
      .catch((err: unknown) => this.log.error('background work of the store failed', { err }));
  }

  override async stop(): Promise<void> {
    this.maintenance?.stop();
    await this.background;
    this.maintenance = undefined;
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

  annotationUsage(quotaRoot: string): Promise<number> {
    return this.engine.annotationUsage(quotaRoot);
  }

  reconstruct(
    mailbox: MailboxId,
    { isDry = false }: { readonly isDry?: boolean } = {},
  ): Promise<MailboxRepair> {
    return reconstructMailbox(this.engine, mailbox, isDry);
  }

  recountUsage({ isDry = false }: { readonly isDry?: boolean } = {}): Promise<readonly UsageFault[]> {
    return recountUsage(this.engine, isDry);
  }

  watch(mailbox: MailboxId, listener: (change: MailboxChanged) => void): Disposable {
    return this.engine.feed.watch(mailbox, listener);
  }

  watchAll(listener: (change: MailboxChanged) => void): Disposable {
    return this.engine.feed.watchAll(listener);
  }

  watchCatalogue(listener: (change: CatalogueChanged) => void): Disposable {
    return this.engine.feed.watchCatalogue(listener);
  }

  space(name: string): RecordSpace {
    // Plugins fetch their space where they are constructed, before anything has started.
    const records = (): RecordSpace => this.engine.records.space(name);
    return {
      get: (owner, key) => records().get(owner, key),
      list: (owner, query) => records().list(owner, query),
      write: (owner, changes) => records().write(owner, changes),
      prune: (nowMs, options) => records().prune(nowMs, options),
    };
  }
}
