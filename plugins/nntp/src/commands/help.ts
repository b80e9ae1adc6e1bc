import { type CommandTable, defineTextCommand } from '@angarium/sdk';
import type { NntpSession } from '../session.js';

/** RFC 3977 §7.2, from the table itself. */
export function helpCommand(table: () => CommandTable<NntpSession>) {
  return defineTextCommand({
    name: 'HELP',
    syntax: 'HELP',
    rfc: '3977#7.2',
    states: 'any',
    // Leniency: an argument, as people type it.
    parse: (args) => void args.rest(),
    run(session: NntpSession) {
      session.answer(100, 'Commands:');
      return session.lines(table().commands.map(({ syntax }) => `  ${syntax.replace('…', '...')}`));
    },
  });
}
