import { defineImapCommand, type ImapExtension } from '@angarium/sdk';
import { ownSession, type Session } from '../session.js';
import { encodeModUtf7, octetsOf, quoteString } from '../wire/index.js';

/** RFC 2342 §5; RFC 5255 §3.4: prefixes in the client's language beside the real ones. */
export function namespaceLine(session: Session): string {
  const { usesUtf8, language, services } = session;
  const { personal, otherUsers, shared, separator } = session.namespace;
  const quoted = (text: string): string =>
    quoteString(usesUtf8 ? octetsOf(text) : encodeModUtf7(text), usesUtf8);
  const translated = (prefix: string): string => {
    const name = prefix.endsWith(separator) ? prefix.slice(0, -separator.length) : prefix;
    const text = services.features.translation(language, name);
    return text === undefined ? '' : ` "TRANSLATION" (${quoted(text + prefix.slice(name.length))})`;
  };
  const text = (prefix: string | undefined): string =>
    prefix === undefined ? 'NIL' : `((${quoted(prefix)} ${quoteString(separator)}${translated(prefix)}))`;
  return `NAMESPACE ${text(personal)} ${text(otherUsers)} ${text(shared)}`;
}

/** RFC 2342 §5. */
export const namespace = defineImapCommand({
  name: 'NAMESPACE',
  rfc: 'RFC 2342 §5',
  states: ['authenticated', 'selected'],
  parse() {},
  async run({ session, reply }) {
    reply.untagged(namespaceLine(ownSession(session)));
  },
});

export const namespaceExtension: ImapExtension = {
  name: 'NAMESPACE',
  capabilities: [{ word: 'NAMESPACE', states: ['authenticated', 'selected'] }],
  commands: [namespace],
};
