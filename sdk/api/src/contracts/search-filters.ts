/** Searches kept by name (RFC 5466). They are server annotations, so that METADATA shows and sets the same ones. */
import { type Contract, contract } from '../di.js';
import type { UserId } from '../model/identity.js';

export const SEARCH_FILTERS: Contract<SearchFilters> = contract('search-filters', 1);

/** Names are compared without case, as METADATA's entries are; values are search criteria in UTF-8. */
export interface SearchFilters {
  /** The user's own, or else the shared one; undefined when there is neither. */
  find(user: UserId, name: string): Promise<Uint8Array | undefined>;
  /** undefined removes. @param user undefined: the shared one. @throws MailError CANNOT for what is no search, or no name */
  set(user: UserId | undefined, name: string, criteria: Uint8Array | undefined): Promise<void>;
  /** Names in order. @param user undefined: the shared ones. */
  names(user: UserId | undefined): Promise<readonly string[]>;
  /** Whoever sets the annotation by another way asks first. @throws MailError CANNOT for what is no search */
  check(criteria: Uint8Array): void;
}
