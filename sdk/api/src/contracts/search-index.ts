import { type Contract, contract } from '../di.js';
import type { NumberSet } from '../model/number-set.js';
import type { MailboxId } from './catalogue.js';

/** One text to look for. */
export interface SearchTerm {
  readonly field: 'from' | 'to' | 'cc' | 'bcc' | 'subject' | 'header' | 'body' | 'text' | 'filename';
  /** Folded with `fold` of the message toolkit. */
  readonly text: string;
  /** Match by meaning, not by substring (RFC 6203). */
  readonly isFuzzy: boolean;
}

/** An accelerator: it nominates, the caller verifies; without it messages are read. */
export interface SearchIndex {
  /**
   * UIDs that may match all terms: a superset of the true answer among `indexed`; the caller reads whatever is outside of
   * `indexed` itself. Undefined: cannot help with these terms.
   */
  candidates(
    mailbox: MailboxId,
    terms: readonly SearchTerm[],
  ): Promise<{ readonly uids: NumberSet; readonly indexed: NumberSet } | undefined>;
}
export const SEARCH_INDEX: Contract<SearchIndex> = contract('search-index', 1);
