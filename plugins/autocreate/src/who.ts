/** Who gets an INBOX: `anyone`, user ids, `group:NAME`, `@domain`. */
import { type Account, type Identity, splitUserId } from '@angarium/sdk';

export function isListed(
  users: readonly string[],
  account: Account,
  admin: Identity['admin'] | undefined,
): boolean {
  const { user, groups } = account;
  if (users.includes(user)) return true;
  // Administrators are no readers: they get one only by name, as in Cyrus.
  if (admin !== undefined && admin !== 'none') return false;
  const { domain } = splitUserId(user);
  return users.some(
    (each) =>
      each === 'anyone' ||
      (each.startsWith('group:') && groups.includes(each.slice('group:'.length))) ||
      (each.startsWith('@') && each.slice(1).toLowerCase() === domain),
  );
}
