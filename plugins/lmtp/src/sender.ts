/** Who has sent a message, as a trusted MTA says it (RFC 4954 §5). */
import { type Accounts, type Identity, isMailError, type UserId } from '@angarium/sdk';

/** With the account's groups, and no administrator's rights. Undefined: nobody of ours. @throws MailError UNAVAILABLE */
export async function identityOfSender(accounts: Accounts, name: string): Promise<Identity | undefined> {
  let user: UserId;
  try {
    user = accounts.normalise(Buffer.from(name, 'latin1').toString('utf8'));
  } catch (error) {
    if (isMailError(error) && error.code === 'CANNOT') return undefined;
    throw error;
  }
  const account = await accounts.find(user);
  if (account === undefined || account.isDisabled) return undefined;
  const { groups } = account;
  return { user: account.user, groups, admin: 'none', isAnonymous: false, mechanism: 'MAIL AUTH' };
}
