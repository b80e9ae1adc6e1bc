/** Something that a user has, beside the password that he knows. */
import { type Contract, contract, type RegistryContract, registry } from '../di.js';
import type { UserId } from '../model/identity.js';
import type { PasswordContext } from './accounts.js';

/** pending: a secret has been shown, and no code of it yet. */
export type SecondFactorState = 'off' | 'pending' | 'on';

/**
 * right: it counts, and will not count again. wrong: it is no code of now, or one that has been used. later: too many wrong ones, none
 * is looked at for a while. off: this user has no second factor, nothing was asked of him.
 */
export type SecondFactorVerdict = 'right' | 'wrong' | 'later' | 'off';

/** What a user's second factor looks like from outside. */
export interface SecondFactorStatus {
  readonly state: SecondFactorState;
  /** When it was confirmed. */
  readonly sinceMs: number | undefined;
  readonly recoveryCodesLeft: number;
  /** Codes are not looked at before. */
  readonly blockedUntilMs: number | undefined;
}

/**
 * Codes of the moment (TOTP), and recovery codes for the day the device is lost. Whoever can ask for a code (a web page) logs in with
 * AUTHENTICATION first, looks at `status`, and lets nobody in before `verify` has said 'right'.
 */
export interface SecondFactor {
  status(user: UserId): Promise<SecondFactorStatus>;
  /**
   * A new secret, pending until `confirm`: what was on before is on until then. `secret` is base32, `uri` the same for an authenticator's
   * camera. Shown once. @throws MailError NONEXISTENT (no such account)
   */
  enrol(user: UserId): Promise<{ readonly secret: string; readonly uri: string }>;
  /**
   * Proves that the device has the secret: from now on it is on. Answers recovery codes, shown once; undefined for a wrong code.
   * @throws MailError CANNOT when nothing is pending, LIMIT when codes are not looked at for a while.
   */
  confirm(user: UserId, code: string): Promise<readonly string[] | undefined>;
  /** A code of the device or a recovery code. Exact among processes: no code counts twice. */
  verify(user: UserId, code: string): Promise<SecondFactorVerdict>;
  /** The old ones are worth nothing from now on. @throws MailError CANNOT when it is not on. */
  renewRecoveryCodes(user: UserId): Promise<readonly string[]>;
  /** Off, whatever it was. */
  disable(user: UserId): Promise<void>;
}
export const SECOND_FACTOR: Contract<SecondFactor> = contract('second-factor', 1);

/** Says where a user's own password is not enough. Then only application passwords are looked at (`APP_PASSWORD_CHECKS`). */
export interface PasswordGate {
  /** The reason, for the log; undefined: it is enough here. @throws MailError UNAVAILABLE: nobody comes in on a guess. */
  refuses(user: UserId, context: PasswordContext): Promise<string | undefined>;
}
export const PASSWORD_GATES: RegistryContract<PasswordGate> = registry('password-gates', 1);
