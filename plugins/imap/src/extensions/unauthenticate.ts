import { defineImapCommand, type ImapExtension } from '@angarium/sdk';
import { ownSession } from '../session.js';
import { isCompressed } from './compress.js';

const states = ['authenticated', 'selected'] as const;

/**
 * RFC 8437. NO is not allowed. Compression cannot be ended in the middle of a stream here, so with that in place it is not offered,
 * and whoever sends it all the same is told goodbye (RFC 8437 §3).
 */
const unauthenticate = defineImapCommand({
  name: 'UNAUTHENTICATE',
  rfc: 'RFC 8437 §3',
  states,
  parse() {},
  async run({ session, reply }) {
    const own = ownSession(session);
    if (isCompressed(session)) {
      reply.status('BYE', 'Compression cannot be ended here, connect again');
      own.end();
      void session.connection.close();
      return;
    }
    own.unauthenticate();
    session.connection.setIdleTimeout(own.services.config.loginTimeout * 1000);
    reply.completed('Completed, log in');
  },
});

export const unauthenticateExtension: ImapExtension = {
  name: 'UNAUTHENTICATE',
  capabilities: [{ word: 'UNAUTHENTICATE', states, isOffered: (session) => !isCompressed(session) }],
  commands: [unauthenticate],
};
