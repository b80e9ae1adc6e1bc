/** Accounts and passwords of an HTTP service. */
import { definePlugin, part } from '@angarium/sdk';
import { HttpAccounts } from './http-accounts.js';

export default definePlugin({ parts: [part(HttpAccounts)] });
