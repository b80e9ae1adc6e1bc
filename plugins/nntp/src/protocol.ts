/** NNTP's words for what the session loop finds. */
import type { TextProtocol } from '@angarium/sdk';
import { commands } from './commands/index.js';
import { MAX_BAD_COMMANDS, MAX_LINE_BYTES } from './limits.js';
import type { NntpSession } from './session.js';

const goodbyes = {
  'too-many-errors': 'Too many errors, closing the connection',
  draining: 'The server is going down, try again later',
} as const;

export const protocol: TextProtocol<NntpSession> = {
  commands,
  maxLineBytes: MAX_LINE_BYTES,
  maxBadCommands: MAX_BAD_COMMANDS,
  unknownCommand(session, name) {
    session.answer(500, `Unknown command ${name}`);
  },
  wrongState(session) {
    session.answer(503, 'Not now');
  },
  syntaxError(session, { syntax }, error) {
    session.answer(501, `${error.message}; syntax: ${syntax}`);
  },
  lineTooLong(session) {
    session.answer(501, 'The line is too long');
    session.connection.flush();
  },
  failed(session, { name }, error) {
    session.refuse(error, name);
  },
  // RFC 3977 §3.1: a server that gives up on a silent client says nothing; one that has a reason says 400.
  goodbye(session, reason) {
    if (reason !== 'idle') session.answer(400, goodbyes[reason]);
  },
};
