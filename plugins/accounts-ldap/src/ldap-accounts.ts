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
  PASSWORD_SOURCES,
  type PasswordSource,
  type Registry,
} from '@angarium/sdk';
import type { LdapConfig } from './config.js';
import { LdapDirectory } from './directory.js';
import { Servers } from './servers.js';

@injectable()
export class LdapAccounts extends Component {
  constructor(
    @inject(CONFIG) private readonly config: LdapConfig,
    @inject(HOST) private readonly host: Host,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) private readonly log: Logger,
    @inject(MESSAGE_BUS) private readonly bus: MessageBus,
    @inject(ACCOUNTS) private readonly accounts: Accounts,
    @inject(ACCOUNT_SOURCES) private readonly accountSources: Registry<AccountSource>,
    @inject(PASSWORD_SOURCES) private readonly passwordSources: Registry<PasswordSource>,
  ) {
    super();
  }

  /** No server is asked yet: one that is down must not keep the others' mail from starting. */
  override start(): void {
    const { clock, log, bus } = this;
    const { dataDir } = this.host;
    const { tlsAuthority, cacheSeconds } = this.config;
    const authority = tlsAuthority === undefined ? {} : { tlsAuthority: resolve(dataDir, tlsAuthority) };
    const servers = this.own(new Servers({ ...this.config, ...authority }));
    const directory = new LdapDirectory(servers, this.config, log, (name) => this.accounts.normalise(name));
    const key = folderKey(dataDir, 'accounts-ldap');
    const source = new OutsideSource('ldap', directory, { clock, log, bus, key, cacheSeconds });
    this.own(source.share());
    this.own(this.accountSources.add(source));
    this.own(this.passwordSources.add(source));
  }
}
