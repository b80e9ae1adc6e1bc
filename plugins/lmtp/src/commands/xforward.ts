import { defineTextCommand } from '@angarium/sdk';
import { clientOf, parseClientAttributes } from '../grammar/client-attributes.js';
import type { LmtpSession } from '../session.js';

/** Upper case, as LHLO lists them. */
export const xforwardAttributes = ['NAME', 'ADDR', 'PORT', 'PROTO', 'HELO', 'IDENT', 'SOURCE'] as const;

/** Postfix's XFORWARD: where the MTA has the mail from. Holds for one transaction. */
export const xforward = defineTextCommand({
  name: 'XFORWARD',
  syntax: 'XFORWARD attribute=value [attribute=value …]',
  rfc: '5321#4.1.5',
  states: ['ready'],
  parse: (args) => parseClientAttributes(args.rest(), xforwardAttributes),
  run(session: LmtpSession, given) {
    if (!session.isTrusted) return session.answer(550, '5.7.1', 'XFORWARD is not for you');
    session.forwarded = { ...session.forwarded, ...clientOf(given) };
    session.answer(250, '2.0.0', 'Ok');
  },
});
