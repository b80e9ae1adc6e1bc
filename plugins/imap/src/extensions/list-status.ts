/** LIST-STATUS (RFC 5819): `LIST … RETURN (STATUS (MESSAGES UNSEEN))`. */
import { type CommandLine, type ImapExtension, Right, type StatusItem } from '@angarium/sdk';
import { parseStatusItems, statusText } from '../commands/status.js';
import type { Features } from '../registry.js';

export function listStatusExtension(features: Features): ImapExtension {
  return {
    name: 'LIST-STATUS',
    capabilities: [{ word: 'LIST-STATUS', states: ['authenticated', 'selected'] }],
    listOptions: [
      {
        name: 'STATUS',
        place: 'return',
        parse(line: CommandLine): readonly StatusItem[] {
          line.sp();
          return parseStatusItems(line, features);
        },
        // Mailboxes that may not be selected have no STATUS line (RFC 5819 §2).
        async follow(session, mailboxes, args, reply) {
          const { access, identity, store } = session;
          const isOpen = mailboxes.map((one) => (access.rights(identity, one) & Right.read) !== 0);
          const open = mailboxes.filter((_, i) => isOpen[i]);
          const statuses = await store.status(
            open.map(({ id }) => id),
            identity.user,
          );
          let at = 0;
          const lines: string[] = [];
          for (const [i, mailbox] of mailboxes.entries()) {
            const status = isOpen[i] ? statuses[at++] : undefined;
            if (status === undefined) lines.push('');
            else {
              const text = await statusText(session, mailbox, status, args as readonly StatusItem[]);
              lines.push(`STATUS ${reply.mailbox(mailbox.name)} (${text})`);
            }
          }
          return lines;
        },
      },
    ],
  };
}
