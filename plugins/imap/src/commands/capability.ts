import { defineImapCommand } from '@angarium/sdk';
import { capabilitiesOf } from '../capabilities.js';
import { ownSession } from '../session.js';

/** RFC 3501 §6.1.1. */
export const capability = defineImapCommand({
  name: 'CAPABILITY',
  rfc: 'RFC 3501 §6.1.1',
  states: ['not-authenticated', 'authenticated', 'selected'],
  parse() {},
  async run({ session, reply }) {
    reply.untagged(`CAPABILITY ${capabilitiesOf(ownSession(session))}`);
  },
});
