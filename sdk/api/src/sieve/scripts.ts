import { type Contract, contract } from '../di.js';

/** A user's Sieve scripts (RFC 5804 §2): stored durably, compiled before they are stored. */
export interface SieveScripts {
  /** Sieve capability names that scripts may `require` (RFC 5804 §1.7 "SIEVE"), sorted. */
  readonly extensions: readonly string[];
  /** Notification methods of enotify (RFC 5804 §1.7 "NOTIFY"); empty without enotify. */
  readonly notifyMethods: readonly string[];
  /** Most redirects a script may do (RFC 5804 §1.7 "MAXREDIRECTS"). */
  readonly maxRedirects: number;
  /** Limits: scripts a user may have, octets a script may have. */
  readonly limits: { readonly scripts: number; readonly octets: number };
  list(
    user: string,
  ): Promise<readonly { readonly name: string; readonly active: boolean; readonly octets: number }[]>;
  /** The script's octets as they were stored. @throws MailError NONEXISTENT */
  get(user: string, name: string): Promise<Uint8Array>;
  /** Compiles and reports, stores nothing. */
  check(script: Uint8Array): SieveCheck | Promise<SieveCheck>;
  /** Compiles and, without errors, stores durably. A bad script is never stored. @throws MailError LIMIT (octets), OVERQUOTA (scripts) */
  put(user: string, name: string, script: Uint8Array): Promise<SieveCheck>;
  /** Whether `octets` more under that name would be accepted (RFC 5804 §2.5). @throws MailError as `put` */
  haveSpace(user: string, name: string, octets: number): Promise<void>;
  /** @throws MailError NONEXISTENT; INUSE when the script is active */
  delete(user: string, name: string): Promise<void>;
  /** @throws MailError NONEXISTENT, ALREADYEXISTS */
  rename(user: string, from: string, to: string): Promise<void>;
  /** Makes one script active, or none (`undefined`). @throws MailError NONEXISTENT */
  setActive(user: string, name: string | undefined): Promise<void>;
}

/** One thing said of a script; line and column count from 1. */
export interface SieveProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** What the compiler says; a script with errors is not stored. */
export interface SieveCheck {
  readonly errors: readonly SieveProblem[];
  readonly warnings: readonly SieveProblem[];
}

export const SIEVE_SCRIPTS: Contract<SieveScripts> = contract('sieve-scripts', 1);
