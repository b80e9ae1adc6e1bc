/** Passwords checked by saslauthd. */
import { CONFIG, definePlugin, outsideAccounts } from '@angarium/sdk';
import type { SaslauthdConfig } from './config.js';
import { Saslauthd } from './saslauthd.js';

export default definePlugin({
  parts: [outsideAccounts('saslauthd', [CONFIG], (config: SaslauthdConfig) => new Saslauthd(config))],
});
