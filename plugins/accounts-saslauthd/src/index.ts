/** Passwords checked by saslauthd. */
import { definePlugin, part } from '@angarium/sdk';
import { SaslauthdAccounts } from './saslauthd-accounts.js';

export default definePlugin({ parts: [part(SaslauthdAccounts)] });
