import { randomBytes } from 'node:crypto';
import {
  ACCOUNTS,
  type Account,
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
  MailError,
  RECORDS,
  type Records,
  type Registry,
  type SecondFactor,
  type SecondFactorStatus,
  type SecondFactorVerdict,
  USER_BELONGINGS,
  type UserBelongings,
  type UserId,
  UserRecords,
} from '@angarium/sdk';
import { encodeBase32 } from './base32.js';
import type { SecondFactorConfig } from './config.js';
import type { Factor } from './factor.js';
import { DIGITS, matchingStep, STEP_MS } from './otp.js';
import { asRecoveryCode, makeRecoveryCodes, shown } from './recovery-codes.js';
import { Sealed } from './sealed.js';

/** RFC 4226 §4 R6 recommends 160 bits. */
const SECRET_BYTES = 20;
const MAX_CODE_LENGTH = 40;
const FIRST_BLOCK_MS = 30_000;
const LONGEST_BLOCK_MS = 3600_000;

const nothing: Factor = { lastStep: -1, recovery: [], wrong: 0, blockedUntilMs: 0 };

@injectable()
export class TotpFactor extends Component implements SecondFactor {
  private readonly records: UserRecords<Factor>;
  private opened: Sealed | undefined;

  constructor(
    @inject(CONFIG) private readonly config: SecondFactorConfig,
    @inject(HOST) private readonly host: Host,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(LOGGER) private readonly log: Logger,
    @inject(ACCOUNTS) private readonly accounts: Accounts,
    @inject(RECORDS) records: Records,
    @inject(USER_BELONGINGS) private readonly belongings: Registry<UserBelongings>,
  ) {
    super();
    this.records = new UserRecords(records, 'second-factor', 'second factor');
  }

  override start(): void {
    this.opened = new Sealed(folderKey(this.host.dataDir, 'second-factor'));
    this.own(this.belongings.add(this.records));
  }

  async status(user: UserId): Promise<SecondFactorStatus> {
    const factor = await this.records.find(user);
    const { secret, pending, sinceMs, recovery, blockedUntilMs } = factor ?? nothing;
    const waiting = pending === undefined ? 'off' : 'pending';
    return {
      state: secret === undefined ? waiting : 'on',
      sinceMs,
      recoveryCodesLeft: recovery.length,
      blockedUntilMs: blockedUntilMs > this.clock.now() ? blockedUntilMs : undefined,
    };
  }

  async enrol(user: UserId): Promise<{ readonly secret: string; readonly uri: string }> {
    const { incarnation } = await this.accountOf(user);
    const secret = randomBytes(SECRET_BYTES);
    const pending = this.sealed.seal(user, secret);
    await this.records.update(user, (factor) => {
      const record = { ...(factor ?? forAccount(incarnation)), pending };
      return { record, result: true };
    });
    const text = encodeBase32(secret);
    return { secret: text, uri: this.uriOf(user, text) };
  }

  async confirm(user: UserId, code: string): Promise<readonly string[] | undefined> {
    const { incarnation } = await this.accountOf(user);
    const codes = makeRecoveryCodes();
    const recovery = codes.map((one) => this.sealed.digest(user, one));
    const isConfirmed = await this.records.update(user, (factor) => {
      const pending = factor?.pending;
      if (factor === undefined || pending === undefined) {
        throw new MailError('CANNOT', 'No secret waits for its first code');
      }
      if (this.isBlocked(factor)) throw new MailError('LIMIT', 'Too many wrong codes, try again later');
      const step = this.stepOf(user, pending, code, -1);
      if (step === undefined) return { record: this.afterWrong(factor), result: false };
      const sinceMs = this.clock.now();
      const on = { ...forAccount(incarnation), secret: pending, sinceMs, lastStep: step, recovery };
      return { record: on, result: true };
    });
    if (!isConfirmed) return undefined;
    this.log.info('second factor is on', { user });
    return codes.map(shown);
  }

