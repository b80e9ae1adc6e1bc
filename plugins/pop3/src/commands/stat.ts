import { defineTextCommand, noArguments } from '@angarium/sdk';
import type { Pop3Session } from '../session.js';

/** RFC 1939 §5. */
export const stat = defineTextCommand({
  name: 'STAT',
  syntax: 'STAT',
  rfc: '1939#5',
  states: ['transaction'],
  parse: noArguments,
  run(session: Pop3Session) {
    const { remaining, bytes } = session.drop.maildrop;
    session.okWith(`${remaining} ${bytes}`);
  },
});
