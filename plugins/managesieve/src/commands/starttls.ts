import { writeCapabilities } from '../capabilities.js';
import { defineSieveCommand } from '../command.js';

/** RFC 5804 §2.2. What the client sent in the clear behind it is thrown away by the connection. */
export const starttls = defineSieveCommand({
  name: 'STARTTLS',
  rfc: '5804#2.2',
  states: ['not-authenticated'],
  parse() {},
  async run(session) {
    const { connection, environment } = session;
    if (connection.tls !== undefined) return session.no('TLS is in place already');
    if (!connection.canStartTls) return session.no('TLS is not offered here');
    session.ok('Begin TLS negotiation now');
    try {
      await connection.startTls();
    } catch (error) {
      // The client's affair, and the end of the connection.
      environment.log.info('TLS negotiation failed', { session: connection.id, err: error });
      session.end();
      return;
    }
    writeCapabilities(session);
    session.ok();
  },
});
