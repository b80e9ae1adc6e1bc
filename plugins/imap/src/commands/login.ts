import { defineImapCommand, type ImapExtension } from '@angarium/sdk';
import { ownSession } from '../session.js';
import { enter } from './enter.js';

/** RFC 3501 §6.2.3. */
export const login = defineImapCommand({
  name: 'LOGIN',
  rfc: 'RFC 3501 §6.2.3',
  states: ['not-authenticated'],
  needsPrivacy: true,
  parse(line) {
    line.sp();
    const user = line.text();
    line.sp();
    return { user, password: line.text() };
  },
  async run(context, { user, password }) {
    const session = ownSession(context.session);
    const { authentication } = session.services;
    // Until it succeeds; a success ends the counting.
    session.failedLogins++;
    const identity = await authentication.login(user, password, session.authContext, 'LOGIN');
    session.failedLogins = 0;
    await enter(session, identity, context.reply);
  },
});

export const loginExtension: ImapExtension = {
  name: 'LOGIN',
  capabilities: [
    {
      word: 'LOGINDISABLED',
      states: ['not-authenticated'],
      isOffered(session) {
        const { services, authContext } = ownSession(session);
        return !services.authentication.allowsPlaintext(authContext);
      },
    },
  ],
  commands: [login],
};
