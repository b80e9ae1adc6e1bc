/** Commands without a subject of their own. */
import { defineTextCommand, noArguments } from '@angarium/sdk';
import type { LmtpSession } from '../session.js';

/** RFC 5321 §4.1.1.5. */
export const rset = defineTextCommand({
  name: 'RSET',
  syntax: 'RSET',
  rfc: '5321#4.1.1.5',
  states: 'any',
  parse: noArguments,
  run(session: LmtpSession) {
    session.reset();
    session.answer(250, '2.0.0', 'Ok');
  },
});

/** RFC 5321 §4.1.1.9: an argument is passed over. */
export const noop = defineTextCommand({
  name: 'NOOP',
  syntax: 'NOOP [text]',
  rfc: '5321#4.1.1.9',
  states: 'any',
  parse: () => undefined,
  run: (session: LmtpSession) => session.answer(250, '2.0.0', 'Ok'),
});

/** RFC 5321 §3.5.3: no client learns here who exists. */
export const vrfy = defineTextCommand({
  name: 'VRFY',
  syntax: 'VRFY text',
  rfc: '5321#4.1.1.6',
  states: 'any',
  parse: (args) => args.expectWord('Address'),
  run: (session: LmtpSession) => session.answer(252, '2.5.2', 'Try RCPT'),
});

/** RFC 5321 §4.1.1.10. */
export const quit = defineTextCommand({
  name: 'QUIT',
  syntax: 'QUIT',
  rfc: '5321#4.1.1.10',
  states: 'any',
  endsPipeline: true,
  parse: noArguments,
  run(session: LmtpSession) {
    session.reset();
    session.answer(221, '2.0.0', 'Goodbye');
    session.end();
  },
});
