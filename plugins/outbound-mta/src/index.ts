/** Mail that the server sends, handed to an MTA. */
import { definePlugin, OUTBOUND, provide } from '@angarium/sdk';
import { MtaOutbound } from './mta-outbound.js';

export default definePlugin({ provides: [provide(OUTBOUND, MtaOutbound)] });
