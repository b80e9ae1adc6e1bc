import {
  ACCESS_POLICY,
  type AccessPolicy,
  AUTHENTICATION,
  type Authentication,
  anonymousIdentity,
  CHANGE_FEED,
  type ChangeFeed,
  CLOCK,
  type Clock,
  COMMANDS,
  CONFIG,
  type Command,
  Component,
  type Connection,
  HOOKS,
  HOST,
  type HookBus,
  type Host,
  type Identity,
  inject,
  injectable,
  injectOptional,
  JOBS,
  type Job,
  LOGGER,
  type Logger,
  MAIL_STORE,
  type MailStore,
  ownerPolicy,
  RECORDS,
  type Records,
  type Registry,
  runSession,
  SERVICES,
  type Service,
  type UserId,
} from '@angarium/sdk';
import type { NntpConfig } from './config.js';
import { Control } from './control/control.js';
import { Groups } from './groups/groups.js';
import { GroupNames } from './groups/names.js';
import { WatermarkReader } from './groups/watermarks.js';
import { Follower } from './history/follower.js';
import { History } from './history/history.js';
import { reindexCommand } from './history/reindex.js';
import { protocol } from './protocol.js';
import { type NntpEnvironment, NntpSession } from './session.js';

/** What a client hears that is not let in (RFC 3977 §5.1). */
const busyTexts = {
  'too-many-connections': '400 Too many connections, try again later\r\n',
  'too-many-from-address': '400 Too many connections from your address\r\n',
  draining: '400 The server is going down, try again later\r\n',
} as const;

@injectable()
export class NntpService extends Component {
  private readonly environment: NntpEnvironment;

  constructor(
    @inject(CONFIG) private readonly config: NntpConfig,
    @inject(MAIL_STORE) store: MailStore,
    @inject(RECORDS) private readonly records: Records,
    @inject(AUTHENTICATION) authentication: Authentication,
    @injectOptional(ACCESS_POLICY) policy: AccessPolicy | undefined,
    @injectOptional(CHANGE_FEED) private readonly changes: ChangeFeed | undefined,
    @inject(HOOKS) private readonly hooks: HookBus,
    @inject(SERVICES) private readonly services: Registry<Service>,
    @inject(JOBS) private readonly jobs: Registry<Job>,
    @inject(COMMANDS) private readonly commands: Registry<Command>,
    @inject(HOST) private readonly host: Host,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) log: Logger,
  ) {
    super();
    const access = policy ?? ownerPolicy;
    const names = new GroupNames(config.newsprefix);
    const groups = new Groups({ config, store, access, clock, names });
    const history = new History(records, clock, config.historyDays);
    const { serverName } = host;
    const newsmaster: Identity = {
      ...anonymousIdentity,
      user: config.newsmaster as UserId,
      isAnonymous: false,
      mechanism: 'control',
    };
    this.environment = {
      config,
      store,
      authentication,
      groups,
      watermarks: new WatermarkReader(store),
      history,
      follower: new Follower({ store, groups, history, serverName, log }),
      control: new Control({ store, groups, names, access, history, newsmaster, log }),
      pathIdentity: config.pathIdentity === '' ? serverName : config.pathIdentity,
      host,
      clock,
      log,
    };
  }

  override start(): void {
    const { follower, groups, history } = this.environment;
    if (this.changes !== undefined) this.own(groups.follow(this.changes));
    this.own(this.hooks.tap('message.appended', (batch) => follower.appended(batch)));
    this.own(this.hooks.tap('message.expunged', (batch) => follower.expunged(batch)));
    this.own(this.commands.add(reindexCommand(this.environment)));
    const marks = this.records.space('nntp/filed');
    this.own(
      this.jobs.add({
        name: 'nntp prune',
        schedule: { everyMs: 6 * 3_600_000 },
        run: async () => {
          await history.prune();
          await marks.prune(this.clock.now());
        },
      }),
    );
    this.own(
      this.services.add({
        name: 'nntp',
        listen: this.config.listen,
        alpn: ['nntp'],
        loginTimeoutMs: this.config.idleTimeoutSeconds * 1000,
        busy: (reason) => busyTexts[reason],
        accept: (connection) => this.accept(connection),
      }),
    );
  }

  private async accept(connection: Connection): Promise<void> {
    const session = new NntpSession(connection, this.environment);
    session.answer(200, `${this.host.serverName} Angarium NNTP ready, posting allowed`);
    await runSession(session, protocol);
  }
}
