/** Who somebody is. */

/** `local` or `local@domain`, normalised (folded, Unicode NFC) by whoever let it in; the key of all that belongs to a user. */
export type UserId = string & { readonly __unit: 'user id' };

/** @param domain absent for users of the default domain. Both parts must be normalised already. */
export function userId(local: string, domain?: string): UserId {
  return (domain === undefined || domain === '' ? local : `${local}@${domain}`) as UserId;
}

/** Splits at the last `@`. */
export function splitUserId(user: UserId): {
  readonly local: string;
  readonly domain: string | undefined;
} {
  const at = user.lastIndexOf('@');
  return at < 0
    ? { local: user, domain: undefined }
    : { local: user.slice(0, at), domain: user.slice(at + 1) };
}

/** Everything, the named domains, or nothing. */
export type AdminScope = 'all' | 'none' | readonly string[];

/** The result of a login, for the length of a session. */
export interface Identity {
  readonly user: UserId;
  /** Names without `group:`. */
  readonly groups: readonly string[];
  readonly admin: AdminScope;
  readonly isAnonymous: boolean;
  /** Set when an administrator acts as `user` (RFC 4616 authorization identity). */
  readonly actingFor?: UserId;
  /** SASL mechanism, or LOGIN, USER, … */
  readonly mechanism: string;
}

/** An MTA or a client before login: holds what `anyone` and `anonymous` hold. */
export const anonymousIdentity: Identity = {
  user: 'anonymous' as UserId,
  groups: [],
  admin: 'none',
  isAnonymous: true,
  mechanism: 'ANONYMOUS',
};

/** May this identity administer things of `domain` (undefined: the default domain)? */
export function administers(identity: Identity, domain: string | undefined): boolean {
  if (identity.admin === 'all') return true;
  return identity.admin !== 'none' && domain !== undefined && identity.admin.includes(domain);
}
