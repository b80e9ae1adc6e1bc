import { randomBytes, timingSafeEqual } from 'node:crypto';
import {
  ACCOUNTS,
  type Account,
  type Accounts,
  APP_PASSWORD_CHECKS,
  type AppPassword,
  type AppPasswordCheck,
  type AppPasswords,
  type AppPasswordVerdict,
  CLOCK,
  type Clock,
  CONFIG,
  Component,
  folderKey,
  HOST,
  type Host,
  inject,
  injectable,
  isMadeFor,
  LOGGER,
  type Logger,
  MailError,
  type PasswordContext,
  RECORDS,
  type Records,
  type Registry,
  USER_BELONGINGS,
  type UserBelongings,
  type UserId,
  type UserRecord,
  UserRecords,
} from '@angarium/sdk';
import type { AppPasswordsConfig } from './config.js';
import { asSecret, digestOf, makeSecret, shown } from './secret.js';

const MAX_LABEL_LENGTH = 100;
/** `lastUsedMs` is written this often at most. */
const USED_STEP_MS = 3600_000;

/** Undefined values are left out of what is stored. */
interface Kept extends AppPassword {
  /** Base64. */
  readonly digest: string;
}

interface Book extends UserRecord {
  readonly passwords: readonly Kept[];
}

/** All application passwords of a user in one record, so that bounds are exact and all of them go at once. */
@injectable()
export class AppPasswordBook extends Component implements AppPasswords, AppPasswordCheck {
  private readonly books: UserRecords<Book>;
  private opened: Buffer | undefined;

  constructor(
    @inject(CONFIG) private readonly config: AppPasswordsConfig,
    @inject(HOST) private readonly host: Host,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) private readonly log: Logger,
    @inject(ACCOUNTS) private readonly accounts: Accounts,
    @inject(RECORDS) records: Records,
    @inject(APP_PASSWORD_CHECKS) private readonly checks: Registry<AppPasswordCheck>,
    @inject(USER_BELONGINGS) private readonly belongings: Registry<UserBelongings>,
  ) {
    super();
    this.books = new UserRecords(records, 'app-passwords', 'application passwords');
  }

  override start(): void {
    this.opened = folderKey(this.host.dataDir, 'app-passwords');
    this.own(this.checks.add(this));
    this.own(this.belongings.add(this.books));
  }

  async add(user: UserId, options: Parameters<AppPasswords['add']>[1]): ReturnType<AppPasswords['add']> {
    const { label, services = [], expiresMs } = options;
    if (label === '' || label.length > MAX_LABEL_LENGTH || /\p{Cc}/u.test(label)) {
      throw new MailError('CANNOT', `A label has 1 to ${MAX_LABEL_LENGTH} characters`);
    }
    const account = await this.accountOf(user);
    const secret = makeSecret();
    const digest = digestOf(this.key, user, secret).toString('base64');
    const createdMs = this.clock.now();
    const made = { label, services, createdMs, expiresMs, lastUsedMs: undefined };
    const appPassword = await this.books.update(user, (book) => {
      const others = passwordsFor(account, book);
      if (others.length >= this.config.perUser) {
        throw new MailError('LIMIT', `${user} has ${others.length} application passwords already`);
      }
      const result = { id: freshId(others), ...made };
      const passwords = [...others, { ...result, digest }];
      const { incarnation } = account;
      return { record: { passwords, ...(incarnation === undefined ? {} : { incarnation }) }, result };
    });
    return { appPassword, password: shown(secret) };
  }

  async list(user: UserId): Promise<readonly AppPassword[]> {
    const account = await this.accountOf(user);
    return passwordsFor(account, await this.books.find(user)).map(publicPart);
  }

  async remove(user: UserId, id: string): Promise<void> {
    await this.books.update(user, (book) => {
      const passwords = book?.passwords.filter((one) => one.id !== id) ?? [];
      if (book === undefined || passwords.length === book.passwords.length) {
        throw new MailError('NONEXISTENT', `${user} has no application password ${id}`);
      }
      return { record: passwords.length === 0 ? null : { ...book, passwords }, result: true };
    });
  }

  /** What has not the form of one costs nothing here; otherwise one record is read, whoever the user is. */
  async verify(user: UserId, typed: string, { service }: PasswordContext): Promise<AppPasswordVerdict> {
    const secret = asSecret(typed);
    if (secret === undefined) return 'none';
    const book = await this.books.find(user);
    const found = this.match(book, digestOf(this.key, user, secret));
    if (book === undefined || found === undefined) return 'none';
    const account = await this.accounts.find(user);
    if (account === undefined || !isMadeFor(account, book)) return 'none';
    const nowMs = this.clock.now();
    if (found.expiresMs !== undefined && found.expiresMs <= nowMs) return 'expired';
    if (found.services.length > 0 && !found.services.includes(service)) return 'other-service';
    await this.touch(user, found, nowMs);
    return 'right';
  }

  /** Each is compared, in constant time. */
  private match(book: Book | undefined, digest: Buffer): Kept | undefined {
    let found: Kept | undefined;
    for (const one of book?.passwords ?? []) {
      const other = Buffer.from(one.digest, 'base64');
      if (other.length === digest.length && timingSafeEqual(other, digest)) found = one;
    }
    return found;
  }

  /** A note for the user: a store that cannot be written to keeps nobody out. */
  private async touch(user: UserId, { id, lastUsedMs }: Kept, nowMs: number): Promise<void> {
    if (lastUsedMs !== undefined && nowMs - lastUsedMs < USED_STEP_MS) return;
    try {
      await this.books.update(user, (book) => {
        if (book === undefined) return { result: true };
        const passwords = book.passwords.map((one) => (one.id === id ? { ...one, lastUsedMs: nowMs } : one));
        return { record: { ...book, passwords }, result: true };
      });
    } catch (error) {
      this.log.warn('the use of an application password could not be noted', { user, err: error });
    }
  }

  private async accountOf(user: UserId): Promise<Account> {
    const account = await this.accounts.find(user);
    if (account === undefined) throw new MailError('NONEXISTENT', `There is no account ${user}`);
    return account;
  }

  private get key(): Buffer {
    if (this.opened === undefined)
      throw new Error('application passwords are asked for before they have started');
    return this.opened;
  }
}

/** Those of an earlier account of the same name do not count. */
function passwordsFor(account: Account, book: Book | undefined): readonly Kept[] {
  return book !== undefined && isMadeFor(account, book) ? book.passwords : [];
}

function freshId(others: readonly AppPassword[]): string {
  for (;;) {
    const id = randomBytes(4).toString('hex');
    if (!others.some((other) => other.id === id)) return id;
  }
}

function publicPart({ id, label, services, createdMs, expiresMs, lastUsedMs }: Kept): AppPassword {
  return { id, label, services, createdMs, expiresMs, lastUsedMs };
}
