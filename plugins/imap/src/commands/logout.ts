import { defineImapCommand } from '@angarium/sdk';
import { ownSession } from '../session.js';

/** RFC 3501 §6.1.3. */
export const logout = defineImapCommand({
  name: 'LOGOUT',
  rfc: 'RFC 3501 §6.1.3',
  states: ['not-authenticated', 'authenticated', 'selected'],
  parse() {},
  async run({ session, reply }) {
    reply.status('BYE', 'Logging out');
    ownSession(session).end();
  },
});
