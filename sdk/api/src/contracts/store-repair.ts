/** What an operator asks of a store when something may be wrong; offered by those stores that can. */
import { type Contract, contract } from '../di.js';
import type { MailboxId } from './catalogue.js';

export const STORE_REPAIR: Contract<StoreRepair> = contract('store-repair', 1);

export interface StoreRepair {
  /**
   * Checks the index of one mailbox against what is stored and puts right what is wrong (not with `isDry`).
   * @throws MailError NONEXISTENT
   */
  reconstruct(mailbox: MailboxId, options?: { readonly isDry?: boolean }): Promise<MailboxRepair>;
  /** Counts anew what quota roots hold; answers the roots whose use was wrong, and corrects them (not with `isDry`). */
  recountUsage(options?: { readonly isDry?: boolean }): Promise<readonly UsageFault[]>;
}

/** What was found in a mailbox. */
export interface MailboxRepair {
  readonly messages: number;
  /** One line each, for the operator. */
  readonly faults: readonly string[];
}

/** A quota root that was said to hold something else than it does. */
export interface UsageFault {
  readonly quotaRoot: string;
  readonly was: { readonly bytes: number; readonly messages: number };
  readonly is: { readonly bytes: number; readonly messages: number };
}
