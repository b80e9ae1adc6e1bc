import { defineImapCommand, type ImapExtension, ImapSyntaxError, runSasl, saslLines } from '@angarium/sdk';
import { ownSession } from '../session.js';
import { enter } from './enter.js';

/** RFC 3501 §6.2.2, with the initial response of RFC 4959. */
export const authenticate = defineImapCommand({
  name: 'AUTHENTICATE',
  rfc: 'RFC 3501 §6.2.2',
  states: ['not-authenticated'],
  parse(line) {
    line.sp();
    const mechanism = line.keyword();
    if (!line.trySp()) return { mechanism, initial: undefined };
    // Leniency: mutt with GNU SASL writes the blank and nothing behind it where the server speaks first.
    return { mechanism, initial: line.tryAtom() };
  },
  async run(context, { mechanism, initial }) {
    const session = ownSession(context.session);
    session.failedLogins++;
    const exchange = session.services.authentication.begin(mechanism, session.authContext);
    const outcome = await runSasl(exchange, saslLines(session.connection, '+ '), initial);
    if (outcome.is === 'cancelled') throw new ImapSyntaxError('the authentication was cancelled');
    if (outcome.is === 'malformed') throw new ImapSyntaxError(`malformed response: ${outcome.why}`);
    session.failedLogins = 0;
    await enter(session, outcome.identity, context.reply);
  },
});

/** RFC 4959: SASL-IR; and one AUTH= for each mechanism that makes sense on this connection now. */
export const authenticateExtension: ImapExtension = {
  name: 'AUTHENTICATE',
  capabilities: [
    { word: 'SASL-IR', states: ['not-authenticated'] },
    {
      word: 'AUTH',
      states: ['not-authenticated'],
      words(session) {
        const { services, authContext } = ownSession(session);
        return services.authentication.mechanisms(authContext).map((name) => `AUTH=${name}`);
      },
    },
  ],
  commands: [authenticate],
};
