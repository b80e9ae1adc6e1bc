/** Who exists, and is it them. Sources are many (local, LDAP, SQL, …); protocols see one answer. */
import { type Contract, contract, type RegistryContract, registry } from '../di.js';
import type { UserId } from '../model/identity.js';

/** Somebody who exists, as a source knows him. */
export interface Account {
  readonly user: UserId;
  readonly displayName: string | undefined;
  /** Without `group:`. */
  readonly groups: readonly string[];
  /** Logins are refused, mail is still taken. */
  readonly isDisabled: boolean;
  /** Source-specific facts: mail addresses, home server, quota … */
  readonly attributes: Readonly<Record<string, string>>;
  /** Tells this account from an earlier or later one of the same name, where the source can (an LDAP entry's UUID). */
  readonly incarnation?: string;
}

/** One place where accounts are kept. Throws MailError UNAVAILABLE when it cannot be asked now. */
export interface AccountSource {
  readonly name: string;
  find(user: UserId): Promise<Account | undefined>;
  /** Ascending by user, for those sources that can. */
  list?(query: {
    readonly domain?: string;
    readonly after?: UserId;
    readonly limit: number;
  }): Promise<readonly Account[]>;
}
export const ACCOUNT_SOURCES: RegistryContract<AccountSource> = registry('account-sources', 1);

/** wrong: this source knows the user and this is not the password. unknown: ask the next source. */
export type PasswordVerdict = 'right' | 'wrong' | 'unknown';

/** Hashes of the SCRAM family (RFC 5802, 7677). */
export type ScramHash = 'SHA-1' | 'SHA-256' | 'SHA-512';

/** Where passwords are proven. An answer takes the same time whether or not the user exists. */
export interface PasswordSource {
  readonly name: string;
  verify(user: UserId, password: string, context: PasswordContext): Promise<PasswordVerdict>;
  /** What challenge-response mechanisms need; undefined: not here. */
  scramKeys?(user: UserId, hash: ScramHash): Promise<ScramKeys | undefined>;
  /**
   * How the keys look that this source makes for most users, so that unknown ones can be given the like. Undefined: it
   * keeps none for this hash. A mechanism is offered only if a source answers.
   */
  scramParameters?(hash: ScramHash): ScramParameters | undefined;
  /** The password itself, for CRAM-MD5 and the like, where the operator allows to store it. */
  plainSecret?(user: UserId): Promise<string | undefined>;
  /** For the operator (`auth test`): what the verdict means, where there is more to be said of this user than its word. */
  explain?(user: UserId, verdict: PasswordVerdict): Promise<string | undefined>;
  /** Has `plainSecret` answers to give? Mechanisms that need them are offered only if a source has. */
  readonly hasPlainSecrets?: boolean;
}
export const PASSWORD_SOURCES: RegistryContract<PasswordSource> = registry('password-sources', 1);

/** Where a password came from: for policies and the audit log of a source. */
export interface PasswordContext {
  readonly service: string;
  readonly remoteAddress: string;
}

/** What a client is shown of SCRAM keys. */
export interface ScramParameters {
  readonly iterations: number;
  readonly saltBytes: number;
}

/** RFC 5802 §3. */
export interface ScramKeys {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** All account sources as one: the first that knows the user answers. */
export interface Accounts {
  find(user: UserId): Promise<Account | undefined>;
  list(query: {
    readonly domain?: string;
    readonly after?: UserId;
    readonly limit: number;
  }): Promise<readonly Account[]>;
  /**
   * What somebody typed or an address says, as a normalised user id: folded, NFC, default domain removed.
   * @throws MailError CANNOT for what can be no user id.
   */
  normalise(text: string): UserId;
}
export const ACCOUNTS: Contract<Accounts> = contract('accounts', 1);

/** Accounts that Angarium keeps itself; what `angarium users` works on. */
export interface ManagedAccounts {
  /** @throws MailError ALREADYEXISTS, CANNOT */
  create(
    user: UserId,
    options: {
      readonly password?: string;
      readonly displayName?: string;
      readonly groups?: readonly string[];
    },
  ): Promise<Account>;
  /** @throws MailError NONEXISTENT */
  setPassword(user: UserId, password: string): Promise<void>;
  change(
    user: UserId,
    changes: {
      readonly displayName?: string;
      readonly groups?: readonly string[];
      readonly isDisabled?: boolean;
    },
  ): Promise<Account>;
  /**
   * With the user's belongings (`USER_BELONGINGS`), which go first: when it fails halfway the account is there, disabled, and can be
   * removed again. Mail is not touched. @throws MailError NONEXISTENT, UNAVAILABLE
   */
  remove(user: UserId): Promise<void>;
}
export const MANAGED_ACCOUNTS: Contract<ManagedAccounts> = contract('managed-accounts', 1);

/**
 * Verifies passwords against the encoded hashes of other systems: `{SSHA}…`, `$6$…`, `{ARGON2ID}$argon2id$…`. For sources
 * that read what others wrote. Work is done off the event loop, so many at a time.
 */
export interface PasswordSchemes {
  /** The scheme's name, `SHA512-CRYPT`; undefined: unknown, `verify` can never say right. */
  schemeOf(encoded: string): string | undefined;
  /** @throws MailError UNAVAILABLE when too many wait, CANNOT for an unknown scheme or a damaged hash. */
  verify(encoded: string, password: string): Promise<boolean>;
  /**
   * For users who have no hash: takes as long as checking the last one did, so that the time does not tell who exists. Before there was
   * any it takes none. @throws MailError UNAVAILABLE when too many wait.
   */
  verifyNothing(password: string): Promise<void>;
  /** SCRAM keys in an encoded secret (`{SCRAM-SHA-256}…`, RFC 5803); undefined: there are none for this hash. */
  scramKeys(encoded: string, hash: ScramHash): ScramKeys | undefined;
}
export const PASSWORD_SCHEMES: Contract<PasswordSchemes> = contract('password-schemes', 1);
