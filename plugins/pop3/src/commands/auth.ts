import {
  CommandSyntaxError,
  defineTextCommand,
  type Identity,
  isMailError,
  runSasl,
  saslLines,
} from '@angarium/sdk';
import { Pop3Refusal } from '../replies.js';
import type { Pop3Session } from '../session.js';

/** RFC 5034 §4. Without a mechanism it lists them, as clients older than CAPA expect. */
export const auth = defineTextCommand({
  name: 'AUTH',
  syntax: 'AUTH mechanism [initial-response]',
  rfc: '5034#4',
  states: ['authorization'],
  isSecret: true,
  parse(args) {
    const mechanism = args.tryWord();
    if (mechanism === undefined) return undefined;
    if (!/^[A-Za-z0-9_-]{1,20}$/.test(mechanism)) throw new CommandSyntaxError('Malformed mechanism');
    const initial = args.tryWord();
    args.expectEnd();
    return { mechanism, initial };
  },
  run(session: Pop3Session, request) {
    if (request === undefined) return listMechanisms(session);
    return session.logIn(() => authenticate(session, request.mechanism, request.initial));
  },
});

function listMechanisms(session: Pop3Session): void {
  const names = session.environment.authentication.mechanisms(session.authContext);
  session.ok('List of supported mechanisms follows');
  session.write(`${names.map((name) => `${name}\r\n`).join('')}.\r\n`);
}

async function authenticate(
  session: Pop3Session,
  mechanism: string,
  initial: string | undefined,
): Promise<Identity> {
  const { environment, connection, authContext } = session;
  const exchange = environment.authentication.begin(mechanism, authContext);
  const outcome = await runSasl(exchange, saslLines(connection, '+ '), initial).catch(malformed);
  if (outcome.is === 'done') return outcome.identity;
  if (outcome.is === 'cancelled') throw new Pop3Refusal(undefined, 'Authentication cancelled');
  throw new Pop3Refusal(undefined, `Malformed response: ${outcome.why}`);
}

/** A message that breaks the mechanism's grammar is no matter of credentials (RFC 3206 §4). */
function malformed(error: unknown): never {
  if (isMailError(error) && error.code === 'CLIENTBUG') throw new Pop3Refusal(undefined, error.publicText);
  throw error;
}
