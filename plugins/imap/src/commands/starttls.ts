import {
  type Connection,
  defineImapCommand,
  type ImapExtension,
  type Logger,
  MailError,
  ReadError,
} from '@angarium/sdk';
import { ownSession } from '../session.js';

/** RFC 3501 §6.2.1. What the client sent in the clear behind it is thrown away by the connection. */
export const starttls = defineImapCommand({
  name: 'STARTTLS',
  rfc: 'RFC 3501 §6.2.1',
  states: ['not-authenticated'],
  parse() {},
  async run({ session, reply, afterReply }) {
    const { connection } = session;
    if (!connection.canStartTls) {
      throw new MailError('CANNOT', connection.tls ? 'TLS is in place already' : 'TLS is not offered here');
    }
    reply.completed('Begin TLS negotiation now');
    const { log } = ownSession(session).services;
    afterReply(() => negotiate(connection, log));
  },
});

/** A handshake that fails is the client's affair, and the end of the connection. */
async function negotiate(connection: Connection, log: Logger): Promise<void> {
  try {
    await connection.startTls();
  } catch (error) {
    log.info('TLS negotiation failed', { session: connection.id, err: error });
    throw new ReadError('closed', 'TLS negotiation failed');
  }
}

export const starttlsExtension: ImapExtension = {
  name: 'STARTTLS',
  capabilities: [
    {
      word: 'STARTTLS',
      states: ['not-authenticated'],
      isOffered: ({ connection }) => connection.canStartTls,
    },
  ],
  commands: [starttls],
};
