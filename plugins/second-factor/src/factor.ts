import type { UserRecord } from '@angarium/sdk';

/** A user's second factor as it is stored. */
export interface Factor extends UserRecord {
  /** Sealed; undefined while only `pending` is there. */
  readonly secret?: string;
  /** Sealed; shown, and no code of it seen yet. */
  readonly pending?: string;
  readonly sinceMs?: number;
  /** Of the last code that counted. */
  readonly lastStep: number;
  /** Keyed digests of those that are left. */
  readonly recovery: readonly string[];
  /** Wrong codes in a row. */
  readonly wrong: number;
  readonly blockedUntilMs: number;
}
