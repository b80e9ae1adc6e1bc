/** LMTP (RFC 2033), the door through which the MTA hands mail over. */
import { definePlugin, part } from '@angarium/sdk';
import { LmtpService } from './lmtp-service.js';

export default definePlugin({ parts: [part(LmtpService)] });
