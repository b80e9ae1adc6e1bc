/** SPECIAL-USE and CREATE-SPECIAL-USE (RFC 6154). */
import { type ImapExtension, MailError } from '@angarium/sdk';
import { checkPlace, holdersOf, knownUses, usesFor } from './uses.js';

export { specialUseEntry } from './metadata.js';

const MAX_USES = 20;

export const specialUseExtension: ImapExtension = {
  name: 'SPECIAL-USE',
  capabilities: [
    // Before login too: cyradm looks there and nowhere else.
    { word: 'SPECIAL-USE' },
    { word: 'CREATE-SPECIAL-USE' },
  ],
  listOptions: [
    {
      name: 'SPECIAL-USE',
      place: 'selection',
      kind: 'independent',
      implies: 'SPECIAL-USE',
      select: async (session, mailboxes) => mailboxes.map((mailbox) => usesFor(session, mailbox).length > 0),
    },
    {
      name: 'SPECIAL-USE',
      place: 'return',
      isUnasked: true,
      attributes: async (session, mailboxes) => mailboxes.map((mailbox) => usesFor(session, mailbox)),
    },
  ],
  parameters: [
    {
      command: 'CREATE',
      name: 'USE',
      parse(line) {
        line.sp();
        const uses = line.list(() => {
          if (line.peek() !== '\\') line.fail('a special use');
          return line.flag();
        }, 0);
        if (uses.length > MAX_USES) line.fail(`at most ${MAX_USES} special uses`);
        return uses;
      },
      async onCreate(session, options, args, name) {
        const specialUse = knownUses(args as readonly string[]);
        if (specialUse.length === 0) return options;
        checkPlace(session, name);
        const [holder] = await holdersOf(session, name, specialUse);
        if (holder !== undefined) throw new MailError('USEATTR', 'Another mailbox has this special use');
        // Looked at again by the store: two clients may ask at the same instant.
        return { ...options, specialUse, soleUse: true };
      },
    },
  ],
};
