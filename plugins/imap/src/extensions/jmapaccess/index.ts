/** JMAPACCESS (RFC 9698, from knowledge): where the same mail is to be had by JMAP, with the same credentials. */
import {
  defineImapCommand,
  type ImapExtension,
  type ImapSession,
  type JmapAccess,
  MailError,
} from '@angarium/sdk';
import { octetsOf } from '../../wire/index.js';

/** The command and the word come and go with the provider. */
export function jmapAccessExtension(access: JmapAccess): ImapExtension {
  const urlFor = (session: ImapSession): string | undefined => access.sessionUrl(session.identity);
  const getJmapAccess = defineImapCommand({
    name: 'GETJMAPACCESS',
    rfc: 'RFC 9698 §4',
    states: ['authenticated', 'selected'],
    parse() {},
    async run({ session, reply }) {
      const url = urlFor(session);
      if (url === undefined) throw new MailError('CANNOT', 'There is no JMAP for this account');
      reply.untagged(`JMAPACCESS ${reply.quote(octetsOf(url))}`);
    },
  });
  return {
    name: 'JMAPACCESS',
    capabilities: [
      {
        word: 'JMAPACCESS',
        states: ['authenticated', 'selected'],
        isOffered: (session) => urlFor(session) !== undefined,
      },
    ],
    commands: [getJmapAccess],
  };
}
