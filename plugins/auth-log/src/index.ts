/** An audit log of logins. */
import { definePlugin, part } from '@angarium/sdk';
import { AuthLog } from './auth-log.js';

export default definePlugin({ parts: [part(AuthLog)] });
