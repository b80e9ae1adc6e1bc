import { resolve } from 'node:path';
import {
  ACCOUNT_SOURCES,
  ACCOUNTS,
  type AccountSource,
  type Accounts,
  CLOCK,
  type Clock,
  CONFIG,
  Component,
  folderKey,
  HOST,
  type Host,
  inject,
  injectable,
  LOGGER,
  type Logger,
  MESSAGE_BUS,
  type MessageBus,
  OutsideSource,
  PASSWORD_SCHEMES,
  PASSWORD_SOURCES,
  type PasswordSchemes,
  type PasswordSource,
  type Registry,
} from '@angarium/sdk';
import type { SqlConfig } from './config.js';
import { SqlDirectory } from './directory.js';
import { Postgresql } from './postgresql.js';
import type { Database } from './query.js';
import { Sqlite } from './sqlite.js';

@injectable()
export class SqlAccounts extends Component {
  constructor(
    @inject(CONFIG) private readonly config: SqlConfig,
    @inject(HOST) private readonly host: Host,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) private readonly log: Logger,
    @inject(MESSAGE_BUS) private readonly bus: MessageBus,
    @inject(ACCOUNTS) private readonly accounts: Accounts,
    @inject(PASSWORD_SCHEMES) private readonly schemes: PasswordSchemes,
    @inject(ACCOUNT_SOURCES) private readonly accountSources: Registry<AccountSource>,
    @inject(PASSWORD_SOURCES) private readonly passwordSources: Registry<PasswordSource>,
  ) {
    super();
  }

  /** Nothing is asked yet: a database that is down must not keep the others' mail from starting. */
  override start(): void {
    const { config, clock, log, bus } = this;
    const { dataDir } = this.host;
    const directory = new SqlDirectory(this.own(this.database()), config, this.schemes, (name) =>
      this.accounts.normalise(name),
    );
    const key = folderKey(dataDir, 'accounts-sql');
    const source = new OutsideSource('sql', directory, {
      clock,
      log,
      bus,
      key,
      cacheSeconds: config.cacheSeconds,
    });
    this.own(source.share());
    this.own(this.accountSources.add(source));
    this.own(this.passwordSources.add(source));
  }

  private database(): Database {
    const { postgresql, sqlite, timeoutSeconds } = this.config;
    if (postgresql !== undefined) return new Postgresql(postgresql, timeoutSeconds, this.log);
    if (sqlite !== undefined) return new Sqlite(resolve(this.host.dataDir, sqlite.file));
    throw new Error('one of postgresql and sqlite must be there');
  }
}
