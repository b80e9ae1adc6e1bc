import {
  ACCOUNT_SOURCES,
  ACCOUNTS,
  type Account,
  type AccountSource,
  type Accounts,
  CLOCK,
  type Clock,
  CONFIG,
  Component,
  type ForeignAccount,
  folderKey,
  HOST,
  type Host,
  inject,
  injectable,
  injectOptional,
  LOGGER,
  type Logger,
  MailError,
  type ManagedAccounts,
  MESSAGE_BUS,
  type MessageBus,
  PASSWORD_SCHEMES,
  PASSWORD_SOURCES,
  type PasswordSchemes,
  type PasswordSource,
  type PasswordVerdict,
  type Registry,
  type ScramHash,
  type ScramKeys,
  type ScramParameters,
  USER_BELONGINGS,
  type UserBelongings,
  type UserId,
} from '@angarium/sdk';
import { AccountDatabase, type AccountRecord } from './account-database.js';
import type { LocalAccountsConfig } from './config.js';
import { type ImportOptions, type ImportReport, importAccounts } from './import/import-accounts.js';
import { PasswordCheck } from './password-check.js';
import { PlainBox } from './secrets/plain-box.js';
import { decodeScramKeys, SCRAM_SALT_BYTES } from './secrets/scram.js';

/** Users and their secrets in the data folder: a source of accounts, a source of passwords, and their management. */
@injectable()
export class LocalAccounts extends Component implements ManagedAccounts, AccountSource, PasswordSource {
  readonly name = 'local';
  private opened:
    | {
        readonly database: AccountDatabase;
        readonly passwords: PasswordCheck;
        readonly box: PlainBox | undefined;
      }
    | undefined;

  constructor(
    @inject(CONFIG) private readonly config: LocalAccountsConfig,
    @inject(HOST) private readonly host: Host,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) private readonly log: Logger,
    @inject(MESSAGE_BUS) private readonly bus: MessageBus,
    @inject(ACCOUNTS) private readonly accounts: Accounts,
    @inject(ACCOUNT_SOURCES) private readonly accountSources: Registry<AccountSource>,
    @inject(PASSWORD_SOURCES) private readonly passwordSources: Registry<PasswordSource>,
    @inject(USER_BELONGINGS) private readonly belongings: Registry<UserBelongings>,
    @injectOptional(PASSWORD_SCHEMES) private readonly schemes: PasswordSchemes | undefined,
  ) {
    super();
  }

  /** Files are touched here and not before: a manifest can be checked without a data folder. */
  override start(): void {
    const { config, clock, log, schemes } = this;
    const { dataDir } = this.host;
    const database = this.own(new AccountDatabase(dataDir));
    const box = config.plainSecrets ? new PlainBox(folderKey(dataDir, 'accounts-plain')) : undefined;
    const passwords = new PasswordCheck(database, config, clock, log, box, schemes);
    this.own(passwords.cache.share(this.bus));
    this.opened = { database, passwords, box };
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

  async explain(user: UserId): Promise<string | undefined> {
    const record = this.database.find(user);
    if (record === undefined) return undefined;
    const { scrypt, foreign } = record.secret ?? {};
    if (scrypt !== undefined) return undefined;
    if (foreign === undefined) return 'no password is set (`angarium users passwd`)';
    const isKnown = this.schemes?.schemeOf(foreign) !== undefined;
    return isKnown ? undefined : 'the imported hash is of a scheme that no enabled plugin knows';
  }

  async scramKeys(user: UserId, hash: ScramHash): Promise<ScramKeys | undefined> {
    const keys = this.database.find(user)?.secret?.scram[hash];
    return keys === undefined ? undefined : decodeScramKeys(keys);
  }

  scramParameters(hash: ScramHash): ScramParameters | undefined {
    const { scram, scramIterations: iterations } = this.config;
    return scram.includes(hash) ? { iterations, saltBytes: SCRAM_SALT_BYTES } : undefined;
  }

  get hasPlainSecrets(): boolean {
    return this.config.plainSecrets;
  }

  async plainSecret(user: UserId): Promise<string | undefined> {
    const { box } = this.mustBeOpen();
    const sealed = this.database.find(user)?.secret?.plain;
    if (box === undefined || sealed === undefined) return undefined;
    const password = box.open(user, sealed);
    if (password === undefined) this.log.error('a kept password cannot be opened', { user });
    return password;
  }

  /** Accounts of another system; see there. */
  async importAccounts(accounts: readonly ForeignAccount[], options: ImportOptions): Promise<ImportReport> {
    const { database, passwords } = this.mustBeOpen();
    const makeSecret = (user: UserId, password: string) => passwords.makeSecret(user, password);
    const lanes = this.config.maxConcurrentHashes;
    return importAccounts(accounts, { ...options, database, makeSecret, schemes: this.schemes, lanes });
  }

  async create(
    user: UserId,
    options: {
      readonly password?: string;
      readonly displayName?: string;
      readonly groups?: readonly string[];
    },
  ): Promise<Account> {
    const secret = options.password === undefined ? undefined : await this.secretOf(user, options.password);
    const { displayName, groups = [] } = options;
    return accountOf(this.database.create({ user, displayName, groups, isDisabled: false, secret }));
  }

  /** The first account of a new data folder; false when there has been one before. */
  async createFirst(user: UserId, password: string): Promise<boolean> {
    if (!this.database.isUntouched) return false;
    const secret = await this.secretOf(user, password);
    return this.database.createFirst({ user, displayName: undefined, groups: [], isDisabled: false, secret });
  }

  async setPassword(user: UserId, password: string): Promise<void> {
    this.database.change(user, { secret: await this.secretOf(user, password) });
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

  /** Disabled first: while the belongings go, nobody comes in because his second factor has gone already. */
  async remove(user: UserId): Promise<void> {
    this.database.change(user, { isDisabled: true });
    // Where another source's account stands before ours, they are that one's.
    const isOurs = (await this.accounts.find(user))?.isDisabled !== false;
    if (isOurs) for (const kind of this.belongings.items) await kind.remove(user);
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

  private secretOf(user: UserId, password: string) {
    if (password === '') throw new MailError('CANNOT', 'The password is empty');
    return this.passwords.makeSecret(user, password);
  }
}

function accountOf({ user, displayName, groups, isDisabled }: AccountRecord): Account {
  return { user, displayName, groups, isDisabled, attributes: {} };
}
