/** `LIST … RETURN (METADATA (/shared/comment))`, LIST-METADATA (RFC 9590). */
import type { CommandLine, ListOption } from '@angarium/sdk';
import { mayRead } from './access.js';
import { callOf } from './commands.js';
import type { MetadataStore } from './metadata-store.js';
import { type AskedEntry, parseEntry } from './names.js';
import { metadataLine } from './text.js';

/** Built without the text of RFC 9590, from what Cyrus answers: a METADATA line a mailbox, NIL for what it has not. */
export function metadataReturnOption(metadata: MetadataStore): ListOption {
  return {
    name: 'METADATA',
    place: 'return',
    parse(line: CommandLine): readonly AskedEntry[] {
      line.sp();
      return line.list(() => ({ name: parseEntry(line), depth: 0 }));
    },
    async follow(session, mailboxes, args, reply) {
      const asks = args as readonly AskedEntry[];
      const lines: string[] = [];
      for (const mailbox of mailboxes) {
        if (!mayRead(session, mailbox)) lines.push('');
        else {
          const values = await metadata.read(callOf(session, mailbox, 'LIST'), asks);
          lines.push(metadataLine(reply, reply.mailbox(mailbox.name), values));
        }
      }
      return lines;
    },
  };
}
