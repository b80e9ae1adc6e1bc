/** Bringing back what was expunged or deleted, as long as the store keeps it. */
import { definePlugin, part } from '@angarium/sdk';
import { UndeleteCommand } from './undelete.js';
import { UnexpungeCommand } from './unexpunge.js';

export default definePlugin({ parts: [part(UnexpungeCommand), part(UndeleteCommand)] });
