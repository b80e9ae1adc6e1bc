import type { ImapCommand } from '@angarium/sdk';
import { fetchCommand } from '../fetch/fetch.js';
import { searchCommand } from '../search/index.js';
import { copyCommand } from './copy.js';
import type { MessageEnvironment } from './environment.js';
import { expungeCommand } from './expunge.js';
import { moveCommand } from './move.js';
import { storeCommand } from './store.js';

export type { MessageEnvironment } from './environment.js';

/** The commands that read and change messages of the selected mailbox. */
// biome-ignore lint/suspicious/noExplicitAny: each command's argument type is its own
export function messageCommands(environment: MessageEnvironment): readonly ImapCommand<any>[] {
  return [
    fetchCommand(environment),
    searchCommand(environment),
    storeCommand(environment),
    expungeCommand(environment),
    copyCommand(environment),
    moveCommand(environment),
  ];
}
