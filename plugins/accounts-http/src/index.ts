/** Accounts and passwords of an HTTP service. */
import { CONFIG, definePlugin, outsideAccounts } from '@angarium/sdk';
import type { HttpConfig } from './config.js';
import { HttpService } from './service.js';

export default definePlugin({
  parts: [outsideAccounts('http', [CONFIG], (config: HttpConfig) => new HttpService(config))],
});
