import { defineImapCommand, type ImapExtension, MailError } from '@angarium/sdk';

/** RFC 3501 §6.2.1. What the client sent in the clear behind it is thrown away by the connection. */
export const starttls = defineImapCommand({
  name: 'STARTTLS',
  rfc: 'RFC 3501 §6.2.1',
  states: ['not-authenticated'],
  parse() {},
  async run({ session, reply, afterReply }) {
    const { connection } = session;
    if (!connection.canStartTls) {
      throw new MailError('CANNOT', connection.tls ? 'TLS is in place already' : 'TLS is not offered here');
    }
    reply.completed('Begin TLS negotiation now');
    afterReply(() => connection.startTls());
  },
});

export const starttlsExtension: ImapExtension = {
  name: 'STARTTLS',
  capabilities: [
    {
      word: 'STARTTLS',
      states: ['not-authenticated'],
      isOffered: ({ connection }) => connection.canStartTls,
    },
  ],
  commands: [starttls],
};
