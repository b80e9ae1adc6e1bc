import { CommandTable, defineTextCommand, type TextCommand } from '@angarium/sdk';
import type { LmtpSession } from '../session.js';
import { auth } from './auth.js';
import { bdat } from './bdat.js';
import { data } from './data.js';
import { lhlo } from './lhlo.js';
import { mail } from './mail.js';
import { rcpt } from './rcpt.js';
import { noop, quit, rset, vrfy } from './small.js';
import { starttls } from './starttls.js';
import { xclient } from './xclient.js';
import { xforward } from './xforward.js';

/** RFC 5321 §4.1.1.8, from the table itself. */
const help: TextCommand<LmtpSession> = defineTextCommand({
  name: 'HELP',
  syntax: 'HELP [command]',
  rfc: '5321#4.1.1.8',
  states: 'any',
  parse: (args) => args.tryWord(),
  run(session: LmtpSession, topic) {
    const found = typeof topic === 'string' ? [commands.get(topic)] : commands.commands;
    const syntax = found.map((command) => command?.syntax ?? 'There is no such command');
    session.answer(214, '2.0.0', syntax.join('\n'));
  },
});

export const commands: CommandTable<LmtpSession> = new CommandTable<LmtpSession>([
  lhlo,
  mail,
  rcpt,
  data,
  bdat,
  rset,
  noop,
  vrfy,
  help,
  starttls,
  auth,
  xclient,
  xforward,
  quit,
]);
