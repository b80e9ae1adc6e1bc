import { defineTextCommand, noArguments } from '@angarium/sdk';
import { Pop3Refusal } from '../replies.js';
import type { Pop3Session } from '../session.js';

/** RFC 2595 §4. The connection forgets plain-text input after the command; the session forgets what it was told. */
export const stls = defineTextCommand({
  name: 'STLS',
  syntax: 'STLS',
  rfc: '2595#4',
  states: ['authorization'],
  endsPipeline: true,
  parse: noArguments,
  async run(session: Pop3Session) {
    const { connection, environment } = session;
    if (connection.tls !== undefined) throw new Pop3Refusal(undefined, 'TLS is in place already');
    if (!connection.canStartTls) throw new Pop3Refusal(undefined, 'TLS is not available');
    if (session.isUtf8) throw new Pop3Refusal(undefined, 'STLS comes before UTF8');
    session.ok('Begin TLS negotiation now');
    try {
      await connection.startTls();
    } catch (error) {
      environment.log.info('TLS handshake failed', { session: connection.id, err: error });
      session.end();
      return;
    }
    session.current = { is: 'authorization', user: undefined };
    session.language = environment.config.language;
  },
});
