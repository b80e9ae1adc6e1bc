import { defineTextCommand, noArguments } from '@angarium/sdk';
import type { LmtpSession } from '../session.js';

/** RFC 3207. The connection forgets plain-text input after the command; the session forgets all it was told. */
export const starttls = defineTextCommand({
  name: 'STARTTLS',
  syntax: 'STARTTLS',
  rfc: '3207#4',
  states: ['greeted', 'ready'],
  endsPipeline: true,
  parse: noArguments,
  async run(session: LmtpSession) {
    const { connection } = session;
    if (connection.tls !== undefined) return session.answer(503, '5.5.1', 'TLS is in place already');
    if (!connection.canStartTls) return session.answer(454, '4.7.0', 'TLS is not available');
    session.answer(220, '2.0.0', 'Ready to start TLS');
    try {
      await connection.startTls();
    } catch (error) {
      session.environment.log.info('TLS handshake failed', { session: connection.id, err: error });
      session.end();
      return;
    }
    session.identity = undefined;
    session.clientName = '';
    session.enter({ is: 'greeted' });
  },
});
