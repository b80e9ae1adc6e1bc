/** Who may do what with a mailbox: access control lists of RFC 4314, as in Cyrus. */
import { ACCESS_LISTS, ACCESS_POLICY, definePlugin, part, provide } from '@angarium/sdk';
import { CyrusAccess } from './access.js';
import { AclCommands } from './commands.js';
import { MovedUsers } from './moved-users.js';

export default definePlugin({
  provides: [provide([ACCESS_POLICY, ACCESS_LISTS], CyrusAccess)],
  parts: [part(AclCommands), part(MovedUsers)],
});
