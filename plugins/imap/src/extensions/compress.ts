import { defineImapCommand, type ImapExtension, type ImapSession, ImapSyntaxError } from '@angarium/sdk';

const active = Symbol('COMPRESS');

export function isCompressed(session: ImapSession): boolean {
  return session.local(active, () => ({ isActive: false })).isActive;
}

/**
 * RFC 4978. After login only: a password is never compressed together with what an attacker may have had a hand in. Buffers,
 * windows and backpressure are the connection's.
 */
const compress = defineImapCommand({
  name: 'COMPRESS',
  rfc: 'RFC 4978 §3',
  states: ['authenticated', 'selected'],
  parse(line) {
    line.sp();
    line.expect('DEFLATE');
  },
  async run({ session, reply, afterReply }) {
    const state = session.local(active, () => ({ isActive: false }));
    // BAD, not NO [COMPRESSIONACTIVE]: that is for other layers.
    if (state.isActive) throw new ImapSyntaxError('compression is active already');
    state.isActive = true;
    reply.completed('DEFLATE active');
    afterReply(() => session.connection.startCompression());
  },
});

export const compressExtension: ImapExtension = {
  name: 'COMPRESS',
  capabilities: [
    {
      word: 'COMPRESS=DEFLATE',
      states: ['authenticated', 'selected'],
      isOffered: (session) => !isCompressed(session),
    },
  ],
  commands: [compress],
};
