/** Delays and blocks for those who guess passwords. */
import { definePlugin, part } from '@angarium/sdk';
import { AuthLimits } from './auth-limits.js';
import { BlockCommands } from './commands.js';

export default definePlugin({ parts: [part(AuthLimits), part(BlockCommands)] });
