/** Sieve: users' filter scripts, run when mail comes in. */
import { definePlugin, part, provide, SIEVE_SCRIPTS } from '@angarium/sdk';
import { SieveCommands } from './commands.js';
import { SieveStage } from './delivery/sieve-stage.js';
import { SieveService } from './scripts/sieve-service.js';

export default definePlugin({
  provides: [provide(SIEVE_SCRIPTS, SieveService)],
  parts: [part(SieveStage), part(SieveCommands)],
});
