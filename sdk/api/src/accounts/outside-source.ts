import type {
  Account,
  AccountSource,
  PasswordContext,
  PasswordSource,
  PasswordVerdict,
  ScramHash,
  ScramKeys,
  ScramParameters,
} from '../contracts/accounts.js';
import { isMailError, unavailableError } from '../errors.js';
import type { Clock, Logger, MessageBus } from '../kernel/index.js';
import type { UserId } from '../model/identity.js';
import { VerificationCache } from './verification-cache.js';

/** A system outside that knows accounts and passwords: a directory, a database, a service. Each call asks it. */
export interface OutsideAccounts {
  /** Absent: it knows passwords only. */
  find?(user: UserId): Promise<Account | undefined>;
  verify(user: UserId, password: string, context: PasswordContext): Promise<PasswordVerdict>;
  list?: NonNullable<AccountSource['list']>;
  scramKeys?(user: UserId, hash: ScramHash): Promise<ScramKeys | undefined>;
  scramParameters?(hash: ScramHash): ScramParameters | undefined;
  explain?: NonNullable<PasswordSource['explain']>;
}

/** What an OutsideSource needs. */
export interface OutsideSourceOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly bus: MessageBus;
  /** The data folder's own (`folderKey`). */
  readonly key: Buffer;
  /** How long an answer is good; 0: not at all. */
  readonly cacheSeconds: number;
}

/** Accounts and passwords that are remembered. */
const MAX_REMEMBERED = 100_000;

/** At the most, that somebody is not there: a mail storm to unknown users is one question each. */
const MISSING_MS = 5000;

interface Known {
  readonly account: Account | undefined;
  readonly untilMs: number;
}

/**
 * Makes a source of an outside system: remembers answers for a short while, asks the same question once at a time, and tells
 * a system that cannot be asked (temporary, RFC 5530 UNAVAILABLE) from one that does not know somebody.
 */
export class OutsideSource implements AccountSource, PasswordSource {
  readonly list?: NonNullable<AccountSource['list']>;
  readonly scramKeys?: NonNullable<PasswordSource['scramKeys']>;
  readonly explain?: NonNullable<PasswordSource['explain']>;
  private readonly passwords: VerificationCache;
  private readonly accounts = new Map<UserId, Known>();
  private readonly asking = new Map<UserId, Promise<Account | undefined>>();

  constructor(
    readonly name: string,
    private readonly outside: OutsideAccounts,
    private readonly options: OutsideSourceOptions,
  ) {
    const { key, clock, cacheSeconds } = options;
    this.passwords = new VerificationCache({
      topic: `${name}/verified`,
      key,
      clock,
      maxUsers: cacheSeconds === 0 ? 0 : MAX_REMEMBERED,
      ttlMs: cacheSeconds * 1000,
    });
    if (outside.list !== undefined) this.list = (query) => this.guarded(() => outside.list!(query));
    if (outside.scramKeys !== undefined)
      this.scramKeys = (user, hash) => this.guarded(() => outside.scramKeys!(user, hash));
    if (outside.explain !== undefined)
      this.explain = (user, verdict) => this.guarded(() => outside.explain!(user, verdict));
  }

  /** Takes part in what the other processes find out. */
  share(): Disposable {
    return this.passwords.share(this.options.bus);
  }

  scramParameters(hash: ScramHash): ScramParameters | undefined {
    return this.outside.scramParameters?.(hash);
  }

  /** @throws MailError UNAVAILABLE */
  async find(user: UserId): Promise<Account | undefined> {
    const known = this.accounts.get(user);
    if (known !== undefined && known.untilMs > this.options.clock.monotonicMs()) return known.account;
    const running = this.asking.get(user);
    if (running !== undefined) return running;
    const asking = this.guarded(async () => this.outside.find?.(user))
      .then((account) => {
        this.remember(user, account);
        return account;
      })
      .finally(() => this.asking.delete(user));
    this.asking.set(user, asking);
    return asking;
  }

  /** @throws MailError UNAVAILABLE */
  async verify(user: UserId, password: string, context: PasswordContext): Promise<PasswordVerdict> {
    const mac = this.passwords.macOf(user, password);
    if (this.passwords.has(user, mac)) return 'right';
    const verdict = await this.guarded(() => this.outside.verify(user, password, context));
    if (verdict === 'right') this.passwords.remember(user, mac);
    return verdict;
  }

  private remember(user: UserId, account: Account | undefined): void {
    const { clock, cacheSeconds } = this.options;
    if (cacheSeconds === 0) return;
    const ttlMs = account === undefined ? Math.min(MISSING_MS, cacheSeconds * 1000) : cacheSeconds * 1000;
    this.accounts.delete(user);
    this.accounts.set(user, { account, untilMs: clock.monotonicMs() + ttlMs });
    if (this.accounts.size <= MAX_REMEMBERED) return;
    const [oldest] = this.accounts.keys();
    this.accounts.delete(oldest!);
  }

  private async guarded<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (isMailError(error)) throw error;
      this.options.log.warn('a source of accounts cannot be asked', { source: this.name, err: error });
      throw unavailableError('Accounts cannot be asked now', error);
    }
  }
}
