/** Passwords for one program each, of any user that a source of accounts knows. */
import { type Contract, contract, type RegistryContract, registry } from '../di.js';
import type { UserId } from '../model/identity.js';
import type { PasswordContext } from './accounts.js';

/** What an application password may be used for, and how long. The secret itself is shown once, when it is made. */
export interface AppPassword {
  /** Short, unique among the user's. */
  readonly id: string;
  /** What it is for: `phone`, `backup script`. */
  readonly label: string;
  /** Service names (AuthContext.service); empty: every service. */
  readonly services: readonly string[];
  readonly createdMs: number;
  readonly expiresMs: number | undefined;
  readonly lastUsedMs: number | undefined;
}

/** Beside a user's own password: a lost phone is locked out without a new password elsewhere. */
export interface AppPasswords {
  /** The password is made, not chosen. @throws MailError NONEXISTENT (user), LIMIT, CANNOT */
  add(
    user: UserId,
    options: {
      readonly label: string;
      readonly services?: readonly string[];
      readonly expiresMs?: number;
    },
  ): Promise<{ readonly appPassword: AppPassword; readonly password: string }>;
  /** Oldest first. @throws MailError NONEXISTENT (user) */
  list(user: UserId): Promise<readonly AppPassword[]>;
  /** @throws MailError NONEXISTENT */
  remove(user: UserId, id: string): Promise<void>;
}
export const APP_PASSWORDS: Contract<AppPasswords> = contract('app-passwords', 1);

/** other-service: it is one of the user's, and not for this service. none: it is none of the user's. */
export type AppPasswordVerdict = 'right' | 'expired' | 'other-service' | 'none';

/** Looked at before any password source, so that it does not matter which of them knows the user. */
export interface AppPasswordCheck {
  /** @throws MailError UNAVAILABLE */
  verify(user: UserId, password: string, context: PasswordContext): Promise<AppPasswordVerdict>;
}
export const APP_PASSWORD_CHECKS: RegistryContract<AppPasswordCheck> = registry('app-password-checks', 1);
