import {
  CommandSyntaxError,
  defineTextCommand,
  isMailError,
  MAX_SASL_LINE_BYTES,
  type MailError,
  ReadError,
  runSasl,
  type SaslTransport,
} from '@angarium/sdk';
import { MAX_FAILED_LOGINS } from '../limits.js';
import type { NntpSession } from '../session.js';

/** 502 after a login, and after COMPRESS (RFC 4643 §2.2, RFC 8054 §2.1). True: answered. */
function isTooLate(session: NntpSession): boolean {
  if (session.isAuthenticated) session.answer(502, 'Already authenticated');
  else if (session.isCompressed) session.answer(502, 'Not with compression');
  else return false;
  return true;
}

/** What went wrong with a login (RFC 4643 §2.3.1, §2.4.1). */
function refuse(session: NntpSession, error: unknown): void {
  if (!isMailError(error)) throw error;
  const code = refusalCode(error);
  session.answer(code, error.publicText);
  if (code === 481 && ++session.failedLogins >= MAX_FAILED_LOGINS) session.end();
}

function refusalCode({ code, temporary }: MailError): number {
  if (code === 'PRIVACYREQUIRED') return 483;
  if (code === 'CLIENTBUG') return 482;
  if (code === 'CANNOT') return 503;
  return temporary ? 403 : 481;
}

/** RFC 4643 §2.3. */
export const user = defineTextCommand({
  name: 'AUTHINFO USER',
  syntax: 'AUTHINFO USER name',
  rfc: '4643#2.3',
  states: 'any',
  isSecret: true,
  parse: (args) => utf8(args.rest(), 'Name'),
  run(session: NntpSession, name) {
    if (isTooLate(session)) return;
    const { authentication } = session.environment;
    if (!authentication.allowsPlaintext(session.authContext)) {
      return session.answer(483, 'Encryption required');
    }
    session.claimedUser = name;
    session.answer(381, 'Enter password');
  },
});

/** RFC 4643 §2.3. Blanks are part of a password. */
export const pass = defineTextCommand({
  name: 'AUTHINFO PASS',
  syntax: 'AUTHINFO PASS password',
  rfc: '4643#2.3',
  states: 'any',
  isSecret: true,
  parse: (args) => utf8(args.rest(), 'Password'),
  async run(session: NntpSession, password) {
    if (isTooLate(session)) return;
    const { claimedUser } = session;
    if (claimedUser === undefined) return session.answer(482, 'AUTHINFO USER first');
    session.claimedUser = undefined;
    try {
      const { authentication } = session.environment;
      session.authenticated(await authentication.login(claimedUser, password, session.authContext, 'USER'));
    } catch (error) {
      return refuse(session, error);
    }
    session.answer(281, 'Authentication accepted');
  },
});

function utf8(octets: string, what: string): string {
  if (octets === '') throw new CommandSyntaxError(`${what} expected`);
  return Buffer.from(octets, 'latin1').toString('utf8');
}

/** RFC 4643 §2.4. */
export const sasl = defineTextCommand({
  name: 'AUTHINFO SASL',
  syntax: 'AUTHINFO SASL mechanism [initial-response]',
  rfc: '4643#2.4',
  states: 'any',
  isSecret: true,
  parse(args) {
    const mechanism = args.expectWord('Mechanism');
    if (!/^[A-Za-z0-9_-]{1,20}$/.test(mechanism)) throw new CommandSyntaxError('Malformed mechanism');
    const initial = args.tryWord();
    args.expectEnd();
    return { mechanism, initial };
  },
  async run(session: NntpSession, { mechanism, initial }) {
    if (isTooLate(session)) return;
    session.claimedUser = undefined;
    try {
      await exchange(session, mechanism, initial);
    } catch (error) {
      refuse(session, error);
    }
  },
});

async function exchange(session: NntpSession, mechanism: string, initial: string | undefined) {
  const { authentication } = session.environment;
  const running = authentication.begin(mechanism, session.authContext);
  const outcome = await runSasl(running, transport(session), initial);
  if (outcome.is === 'cancelled') return session.answer(481, 'Authentication cancelled');
  if (outcome.is === 'malformed') {
    return session.answer(outcome.fault === 'not-base64' ? 504 : 482, `Malformed response: ${outcome.why}`);
  }
  session.authenticated(outcome.identity);
  const { successData } = outcome;
  if (successData.length === 0) return session.answer(281, 'Authentication accepted');
  // No length limit of a reply line here: SCRAM's and GSSAPI's data must come whole.
  session.reply(`283 ${Buffer.from(successData).toString('base64')}`);
}

/** RFC 4643 §2.4.2: a challenge or response of no octets is `=`. */
function transport({ connection }: NntpSession): SaslTransport {
  return {
    hasSuccessData: true,
    challenge(base64) {
      connection.write(`383 ${base64 === '' ? '=' : base64}\r\n`);
      connection.flush();
    },
    async readResponse() {
      try {
        const line = await connection.readLine(MAX_SASL_LINE_BYTES);
        if (line === undefined) throw new ReadError('eof', 'the client closed inside an exchange');
        const text = line.latin1Slice();
        return text === '=' ? '' : text;
      } catch (error) {
        if (error instanceof ReadError && error.code === 'line-too-long') await connection.skipLine();
        throw error;
      }
    },
  };
}
