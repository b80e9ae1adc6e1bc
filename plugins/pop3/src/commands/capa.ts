import { defineTextCommand, noArguments } from '@angarium/sdk';
import type { Pop3Session } from '../session.js';

/** RFC 2449 §5: what holds on this connection now. */
export const capa = defineTextCommand({
  name: 'CAPA',
  syntax: 'CAPA',
  rfc: '2449#5',
  states: 'any',
  parse: noArguments,
  run(session: Pop3Session) {
    session.ok('List of capabilities follows');
    session.write(`${[...ways(session), ...always(session)].join('\r\n')}\r\n.\r\n`);
  },
});

/** How to get in. */
function* ways({ state, environment, authContext, connection, isUtf8 }: Pop3Session): Generator<string> {
  if (state !== 'authorization') return;
  const { authentication } = environment;
  const mechanisms = authentication.mechanisms(authContext);
  if (mechanisms.length > 0) yield `SASL ${mechanisms.join(' ')}`;
  if (connection.canStartTls && !isUtf8) yield 'STLS';
  if (authentication.allowsPlaintext(authContext)) yield 'USER';
}

function always({ environment: { config } }: Pop3Session): readonly string[] {
  return [
    `EXPIRE ${config.expireDays < 0 ? 'NEVER' : config.expireDays}`,
    `LOGIN-DELAY ${config.minPoll * 60}`,
    'TOP',
    'UIDL',
    'PIPELINING',
    'RESP-CODES',
    'AUTH-RESP-CODE',
    'UTF8 USER',
    'LANG',
    'IMPLEMENTATION Angarium',
  ];
}
