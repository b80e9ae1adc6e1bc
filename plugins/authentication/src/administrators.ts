import { type Accounts, type AdminScope, splitUserId, type UserId } from '@angarium/sdk';

/** Who administers what, from the manifest's list: an unqualified id everything, a qualified one its domain. */
export class Administrators {
  private readonly users: ReadonlySet<UserId>;

  /** @param users normalised. */
  constructor(users: Iterable<UserId>) {
    this.users = new Set(users);
  }

  /** @param names as the manifest has them. @throws Error for one that can be no user id. */
  static fromNames(names: readonly string[], accounts: Pick<Accounts, 'normalise'>): Administrators {
    const users = names.map((name) => {
      try {
        return accounts.normalise(name);
      } catch (error) {
        throw new Error(`admins: "${name}" is no valid user name`, { cause: error });
      }
    });
    return new Administrators(users);
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
