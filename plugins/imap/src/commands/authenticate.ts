import {
  type AuthExchange,
  type Connection,
  defineImapCommand,
  type Identity,
  type ImapExtension,
  ImapSyntaxError,
  ReadError,
} from '@angarium/sdk';
import { MAX_SASL_LINE_BYTES } from '../limits.js';
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
    const text = line.tryAtom();
    // Leniency: mutt with GNU SASL writes the blank and nothing behind it where the server speaks first.
    if (text === undefined) return { mechanism, initial: undefined };
    // RFC 4959 §3: "=" is a response of no octets.
    const initial = text === '=' ? Buffer.alloc(0) : decodeBase64(text);
    return { mechanism, initial: initial ?? line.fail('base64') };
  },
  async run(context, { mechanism, initial }) {
    const session = ownSession(context.session);
    session.failedLogins++;
    const exchange = session.services.authentication.begin(mechanism, session.authContext);
    if (initial !== undefined && !(exchange.takesInitialResponse ?? exchange.clientFirst)) {
      exchange.cancel();
      throw new ImapSyntaxError(`${mechanism} has no initial response`);
    }
    const identity = await converse(exchange, session.connection, initial);
    session.failedLogins = 0;
    await enter(session, identity, context.reply);
  },
});

/** @throws what the exchange throws; ImapSyntaxError when the client cancels or sends no base64. */
async function converse(
  exchange: AuthExchange,
  connection: Connection,
  initial: Buffer | undefined,
): Promise<Identity> {
  try {
    let message: Buffer | undefined = initial;
    if (message === undefined && exchange.clientFirst) message = await ask(connection, Buffer.alloc(0));
    for (;;) {
      const step = await exchange.respond(message);
      if ('challenge' in step) {
        message = await ask(connection, step.challenge);
        continue;
      }
      // IMAP has no place for data with success: it goes as a challenge that is answered with nothing (RFC 4422 §3.6).
      if (step.data.length > 0) await ask(connection, step.data);
      return step.identity;
    }
  } catch (error) {
    exchange.cancel();
    throw error;
  }
}

async function ask(connection: Connection, challenge: Uint8Array): Promise<Buffer> {
  connection.write(`+ ${Buffer.from(challenge).toString('base64')}\r\n`);
  connection.flush();
  const text = await readResponse(connection);
  if (text === '*') throw new ImapSyntaxError('the authentication was cancelled');
  const message = decodeBase64(text);
  if (message === undefined) throw new ImapSyntaxError('the response is no base64');
  return message;
}

async function readResponse(connection: Connection): Promise<string> {
  try {
    const line = await connection.readLine(MAX_SASL_LINE_BYTES);
    if (line === undefined) throw new ReadError('eof', 'the client closed while authenticating');
    return line.latin1Slice();
  } catch (error) {
    if (!(error instanceof ReadError) || error.code !== 'line-too-long') throw error;
    await connection.skipLine();
    throw new ImapSyntaxError('the response is too long');
  }
}

/** The rule `base64` of RFC 3501 §9, to the letter. */
function decodeBase64(text: string): Buffer | undefined {
  const isBase64 = text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
  return isBase64 ? Buffer.from(text, 'base64') : undefined;
}

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
