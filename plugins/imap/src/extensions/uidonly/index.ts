/**
 * UIDONLY (RFC 9586, from knowledge): a client that has given sequence numbers up. Commands that would need them are refused;
 * UIDFETCH: `fetchHead` of the SDK; VANISHED: extensions/qresync; UNSEEN: commands/select.ts.
 */
import { type CommandGuard, type ImapExtension, ImapSyntaxError } from '@angarium/sdk';

/** BAD [UIDREQUIRED] (RFC 9586 §3). */
export function uidRequired(text: string): ImapSyntaxError {
  return new ImapSyntaxError(text, undefined, 'UIDREQUIRED');
}

const uidsOnly: CommandGuard = {
  isActive: ({ enabled }) => enabled.has('UIDONLY'),
  beforeParse(_session, { name, usesNumbers }, isUid) {
    if (usesNumbers && !isUid) throw uidRequired(`Use UID ${name}: UIDONLY has been enabled`);
  },
  beforeRun(_session, command, args) {
    if (command.hasNumbers?.(args)) throw uidRequired('Message numbers have no meaning with UIDONLY');
  },
};

export const uidOnlyExtension: ImapExtension = {
  name: 'UIDONLY',
  capabilities: [{ word: 'UIDONLY', states: ['authenticated', 'selected'] }],
  enable: [{ name: 'UIDONLY' }],
  guards: [uidsOnly],
};
