import { CommandSyntaxError, defineTextCommand, MailError } from '@angarium/sdk';
import { Pop3Refusal } from '../replies.js';
import type { Pop3Session } from '../session.js';
import { unicode } from './arguments.js';

/** RFC 1939 §7. Every name is as good as any other: nobody learns here who exists. */
export const user = defineTextCommand({
  name: 'USER',
  syntax: 'USER name',
  rfc: '1939#7',
  states: ['authorization'],
  parse(args) {
    const name = unicode(args.rest().trim());
    if (name === '') throw new CommandSyntaxError('Name expected');
    return name;
  },
  run(session: Pop3Session, name) {
    requirePrivacy(session);
    session.current = { is: 'authorization', user: name };
    session.ok('Name is a valid mailbox');
  },
});

/** RFC 1939 §7: blanks are part of the password. */
export const pass = defineTextCommand({
  name: 'PASS',
  syntax: 'PASS password',
  rfc: '1939#7',
  states: ['authorization'],
  isSecret: true,
  parse: (args) => unicode(args.rest()),
  async run(session: Pop3Session, password) {
    requirePrivacy(session);
    const name = session.current.is === 'authorization' ? session.current.user : undefined;
    if (name === undefined) throw new Pop3Refusal(undefined, 'Give USER first');
    const { authentication } = session.environment;
    const context = session.authContext;
    await session.logIn(() => authentication.login(name, password, context, 'USER'));
  },
});

/** The name alone is worth nothing in the clear, but a client that is told now does not send the password. */
function requirePrivacy(session: Pop3Session): void {
  if (session.environment.authentication.allowsPlaintext(session.authContext)) return;
  throw new MailError('PRIVACYREQUIRED', 'Passwords are taken over TLS only: say STLS first');
}
