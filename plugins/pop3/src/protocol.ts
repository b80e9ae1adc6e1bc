/** POP3's words for what the session loop finds. */
import type { TextProtocol } from '@angarium/sdk';
import { commands } from './commands/index.js';
import { MAX_BAD_COMMANDS, MAX_LINE_BYTES } from './limits.js';
import type { Pop3Session } from './session.js';

export const protocol: TextProtocol<Pop3Session> = {
  commands,
  maxLineBytes: MAX_LINE_BYTES,
  maxBadCommands: MAX_BAD_COMMANDS,
  unknownCommand(session) {
    session.err(undefined, 'Unknown command');
  },
  wrongState(session) {
    session.err(undefined, session.state === 'authorization' ? 'Log in first' : 'You have logged in already');
  },
  syntaxError(session, { syntax }, error) {
    session.err(undefined, `${error.message}; syntax: ${syntax}`);
  },
  lineTooLong(session) {
    session.err(undefined, 'The line is too long');
    session.connection.flush();
  },
  failed(session, { name }, error) {
    session.refuse(error, name);
  },
  goodbye(session, reason) {
    // RFC 1939 §3: a client that was silent for too long is told nothing.
    if (reason === 'draining') session.err('SYS/TEMP', 'The server is going down, try again later');
    if (reason === 'too-many-errors') session.err(undefined, 'Too many errors, closing the connection');
  },
};
