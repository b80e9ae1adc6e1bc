import { CommandSyntaxError, defineTextCommand } from '@angarium/sdk';
import type { LmtpSession } from '../session.js';
import { xclientAttributes } from './xclient.js';
import { xforwardAttributes } from './xforward.js';

/** RFC 2033 §4.1. What is offered is computed for the moment: TLS and login change it. */
export const lhlo = defineTextCommand({
  name: 'LHLO',
  syntax: 'LHLO domain',
  rfc: '2033#4.1',
  states: 'any',
  parse(args) {
    // Leniency: what follows is used in the Received field alone; RFC 5321 §4.1.4 forbids to refuse mail for it.
    const name = args.expectWord('Domain');
    args.expectEnd();
    if (/[\x00-\x1f\x7f]/.test(name)) throw new CommandSyntaxError('Malformed domain');
    return name;
  },
  run(session: LmtpSession, name) {
    session.reset();
    session.clientName = name;
    session.enter({ is: 'ready' });
    const lines = [session.environment.host.serverName, ...keywords(session)];
    const last = lines.length - 1;
    session.write(lines.map((line, i) => `250${i < last ? '-' : ' '}${line}\r\n`).join(''));
  },
});

function keywords(session: LmtpSession): string[] {
  const { connection, environment, authContext } = session;
  const mechanisms = session.identity === undefined ? environment.authentication.mechanisms(authContext) : [];
  return [
    '8BITMIME',
    'BINARYMIME',
    'CHUNKING',
    'ENHANCEDSTATUSCODES',
    'PIPELINING',
    `SIZE ${environment.config.maxMessageBytes}`,
    'SMTPUTF8',
    ...(connection.canStartTls ? ['STARTTLS'] : []),
    ...(mechanisms.length > 0 ? [`AUTH ${mechanisms.join(' ')}`] : []),
    'IGNOREQUOTA',
    ...(session.isTrusted ? [`XFORWARD ${xforwardAttributes.join(' ')}`] : []),
    ...(session.isProxy ? [`XCLIENT ${xclientAttributes.join(' ')}`] : []),
  ];
}
