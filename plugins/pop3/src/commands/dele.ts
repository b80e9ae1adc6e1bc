/** Marks, and what takes them away. */
import { defineTextCommand, noArguments } from '@angarium/sdk';
import { Pop3Refusal } from '../replies.js';
import type { Pop3Session } from '../session.js';
import { messageNumber } from './arguments.js';

/** RFC 1939 §5: nothing goes before QUIT. */
export const dele = defineTextCommand({
  name: 'DELE',
  syntax: 'DELE message',
  rfc: '1939#5',
  states: ['transaction'],
  parse: messageNumber,
  run(session: Pop3Session, number) {
    const { drop } = session;
    if (drop.maildrop.message(number) === undefined) throw new Pop3Refusal(undefined, 'No such message');
    if (!drop.mayDelete) throw new Pop3Refusal('SYS/PERM', 'You may not delete messages here');
    drop.maildrop.delete(number);
    session.ok('message deleted');
  },
});

/** RFC 1939 §5. */
export const rset = defineTextCommand({
  name: 'RSET',
  syntax: 'RSET',
  rfc: '1939#5',
  states: ['transaction'],
  parse: noArguments,
  run(session: Pop3Session) {
    session.drop.maildrop.undelete();
    session.ok();
  },
});

/** RFC 1939 §5. */
export const noop = defineTextCommand({
  name: 'NOOP',
  syntax: 'NOOP',
  rfc: '1939#5',
  states: ['transaction'],
  parse: noArguments,
  run: (session: Pop3Session) => session.ok(),
});
