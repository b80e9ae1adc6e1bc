import type { AdminScope, UserId } from '@angarium/sdk';
import { splitUserId } from '@angarium/sdk';

/** Who administers what, from the manifest's list: an unqualified id everything, a qualified one its domain. */
export class Administrators {
  private readonly users: ReadonlySet<UserId>;

  /** @param users normalised. */
  constructor(users: Iterable<UserId>) {
    this.users = new Set(users);
  }

  scopeOf(user: UserId): AdminScope {
    if (!this.users.has(user)) return 'none';
    const { domain } = splitUserId(user);
    return domain === undefined ? 'all' : [domain];
  }

  /** May `user` act as `other` (RFC 4422 §3.4.1)? Nobody but an administrator may; a domain's within his domain. */
  mayActAs(user: UserId, other: UserId): boolean {
    const scope = this.scopeOf(user);
    if (scope === 'none') return false;
    if (scope === 'all') return true;
    const { domain } = splitUserId(other);
    return domain !== undefined && scope.includes(domain);
  }
}
