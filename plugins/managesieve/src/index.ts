/** ManageSieve (RFC 5804), by which users keep their Sieve scripts on the server. */
import { definePlugin, part } from '@angarium/sdk';
import { ManageSieveService } from './service.js';

export default definePlugin({ parts: [part(ManageSieveService)] });
