/** sieveshell: a user's Sieve scripts on any ManageSieve server. */
import { definePlugin, part } from '@angarium/sdk';
import { SieveshellCommand } from './command.js';

export default definePlugin({ parts: [part(SieveshellCommand)] });
