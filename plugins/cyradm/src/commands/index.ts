/** All commands of the shell. */
import type { Builtin } from '../shell/builtin.js';
import { aclCommands } from './acl.js';
import { listCommand } from './listing.js';
import { mailboxCommands } from './mailboxes.js';
import { metadataCommands } from './metadata.js';
import { quotaCommands } from './quota.js';
import { sessionCommands } from './session.js';

export const builtins: readonly Builtin[] = [
  ...sessionCommands(() => builtins),
  ...mailboxCommands,
  listCommand,
  ...aclCommands,
  ...metadataCommands,
  ...quotaCommands,
];

export function builtinNamed(word: string): Builtin | undefined {
  return builtins.find(({ name, aliases }) => name === word || aliases.includes(word));
}
