import { defineTextCommand } from '@angarium/sdk';
import { Pop3Refusal } from '../replies.js';
import type { Pop3Session } from '../session.js';
import { optionalMessageNumber } from './arguments.js';
import { writeListing } from './listing.js';

/** RFC 1939 §5. */
export const list = defineTextCommand({
  name: 'LIST',
  syntax: 'LIST [message]',
  rfc: '1939#5',
  states: ['transaction'],
  parse: optionalMessageNumber,
  run(session: Pop3Session, number) {
    if (number === undefined) {
      session.ok('scan listing follows');
      return writeListing(session, (each, { sizes }, at) => `${each} ${sizes[at]}\r\n`);
    }
    const message = session.drop.maildrop.message(number);
    if (message === undefined) throw new Pop3Refusal(undefined, 'No such message');
    session.okWith(`${number} ${message.size}`);
  },
});
