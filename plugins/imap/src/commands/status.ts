import {
  type CommandLine,
  defineImapCommand,
  type ImapCommand,
  type ImapSession,
  type MailboxEntry,
  type MailboxStatus,
  MailError,
  Right,
  type StatusItem,
} from '@angarium/sdk';
import type { Features } from '../registry.js';

interface StatusArguments {
  readonly mailbox: string;
  readonly items: readonly StatusItem[];
}

/** RFC 3501 §6.3.10. */
export function statusCommand(features: Features): ImapCommand<StatusArguments> {
  return defineImapCommand({
    name: 'STATUS',
    rfc: 'RFC 3501 §6.3.10',
    states: ['authenticated', 'selected'],
    parse(line) {
      line.sp();
      const mailbox = line.mailbox();
      line.sp();
      return { mailbox, items: parseStatusItems(line, features) };
    },
    async run({ session, reply }, { mailbox, items }) {
      const entry = await session.findByText(mailbox, { rights: Right.read });
      const [status] = await session.store.status([entry.id], session.identity.user);
      if (status === undefined) throw new MailError('NONEXISTENT', 'Mailbox does not exist');
      reply.untagged(
        `STATUS ${reply.mailbox(entry.name)} (${await statusText(session, entry, status, items)})`,
      );
    },
  });
}

/** `(MESSAGES UNSEEN)` */
export function parseStatusItems(line: CommandLine, features: Features): readonly StatusItem[] {
  return line.list(() => {
    const name = line.keyword();
    return features.statusItem(name) ?? line.fail(`a status item instead of ${name.slice(0, 40)}`);
  });
}

/** `MESSAGES 231 UIDNEXT 44292`; an item asked for twice is told once. */
export async function statusText(
  session: ImapSession,
  entry: MailboxEntry,
  status: MailboxStatus,
  items: readonly StatusItem[],
): Promise<string> {
  const texts: string[] = [];
  for (const item of new Set(items)) {
    const value = await item.value(session, entry, status);
    if (value !== undefined) texts.push(`${item.name} ${value}`);
  }
  return texts.join(' ');
}

function counter(name: string, of: (status: MailboxStatus) => number): StatusItem {
  return { name, value: (_session, _mailbox, status) => `${of(status)}` };
}

export const baseStatusItems: readonly StatusItem[] = [
  counter('MESSAGES', ({ messages }) => messages),
  counter('RECENT', ({ recent }) => recent),
  counter('UIDNEXT', ({ uidNext }) => uidNext),
  counter('UIDVALIDITY', ({ uidValidity }) => uidValidity),
  counter('UNSEEN', ({ unseen }) => unseen),
  // RFC 9051 §6.3.11.
  counter('DELETED', ({ deleted }) => deleted),
];
