import { defineTextCommand, noArguments } from '@angarium/sdk';
import type { Pop3Session } from '../session.js';

/** RFC 1939 §6: what is marked as deleted goes, then the answer; the session ends either way. */
export const quit = defineTextCommand({
  name: 'QUIT',
  syntax: 'QUIT',
  rfc: '1939#6',
  states: 'any',
  parse: noArguments,
  async run(session: Pop3Session) {
    const { current } = session;
    session.end();
    if (current.is === 'transaction') {
      session.current = { is: 'authorization', user: undefined };
      await current.drop.update();
    }
    session.ok('Goodbye');
  },
});
