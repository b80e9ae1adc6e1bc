/** Takes away what is kept for users who have left. */
import { definePlugin, part } from '@angarium/sdk';
import { Leavers } from './leavers.js';

export default definePlugin({ parts: [part(Leavers)] });
