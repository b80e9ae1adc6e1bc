/** POP3 (RFC 1939): mail for programs that fetch it. */
import { definePlugin, part } from '@angarium/sdk';
import { Pop3Service } from './service.js';

export default definePlugin({ parts: [part(Pop3Service)] });