  async verify(user: UserId, code: string): Promise<SecondFactorVerdict> {
    const outcome = await this.records.update<{ verdict: SecondFactorVerdict; isRecovery?: boolean }>(
      user,
      (factor) => {
        if (factor?.secret === undefined) return { result: { verdict: 'off' } };
        if (this.isBlocked(factor)) return { result: { verdict: 'later' } };
        const step = this.stepOf(user, factor.secret, code, factor.lastStep);
        if (step !== undefined)
          return { record: afterRight(factor, { lastStep: step }), result: { verdict: 'right' } };
        const recovery = this.withoutRecoveryCode(user, factor, code);
        if (recovery === undefined) return { record: this.afterWrong(factor), result: { verdict: 'wrong' } };
        return { record: afterRight(factor, { recovery }), result: { verdict: 'right', isRecovery: true } };
      },
    );
    if (outcome.isRecovery === true) this.log.warn('a recovery code was used', { user });
    if (outcome.verdict === 'wrong') this.log.warn('wrong second factor', { user });
    return outcome.verdict;
  }

  async renewRecoveryCodes(user: UserId): Promise<readonly string[]> {
    const codes = makeRecoveryCodes();
    const recovery = codes.map((one) => this.sealed.digest(user, one));
    await this.records.update(user, (factor) => {
      if (factor?.secret === undefined) throw new MailError('CANNOT', 'The second factor is not on');
      return { record: { ...factor, recovery }, result: true };
    });
    return codes.map(shown);
  }

  async disable(user: UserId): Promise<void> {
    await this.records.update(user, () => ({ record: null, result: true }));
    this.log.info('second factor is off', { user });
  }

  private async accountOf(user: UserId): Promise<Account> {
    const account = await this.accounts.find(user);
    if (account === undefined) throw new MailError('NONEXISTENT', `There is no account ${user}`);
    return account;
  }

  private get sealed(): Sealed {
    if (this.opened === undefined) throw new Error('the second factor is asked before it has started');
    return this.opened;
  }

  private isBlocked({ blockedUntilMs }: Factor): boolean {
    return blockedUntilMs > this.clock.now();
  }

  private stepOf(user: UserId, sealed: string, typed: string, lastStep: number): number | undefined {
    const code = typed.slice(0, MAX_CODE_LENGTH).replace(/\s/g, '');
    const { drift } = this.config;
    return matchingStep(this.sealed.open(user, sealed), code, { nowMs: this.clock.now(), drift, lastStep });
  }

  private withoutRecoveryCode(user: UserId, { recovery }: Factor, typed: string): string[] | undefined {
    const code = asRecoveryCode(typed.slice(0, MAX_CODE_LENGTH));
    if (code === undefined) return undefined;
    const digest = this.sealed.digest(user, code);
    const left = recovery.filter((one) => one !== digest);
    return left.length === recovery.length ? undefined : left;
  }

  /** RFC 4226 §7.3: the more wrong ones, the longer nobody may try. */
  private afterWrong(factor: Factor): Factor {
    const wrong = factor.wrong + 1;
    const over = wrong - this.config.wrongCodes;
    const blockMs = over < 0 ? 0 : Math.min(LONGEST_BLOCK_MS, FIRST_BLOCK_MS * 2 ** Math.min(over, 20));
    return { ...factor, wrong, blockedUntilMs: blockMs === 0 ? 0 : this.clock.now() + blockMs };
  }

  /** The form that authenticators read from a QR code. */
  private uriOf(user: UserId, secret: string): string {
    const issuer = encodeURIComponent(this.config.issuer || this.host.serverName);
    const label = `${issuer}:${encodeURIComponent(user)}`;
    const seconds = STEP_MS / 1000;
    return `otpauth://totp/${label}?secret=${secret}&issuer=${issuer}&algorithm=SHA1&digits=${DIGITS}&period=${seconds}`;
  }
}

function forAccount(incarnation: string | undefined): Factor {
  return incarnation === undefined ? nothing : { ...nothing, incarnation };
}

function afterRight(factor: Factor, changes: Partial<Factor>): Factor {
  return { ...factor, ...changes, wrong: 0, blockedUntilMs: 0 };
}
