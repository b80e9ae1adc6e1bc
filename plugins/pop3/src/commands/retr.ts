import { defineTextCommand } from '@angarium/sdk';
import { sendMessage } from '../message/send.js';
import type { Pop3Session } from '../session.js';
import { messageNumber } from './arguments.js';

/** RFC 1939 §5. */
export const retr = defineTextCommand({
  name: 'RETR',
  syntax: 'RETR message',
  rfc: '1939#5',
  states: ['transaction'],
  parse: messageNumber,
  async run(session: Pop3Session, number) {
    const { drop } = session;
    await sendMessage(session, drop, number);
    drop.maildrop.fetched.add(number);
  },
});

/** RFC 1939 §7. */
export const top = defineTextCommand({
  name: 'TOP',
  syntax: 'TOP message lines',
  rfc: '1939#7',
  states: ['transaction'],
  parse(args) {
    const number = args.expectNumber('The message');
    const lines = args.expectNumber('The number of lines');
    args.expectEnd();
    return { number, lines };
  },
  run: (session: Pop3Session, { number, lines }) => sendMessage(session, session.drop, number, lines),
});
