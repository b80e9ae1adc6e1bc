/** Accounts, groups and passwords of an SQL database. */
import { definePlugin, part } from '@angarium/sdk';
import { SqlAccounts } from './sql-accounts.js';

export default definePlugin({ parts: [part(SqlAccounts)] });
