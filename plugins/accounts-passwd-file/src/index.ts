/** Accounts and passwords of a file. */
import { definePlugin, part } from '@angarium/sdk';
import { PasswdFileAccounts } from './passwd-file-accounts.js';

export default definePlugin({ parts: [part(PasswdFileAccounts)] });
