/** Durable key-value records for plugins (scripts, ledgers, settings), in the same engine and the same commits as mail. */
import { type Contract, contract } from '../di.js';
import type { UserId } from '../model/identity.js';
import type { MailboxId } from './catalogue.js';

export const RECORDS: Contract<Records> = contract('records', 1);

export interface Records {
  /** @param name the plugin's name, or `plugin/topic`. */
  space(name: string): RecordSpace;
}

/**
 * Where records live and with whom they go: with a user's mail, with one mailbox (in the commits that write to it, see
 * `AppendTarget.once`), or, undefined, with the server.
 */
export type RecordOwner = UserId | { readonly mailbox: MailboxId } | undefined;

/** One plugin's records. */
export interface RecordSpace {
  get(owner: RecordOwner, key: string): Promise<Uint8Array | undefined>;
  /** Ascending by key (binary order), at most `limit` (default 1000). */
  list(owner: RecordOwner, query?: RecordQuery): Promise<readonly RecordRow[]>;
  /** All or nothing, in order; durable when resolved. False: an `expect` did not hold and nothing was written. */
  write(owner: RecordOwner, changes: readonly RecordChange[]): Promise<boolean>;
  /**
   * Takes out what has expired at `nowMs` (`expiresMs <= nowMs`), of all owners; answers how many. With `keep` also what
   * expires first beyond about that many records that expire at all.
   */
  prune(nowMs: number, options?: { readonly keep?: number }): Promise<number>;
}

/** Which records to list. */
export interface RecordQuery {
  readonly prefix?: string;
  readonly after?: string;
  readonly limit?: number;
}

/** A record as it was read. */
export interface RecordRow {
  readonly key: string;
  readonly value: Uint8Array;
  readonly expiresMs: number | undefined;
}

/** One write of a batch. */
export interface RecordChange {
  readonly key: string;
  /** undefined deletes. */
  readonly value: Uint8Array | undefined;
  /** From this time on (`now >= expiresMs`) the record counts as absent, pruned or not. */
  readonly expiresMs?: number;
  /** Compare-and-set: 'absent', or the value that must be there. */
  readonly expect?: 'absent' | Uint8Array;
}
