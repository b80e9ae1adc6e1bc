/** A message that comes twice is filed once. */
import { DUPLICATE_LEDGER, definePlugin, part, provide } from '@angarium/sdk';
import { DuplicateCommands } from './commands.js';
import { Ledger } from './ledger.js';

export default definePlugin({
  provides: [provide(DUPLICATE_LEDGER, Ledger)],
  parts: [part(DuplicateCommands)],
});
