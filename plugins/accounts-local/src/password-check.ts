/** Checks passwords against records: remembered ones at once, the same one only once at a time, so many at a time. */
import {
  type Clock,
  type Logger,
  type PasswordSchemes,
  preparePassword,
  type UserId,
  unavailableError,
  VerificationCache,
  WorkQueue,
} from '@angarium/sdk';
import type { AccountDatabase, AccountRecord } from './account-database.js';
import type { LocalAccountsConfig } from './config.js';
import type { PlainBox } from './secrets/plain-box.js';
import { matches, matchNothing } from './secrets/scrypt.js';
import { isCurrent, makeSecret, type StoredSecret } from './secrets/secret.js';

/** Longer ones are refused unread: what is hashed is bounded. */
const MAX_PASSWORD_LENGTH = 4096;

export class PasswordCheck {
  readonly cache: VerificationCache;
  private readonly queue: WorkQueue;
  /** Checks that are going on, by user and MAC. */
  private readonly running = new Map<string, Promise<boolean>>();

  constructor(
    private readonly database: AccountDatabase,
    private readonly config: LocalAccountsConfig,
    clock: Clock,
    private readonly log: Logger,
    private readonly box: PlainBox | undefined,
    private readonly schemes: PasswordSchemes | undefined,
  ) {
    const { maxUsers, ttlSeconds } = config.verificationCache;
    this.cache = new VerificationCache({
      topic: 'accounts-local/verified',
      key: database.verificationKey,
      clock,
      maxUsers,
      ttlMs: ttlSeconds * 1000,
    });
    this.queue = new WorkQueue(config.maxConcurrentHashes, config.maxWaitingHashes);
  }

  /** @param record undefined for a user who does not exist: costs as much and is false. @throws MailError UNAVAILABLE */
  async isRight(user: UserId, record: AccountRecord | undefined, typed: string): Promise<boolean> {
    const password = preparePassword(typed.slice(0, MAX_PASSWORD_LENGTH + 1));
    const mac = this.cache.macOf(record?.version ?? 0, password);
    if (this.cache.has(user, mac)) return true;
    const key = `${user}\0${mac.latin1Slice()}`;
    const running = this.running.get(key);
    if (running !== undefined) return running;
    const check = this.check(user, record, { typed, password, mac }).finally(() => this.running.delete(key));
    this.running.set(key, check);
    return check;
  }

  async makeSecret(user: UserId, typed: string): Promise<StoredSecret> {
    return this.queue.run(() => makeSecret(user, typed, this.config, this.box));
  }

  private async check(
    user: UserId,
    record: AccountRecord | undefined,
    { typed, password, mac }: { readonly typed: string; readonly password: string; readonly mac: Buffer },
  ): Promise<boolean> {
    const secret = record?.secret;
    if (record === undefined || secret === undefined || password.length > MAX_PASSWORD_LENGTH) {
      return this.queue.run(() => matchNothing(password.slice(0, MAX_PASSWORD_LENGTH), this.config.scrypt));
    }
    if (!(await this.isSecretOf(secret, typed, password))) return false;
    this.cache.remember(user, mac);
    if (!isCurrent(secret, this.config)) void this.renew(user, record.version, typed);
    return true;
  }

  /** Other systems hashed what was typed, as it was. */
  private async isSecretOf(secret: StoredSecret, typed: string, password: string): Promise<boolean> {
    const { scrypt, foreign } = secret;
    if (scrypt !== undefined) return this.queue.run(() => matches(password, scrypt));
    if (foreign === undefined) return false;
    if (this.schemes === undefined) {
      const cause = new Error('the account was imported, and the plugin password-schemes is not enabled');
      throw unavailableError('Passwords cannot be checked now', cause);
    }
    return this.schemes.verify(foreign, typed);
  }

  /** The password is at hand: hash it as the manifest wants it now. Nobody waits for it, and it may fail. */
  private async renew(user: UserId, version: number, typed: string): Promise<void> {
    try {
      const secret = await this.makeSecret(user, typed);
      this.database.replaceSecret(user, version, secret);
      this.log.debug('password hashed anew', { user });
    } catch (error) {
      this.log.warn('password could not be hashed anew', { user, err: error });
    }
  }
}
