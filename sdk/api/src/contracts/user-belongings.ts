/** What is kept for users beside their mail, by their names: it has to go with the account. */
import { type RegistryContract, registry } from '../di.js';
import type { UserId } from '../model/identity.js';
import type { Account } from './accounts.js';

/** For whom something is kept. */
export interface BelongingsOwner {
  readonly user: UserId;
  /** `Account.incarnation` when it was made. */
  readonly incarnation: string | undefined;
}

/**
 * One kind of belongings. Whoever removes an account has all kinds removed first; for sources that cannot tell of removals,
 * somebody compares the owners with the accounts (plugin `leavers`).
 */
export interface UserBelongings {
  /** For the operator: `application passwords`. */
  readonly name: string;
  /** Ascending by user, those after `after`. */
  owners(query: { readonly after?: UserId; readonly limit: number }): Promise<readonly BelongingsOwner[]>;
  /** All that is kept for the user; nothing is no error. Durable when it resolves. */
  remove(user: UserId): Promise<void>;
}
export const USER_BELONGINGS: RegistryContract<UserBelongings> = registry('user-belongings', 1);

/** False: it was made for an earlier account of the same name. Made when the source could not tell, it counts as the account's. */
export function isMadeFor(
  account: Pick<Account, 'incarnation'>,
  { incarnation }: { readonly incarnation?: string | undefined },
): boolean {
  return incarnation === undefined || incarnation === account.incarnation;
}
