import {
  CommandSyntaxError,
  defineTextCommand,
  isMailError,
  MailError,
  runSasl,
  type SaslFault,
  saslLines,
} from '@angarium/sdk';
import { MAX_FAILED_LOGINS } from '../limits.js';
import type { LmtpSession } from '../session.js';

/** RFC 4954 §4. */
export const auth = defineTextCommand({
  name: 'AUTH',
  syntax: 'AUTH mechanism [initial-response]',
  rfc: '4954#4',
  states: ['ready'],
  endsPipeline: true,
  isSecret: true,
  parse(args) {
    const mechanism = args.expectWord('Mechanism');
    if (!/^[A-Za-z0-9_-]{1,20}$/.test(mechanism)) throw new CommandSyntaxError('Malformed mechanism');
    const initial = args.tryWord();
    args.expectEnd();
    return { mechanism, initial };
  },
  async run(session: LmtpSession, { mechanism, initial }) {
    if (session.identity !== undefined) return session.answer(503, '5.5.1', 'Already authenticated');
    try {
      await authenticate(session, mechanism, initial);
    } catch (error) {
      if (isMailError(error) && error.code === 'CANNOT') {
        return session.answer(504, '5.5.4', error.publicText);
      }
      if (isMailError(error) && error.temporary) return session.answer(454, '4.7.0', error.publicText);
      // What is left is refused credentials.
      if (isMailError(error) && ++session.failedLogins >= MAX_FAILED_LOGINS) session.end();
      throw error;
    }
  },
});

/** RFC 4954 §4. */
const faults: Readonly<Record<SaslFault, readonly [number, string]>> = {
  'not-base64': [501, '5.5.2'],
  'line-too-long': [500, '5.5.6'],
  unexpected: [501, '5.7.0'],
};

async function authenticate(
  session: LmtpSession,
  mechanism: string,
  initial: string | undefined,
): Promise<void> {
  const { environment, connection, authContext } = session;
  const exchange = environment.authentication.begin(mechanism, authContext);
  const outcome = await runSasl(exchange, saslLines(connection, '334 '), initial);
  if (outcome.is === 'cancelled') return session.answer(501, '5.7.0', 'Authentication cancelled');
  if (outcome.is === 'malformed') {
    const [code, status] = faults[outcome.fault];
    return session.answer(code, status, `Malformed response: ${outcome.why}`);
  }
  const { identity } = outcome;
  if (!environment.mayDeliver(identity)) {
    throw new MailError('AUTHORIZATIONFAILED', 'You may not hand mail over');
  }
  session.identity = identity;
  connection.describe({ user: identity.user });
  session.answer(235, '2.7.0', 'Authenticated');
}
