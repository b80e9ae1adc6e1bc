/** LMTP's words for what the session loop finds. */
import type { TextProtocol } from '@angarium/sdk';
import { commands } from './commands/index.js';
import { MAX_BAD_COMMANDS, MAX_LINE_BYTES } from './limits.js';
import type { LmtpSession } from './session.js';

const goodbyes = {
  idle: ['4.4.2', 'Timeout, closing the connection'],
  'too-many-errors': ['4.7.0', 'Too many errors, closing the connection'],
  draining: ['4.3.2', 'The server is going down, try again later'],
} as const;

export const protocol: TextProtocol<LmtpSession> = {
  commands,
  maxLineBytes: MAX_LINE_BYTES,
  maxBadCommands: MAX_BAD_COMMANDS,
  unknownCommand(session, name) {
    // RFC 2033 §4.1: two parties of which one speaks SMTP find out at once.
    const isSmtp = /^(HELO|EHLO)$/i.test(name);
    session.answer(500, '5.5.1', isSmtp ? 'This is LMTP: say LHLO' : `Unknown command ${name}`);
  },
  wrongState(session, { name }) {
    const isNested = name === 'MAIL' && session.state !== 'greeted';
    const needs = session.state === 'greeted' ? 'LHLO' : session.state === 'ready' ? 'MAIL' : 'RSET';
    session.answer(503, '5.5.1', isNested ? 'A transaction is going on already' : `${needs} first`);
  },
  syntaxError(session, { name, syntax }, error) {
    session.answer(501, '5.5.4', `${error.message}; syntax: ${syntax}`);
    // How many octets follow is not known: whatever is read next may be message data.
    if (name === 'BDAT') session.end();
  },
  lineTooLong(session) {
    session.answer(500, '5.5.6', 'The line is too long');
    session.connection.flush();
  },
  failed(session, { name }, error) {
    session.refuse(error, name);
  },
  goodbye(session, reason) {
    const [status, text] = goodbyes[reason];
    session.answer(421, status, text);
  },
};
