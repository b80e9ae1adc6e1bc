import { defineTextCommand, mailboxSetting } from '@angarium/sdk';
import { uidlWriter } from '../maildrop/uidl-format.js';
import { Pop3Refusal } from '../replies.js';
import type { Pop3Session } from '../session.js';
import { optionalMessageNumber } from './arguments.js';
import { writeListing } from './listing.js';

/** RFC 1939 §7. */
export const uidl = defineTextCommand({
  name: 'UIDL',
  syntax: 'UIDL [message]',
  rfc: '1939#7',
  states: ['transaction'],
  parse: optionalMessageNumber,
  run(session: Pop3Session, number) {
    const write = writerOf(session);
    if (number === undefined) {
      session.ok('unique-id listing follows');
      return writeListing(session, (each, { uids }, at) => `${each} ${write(uids[at]!)}\r\n`);
    }
    const message = session.drop.maildrop.message(number);
    if (message === undefined) throw new Pop3Refusal(undefined, 'No such message');
    session.okWith(`${number} ${write(message.uid)}`);
  },
});

/** Mailboxes of long ago (`pop3newuidl` of the mailbox: false) keep the ids that their clients know. */
function writerOf({ environment: { config }, drop }: Pop3Session): (uid: number) => string {
  const { entry, maildrop } = drop.drop;
  const isOld = mailboxSetting(entry, 'pop3newuidl')?.toLowerCase() === 'false';
  return uidlWriter(isOld ? 'uidonly' : config.uidlFormat, maildrop.snapshot.head.uidValidity);
}
