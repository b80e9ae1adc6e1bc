import {
  ACCOUNT_SOURCES,
  type Account,
  type AccountSource,
  CLOCK,
  type Clock,
  CONFIG,
  Component,
  HOST,
  type Host,
  inject,
  injectable,
  LOGGER,
  type Logger,
  MailError,
  type ManagedAccounts,
  MESSAGE_BUS,
  type MessageBus,
  PASSWORD_SOURCES,
  type PasswordSource,
  type PasswordVerdict,
  type Registry,
  type ScramKeys,
  type UserId,
} from '@angarium/sdk';
import { AccountDatabase, type AccountRecord } from './account-database.js';
import type { LocalAccountsConfig } from './config.js';
import { PasswordCheck } from './password-check.js';
import { decodeScramKeys, type ScramHash } from './secrets/scram.js';

/** Users and their secrets in the data folder: a source of accounts, a source of passwords, and their management. */
@injectable()
export class LocalAccounts extends Component implements ManagedAccounts, AccountSource, PasswordSource {
  readonly name = 'local';
  private opened: { readonly database: AccountDatabase; readonly passwords: PasswordCheck } | undefined;

  constructor(
    @inject(CONFIG) private readonly config: LocalAccountsConfig,
    @inject(HOST) private readonly host: Host,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) private readonly log: Logger,
    @inject(MESSAGE_BUS) private readonly bus: MessageBus,
    @inject(ACCOUNT_SOURCES) private readonly accountSources: Registry<AccountSource>,
    @inject(PASSWORD_SOURCES) private readonly passwordSources: Registry<PasswordSource>,
  ) {
    super();
  }

  /** Files are touched here and not before: a manifest can be checked without a data folder. */
  override start(): void {
    const database = this.own(new AccountDatabase(this.host.dataDir));
    const passwords = new PasswordCheck(database, this.config, this.clock, this.log);
    this.own(passwords.cache.share(this.bus));
    this.opened = { database, passwords };
    this.own(this.accountSources.add(this));
    this.own(this.passwordSources.add(this));
  }

  async find(user: UserId): Promise<Account | undefined> {
    const record = this.database.find(user);
    return record === undefined ? undefined : accountOf(record);
  }

  async list(query: {
    readonly domain?: string;
    readonly after?: UserId;
    readonly limit: number;
  }): Promise<readonly Account[]> {
    return this.database.list(query).map(accountOf);
  }

  async verify(user: UserId, password: string): Promise<PasswordVerdict> {
    const record = this.database.find(user);
    if (await this.passwords.isRight(user, record, password)) return 'right';
    return record === undefined ? 'unknown' : 'wrong';
  }

  async scramKeys(user: UserId, hash: ScramHash): Promise<ScramKeys | undefined> {
    const keys = this.database.find(user)?.secret?.scram[hash];
    return keys === undefined ? undefined : decodeScramKeys(keys);
  }

  async create(
    user: UserId,
    options: {
      readonly password?: string;
      readonly displayName?: string;
      readonly groups?: readonly string[];
    },
  ): Promise<Account> {
    const secret = options.password === undefined ? undefined : await this.secretOf(options.password);
    const { displayName, groups = [] } = options;
    return accountOf(this.database.create({ user, displayName, groups, isDisabled: false, secret }));
  }

  /** The first account of a new data folder; false when there has been one before. */
  async createFirst(user: UserId, password: string): Promise<boolean> {
    if (!this.database.isUntouched) return false;
    const secret = await this.secretOf(password);
    return this.database.createFirst({ user, displayName: undefined, groups: [], isDisabled: false, secret });
  }

  async setPassword(user: UserId, password: string): Promise<void> {
    this.database.change(user, { secret: await this.secretOf(password) });
  }

  async change(
    user: UserId,
    changes: {
      readonly displayName?: string;
      readonly groups?: readonly string[];
      readonly isDisabled?: boolean;
    },
  ): Promise<Account> {
    return accountOf(this.database.change(user, changes));
  }

  async remove(user: UserId): Promise<void> {
    this.database.remove(user);
  }

  private get database(): AccountDatabase {
    return this.mustBeOpen().database;
  }

  private get passwords(): PasswordCheck {
    return this.mustBeOpen().passwords;
  }

  private mustBeOpen() {
    if (this.opened === undefined) throw new Error('the accounts are asked before they have started');
    return this.opened;
  }

  private secretOf(password: string) {
    if (password === '') throw new MailError('CANNOT', 'The password is empty');
    return this.passwords.makeSecret(password);
  }
}

function accountOf({ user, displayName, groups, isDisabled }: AccountRecord): Account {
  return { user, displayName, groups, isDisabled, attributes: {} };
}
