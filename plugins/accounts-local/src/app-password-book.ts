import {
  type AppPassword,
  type AppPasswords,
  inject,
  injectable,
  MANAGED_ACCOUNTS,
  type UserId,
} from '@angarium/sdk';
import type { LocalAccounts } from './local-accounts.js';

/** The contract's view of what LocalAccounts keeps. */
@injectable()
export class AppPasswordBook implements AppPasswords {
  // This plugin's own provider: the accounts are in the same file.
  constructor(@inject(MANAGED_ACCOUNTS) private readonly accounts: LocalAccounts) {}

  async add(user: UserId, options: Parameters<AppPasswords['add']>[1]): ReturnType<AppPasswords['add']> {
    return this.accounts.appPasswordsOf(user).add(user, options);
  }

  async list(user: UserId): Promise<readonly AppPassword[]> {
    return this.accounts.appPasswordsOf(user).list(user);
  }

  async remove(user: UserId, id: string): Promise<void> {
    this.accounts.appPasswordsOf(user).remove(user, id);
  }
}
