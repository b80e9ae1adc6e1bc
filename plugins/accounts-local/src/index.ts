/** Users and their secrets in an embedded database. */
import { definePlugin, MANAGED_ACCOUNTS, part, provide } from '@angarium/sdk';
import { AccountCommands } from './account-commands.js';
import { UsersCommands } from './commands.js';
import { FirstStart } from './first-start.js';
import { LocalAccounts } from './local-accounts.js';

export default definePlugin({
  provides: [provide(MANAGED_ACCOUNTS, LocalAccounts)],
  parts: [part(FirstStart), part(UsersCommands), part(AccountCommands)],
});
