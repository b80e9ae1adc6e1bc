import {
  type Identity,
  isMailError,
  MAX_SASL_LINE_BYTES,
  MailError,
  ReadError,
  runSasl,
  type SaslTransport,
} from '@angarium/sdk';
import { ANONYMOUS } from '../capabilities.js';
import { defineSieveCommand } from '../command.js';
import { MAX_SKIPPED_BYTES_BEFORE_LOGIN } from '../limits.js';
import type { ManageSieveSession } from '../session.js';
import { CommandInput } from '../wire/command-input.js';
import { encodeLiteral, encodeString } from '../wire/line.js';

/** RFC 4422 §3.1: at most 20 characters. */
const MAX_MECHANISM_BYTES = 20;

/** RFC 5804 §2.1. */
export const authenticate = defineSieveCommand({
  name: 'AUTHENTICATE',
  rfc: '5804#2.1',
  states: ['not-authenticated'],
  async parse(input) {
    input.space();
    const mechanism = (await input.string('a mechanism', MAX_MECHANISM_BYTES)).latin1Slice().toUpperCase();
    if (!input.hasMore) return { mechanism, initial: undefined };
    input.space();
    const initial = (await input.string('an initial response', MAX_SASL_LINE_BYTES)).latin1Slice();
    return { mechanism, initial };
  },
  async run(session, { mechanism, initial }) {
    // Until it succeeds; a success ends the counting.
    session.failedLogins++;
    try {
      await exchange(session, mechanism, initial);
    } catch (error) {
      if (!isMailError(error) || error.code !== 'CANNOT') throw error;
      // Known here, and this site or this connection does not let it be used.
      const isKnown = session.environment.mechanisms.items.some(({ name }) => name === mechanism);
      session.no(error.publicText, isKnown ? 'AUTH-TOO-WEAK' : undefined);
    }
  },
});

async function exchange(
  session: ManageSieveSession,
  mechanism: string,
  initial: string | undefined,
): Promise<void> {
  if (mechanism === ANONYMOUS) throw new MailError('CANNOT', 'Scripts are kept for users with a name');
  const running = session.environment.authentication.begin(mechanism, session.authContext);
  // An empty string is a response of no octets; the toolkit's word for it is `=`.
  const outcome = await runSasl(running, transport(session), initial === '' ? '=' : initial);
  if (outcome.is === 'cancelled') return session.no('Authentication cancelled');
  if (outcome.is === 'malformed') return session.no(`Malformed response: ${outcome.why}`);
  await enter(session, outcome.identity, outcome.successData);
}

async function enter(
  session: ManageSieveSession,
  identity: Identity,
  successData: Uint8Array,
): Promise<void> {
  if (identity.isAnonymous) {
    throw new MailError('AUTHORIZATIONFAILED', 'Scripts are kept for users with a name');
  }
  const home = await session.environment.referrals?.home(identity);
  if (home !== undefined && !home.mayStay) {
    // Deviation: in quotes, which the grammar does not have. Cyrus sends them, and its clients want them.
    session.bye('Your scripts are on another server', `REFERRAL "${sieveUrl(home.server)}"`);
    return;
  }
  session.logIn(identity);
  if (successData.length === 0) session.ok();
  else session.ok(undefined, `SASL ${encodeString(Buffer.from(base64(successData)))}`);
}

/** RFC 5804 §3. A port is that of IMAP; ManageSieve has its own. */
function sieveUrl(server: string): string {
  const host = /^\[.*\]/.exec(server)?.[0] ?? server.replace(/:\d+$/, '');
  return `sieve://${host.replace(/[^A-Za-z0-9.:[\]_-]/g, '')}`;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** Challenges and responses are strings on lines of their own. */
function transport(session: ManageSieveSession): SaslTransport {
  const { connection } = session;
  return {
    hasSuccessData: true,
    challenge(text) {
      // A literal always, as Cyrus does it: its clients take no quoted string here.
      session.reply(encodeLiteral(text));
      connection.flush();
    },
    async readResponse() {
      const input = await CommandInput.read(connection);
      if (input === undefined) throw new ReadError('eof', 'the client closed inside an exchange');
      try {
        const response = (await input.string('a response', MAX_SASL_LINE_BYTES)).latin1Slice();
        input.end();
        return response;
      } finally {
        await input.finish(MAX_SKIPPED_BYTES_BEFORE_LOGIN);
      }
    },
  };
}
