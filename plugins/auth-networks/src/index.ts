/** From which networks an account may log in. */
import { definePlugin, part } from '@angarium/sdk';
import { AuthNetworks } from './auth-networks.js';

export default definePlugin({ parts: [part(AuthNetworks)] });
