/** user+folder@ files straight into a folder. */
import { definePlugin, part } from '@angarium/sdk';
import { Subaddress } from './subaddress.js';

export default definePlugin({ parts: [part(Subaddress)] });
