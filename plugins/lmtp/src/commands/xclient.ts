import { CommandSyntaxError, defineTextCommand, type Identity } from '@angarium/sdk';
import { addressOf, clientOf, knownValue, parseClientAttributes } from '../grammar/client-attributes.js';
import { identityOfSender } from '../sender.js';
import type { LmtpSession } from '../session.js';

/** Upper case, as LHLO lists them. */
export const xclientAttributes = [
  'NAME',
  'ADDR',
  'PORT',
  'PROTO',
  'HELO',
  'LOGIN',
  'DESTADDR',
  'DESTPORT',
] as const;

/**
 * Postfix's XCLIENT: whom a proxy speaks for, until the connection ends or the next XCLIENT. The session begins anew, and what is
 * decided by address (who need not authenticate, whose word counts) is decided by the one that is given: a proxy does not lend its rights.
 */
export const xclient = defineTextCommand({
  name: 'XCLIENT',
  syntax: 'XCLIENT attribute=value [attribute=value …]',
  rfc: '5321#4.1.5',
  states: ['greeted', 'ready'],
  endsPipeline: true,
  parse(args) {
    const given = parseClientAttributes(args.rest(), xclientAttributes);
    for (const name of ['ADDR', 'DESTADDR']) addressOf(knownValue(given, name));
    for (const name of ['PORT', 'DESTPORT']) {
      const port = knownValue(given, name);
      if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) < 65536)) {
        throw new CommandSyntaxError(`Malformed value of ${name}`);
      }
    }
    const protocol = knownValue(given, 'PROTO');
    if (protocol !== undefined && !/^(E?SMTP|LMTP)$/i.test(protocol)) {
      throw new CommandSyntaxError('Malformed value of PROTO');
    }
    return given;
  },
  async run(session: LmtpSession, given) {
    if (!session.isProxy) return session.answer(550, '5.7.1', 'XCLIENT is not for you');
    const { accounts, mayDeliver, host } = session.environment;
    const login = knownValue(given, 'LOGIN');
    const identity: Identity | undefined =
      login === undefined ? undefined : await identityOfSender(accounts, login);
    session.reset();
    if (given.has('ADDR')) session.clientAddress = addressOf(knownValue(given, 'ADDR'));
    session.client = { ...session.client, ...clientOf(given) };
    session.submitter = given.has('LOGIN') ? identity : session.submitter;
    session.identity = identity !== undefined && mayDeliver(identity) ? identity : undefined;
    session.clientName = '';
    session.enter({ is: 'greeted' });
    session.write(`220 ${host.serverName} LMTP Angarium ready\r\n`);
  },
});
