import { CommandSyntaxError, defineTextCommand, noArguments } from '@angarium/sdk';
import type { NntpSession } from '../session.js';

/** RFC 4642 §2.2. What the client sent in the clear behind it is thrown away by the connection. */
export const starttls = defineTextCommand({
  name: 'STARTTLS',
  syntax: 'STARTTLS',
  rfc: '4642#2.2',
  states: 'any',
  endsPipeline: true,
  parse: noArguments,
  async run(session: NntpSession) {
    const { connection, environment } = session;
    if (connection.tls !== undefined) return session.answer(502, 'TLS is in place already');
    if (session.isAuthenticated) return session.answer(502, 'Not after authentication');
    if (session.isCompressed) return session.answer(502, 'Not with compression');
    if (!connection.canStartTls) return session.answer(580, 'TLS is not available');
    session.answer(382, 'Continue with TLS negotiation');
    try {
      await connection.startTls();
    } catch (error) {
      environment.log.info('TLS handshake failed', { session: connection.id, err: error });
      session.end();
      return;
    }
    // RFC 4642 §2.2.2: nothing of what was said in the clear counts.
    session.claimedUser = undefined;
    session.selected = undefined;
  },
});

/** RFC 8054 §2.2. */
export const compress = defineTextCommand({
  name: 'COMPRESS',
  syntax: 'COMPRESS DEFLATE',
  rfc: '8054#2.2',
  states: 'any',
  endsPipeline: true,
  parse(args) {
    const algorithm = args.expectWord('Algorithm').toUpperCase();
    args.expectEnd();
    if (!/^[A-Z0-9_-]{1,20}$/.test(algorithm)) throw new CommandSyntaxError('Malformed algorithm');
    return algorithm;
  },
  run(session: NntpSession, algorithm) {
    if (session.isCompressed) return session.answer(502, 'Compression is active already');
    if (algorithm !== 'DEFLATE') return session.answer(503, 'Only DEFLATE');
    session.answer(206, 'Compression active');
    session.isCompressed = true;
    session.connection.startCompression();
  },
});

/** RFC 3977 §5.3: readers and peers are served by the same door. */
export const modeReader = defineTextCommand({
  name: 'MODE READER',
  syntax: 'MODE READER',
  rfc: '3977#5.3',
  states: 'any',
  parse: noArguments,
  run: (session: NntpSession) => session.answer(200, 'Reader mode, posting permitted'),
});

/** RFC 4644 §2.3. */
export const modeStream = defineTextCommand({
  name: 'MODE STREAM',
  syntax: 'MODE STREAM',
  rfc: '4644#2.3',
  states: 'any',
  parse: noArguments,
  run: (session: NntpSession) => session.answer(203, 'Streaming permitted'),
});

/** RFC 3977 §5.4. */
export const quit = defineTextCommand({
  name: 'QUIT',
  syntax: 'QUIT',
  rfc: '3977#5.4',
  states: 'any',
  parse: noArguments,
  run(session: NntpSession) {
    session.answer(205, 'Connection closing');
    session.end();
  },
});

/** RFC 3977 §7.1. */
export const date = defineTextCommand({
  name: 'DATE',
  syntax: 'DATE',
  rfc: '3977#7.1',
  states: 'any',
  parse: noArguments,
  run(session: NntpSession) {
    const now = new Date(session.environment.clock.now()).toISOString();
    session.answer(111, now.slice(0, 19).replace(/[-T:]/g, ''));
  },
});

/** RFC 977 §3.12: of relays of old; answered, without effect. */
export const slave = defineTextCommand({
  name: 'SLAVE',
  syntax: 'SLAVE',
  rfc: '977#3.12',
  states: 'any',
  parse: noArguments,
  run: (session: NntpSession) => session.answer(202, 'Slave status noted'),
});
