import { createHash } from 'node:crypto';
import {
  type CommandLine,
  defineImapCommand,
  type ImapCommand,
  type ImapSession,
  isMailError,
  type MailboxId,
  MailError,
  type PushSender,
  Right,
} from '@angarium/sdk';
import type { Registration, Registrations } from './registrations.js';

const MAX_MAILBOXES = 50;
const MAX_VALUE = 256;

interface Asked {
  readonly version: string;
  readonly accountId: string;
  readonly deviceToken: string;
  readonly subtopic: string;
  readonly mailboxes: readonly string[];
}

/** `aps-version 2 aps-account-id … aps-device-token … aps-subtopic com.apple.mobilemail mailboxes (INBOX Notes)`, in any order. */
function parseRegistration(line: CommandLine): Asked {
  const values = new Map<string, string>();
  let mailboxes: readonly string[] = ['INBOX'];
  while (line.trySp()) {
    const name = line.astring().toLowerCase();
    line.sp();
    if (name === 'mailboxes') {
      mailboxes = line.list(() => line.mailbox());
      continue;
    }
    const value = line.astring();
    if (value.length > MAX_VALUE) line.fail(`a value of at most ${MAX_VALUE} octets`);
    values.set(name, value);
  }
  if (mailboxes.length > MAX_MAILBOXES) line.fail(`at most ${MAX_MAILBOXES} mailboxes`);
  const of = (name: string): string => values.get(name) || line.fail(name);
  const deviceToken = of('aps-device-token').toLowerCase();
  if (!/^[0-9a-f]+$/.test(deviceToken)) line.fail('a device token of hexadecimal digits');
  const [version, accountId, subtopic] = [of('aps-version'), of('aps-account-id'), of('aps-subtopic')];
  return { version, accountId, deviceToken, subtopic, mailboxes };
}

/** Those that are there; Apple's clients name some that are not. */
async function mailboxesOf(
  session: ImapSession,
  names: readonly string[],
): Promise<Readonly<Record<MailboxId, string>>> {
  const found: Record<MailboxId, string> = {};
  for (const name of names) {
    try {
      const { id } = await session.findByText(name, { rights: Right.read });
      found[id] = createHash('md5').update(name, 'utf8').digest('hex');
    } catch (error) {
      if (!isMailError(error)) throw error;
    }
  }
  return found;
}

export function applePushCommand(
  registrations: Registrations,
  sender: PushSender,
  now: () => number,
): ImapCommand<Asked> {
  return defineImapCommand({
    name: 'XAPPLEPUSHSERVICE',
    // No RFC: Apple's own.
    rfc: 'RFC 3501 §6.5.1',
    states: ['authenticated', 'selected'],
    parse: parseRegistration,
    async run({ session, reply }, { accountId, deviceToken, subtopic, mailboxes, version }) {
      const topic = sender.topic();
      if (topic === undefined) throw new MailError('UNAVAILABLE', 'Nothing can be pushed now');
      if (subtopic !== 'com.apple.mobilemail') throw new MailError('CANNOT', 'The subtopic is not known');
      if (session.identity.isAnonymous) throw new MailError('NOPERM', 'Permission denied');
      const registration: Registration = {
        accountId,
        deviceToken,
        mailboxes: await mailboxesOf(session, mailboxes),
        registeredMs: now(),
      };
      await registrations.put(session.identity.user, registration);
      reply.untagged(`XAPPLEPUSHSERVICE aps-version ${reply.quote(version)} aps-topic ${reply.quote(topic)}`);
    },
  });
}
