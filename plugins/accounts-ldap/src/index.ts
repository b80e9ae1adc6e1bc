/** Accounts, groups and passwords of an LDAP directory. */
import { definePlugin, part } from '@angarium/sdk';
import { LdapAccounts } from './ldap-accounts.js';

export default definePlugin({ parts: [part(LdapAccounts)] });
