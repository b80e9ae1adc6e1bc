import { defineTextCommand, noArguments } from '@angarium/sdk';
import { receive, takeDotBody } from '../receive.js';
import type { LmtpSession } from '../session.js';

/** RFC 5321 §4.1.1.4, RFC 2033 §4.2. */
export const data = defineTextCommand({
  name: 'DATA',
  syntax: 'DATA',
  rfc: '2033#4.2',
  states: ['mail'],
  endsPipeline: true,
  parse: noArguments,
  async run(session: LmtpSession) {
    if (session.current.is !== 'mail') return;
    const { transaction } = session.current;
    if (transaction.recipients.length === 0) return session.answer(503, '5.5.1', 'No valid recipients');
    // RFC 3030 §3: what is binary has no lines, and so no line with a dot.
    if (transaction.isBinary) return session.answer(503, '5.5.1', 'A BINARYMIME message is sent with BDAT');
    session.write('354 End data with <CR><LF>.<CR><LF>\r\n');
    session.connection.flush();
    await receive(session, transaction, () => takeDotBody(session, transaction));
  },
});
