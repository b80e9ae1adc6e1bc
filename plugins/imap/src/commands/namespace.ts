import { defineImapCommand, type ImapExtension } from '@angarium/sdk';
import { ownSession } from '../session.js';
import { encodeModUtf7, octetsOf, quoteString } from '../wire/index.js';

/** RFC 2342 §5. */
export const namespace = defineImapCommand({
  name: 'NAMESPACE',
  rfc: 'RFC 2342 §5',
  states: ['authenticated', 'selected'],
  parse() {},
  async run({ session, reply }) {
    const { personal, otherUsers, shared, separator } = session.namespace;
    const { usesUtf8 } = ownSession(session);
    const text = (prefix: string | undefined): string => {
      if (prefix === undefined) return 'NIL';
      const octets = usesUtf8 ? octetsOf(prefix) : encodeModUtf7(prefix);
      return `((${quoteString(octets, usesUtf8)} ${quoteString(separator)}))`;
    };
    reply.untagged(`NAMESPACE ${text(personal)} ${text(otherUsers)} ${text(shared)}`);
  },
});

export const namespaceExtension: ImapExtension = {
  name: 'NAMESPACE',
  capabilities: [{ word: 'NAMESPACE', states: ['authenticated', 'selected'] }],
  commands: [namespace],
};
