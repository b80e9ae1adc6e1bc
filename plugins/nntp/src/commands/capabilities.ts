import { CommandSyntaxError, type CommandTable, defineTextCommand } from '@angarium/sdk';
import type { NntpSession } from '../session.js';

/** RFC 3977 §5.2. Computed for the moment: TLS, login and compression change it. */
export function capabilitiesCommand(table: () => CommandTable<NntpSession>) {
  return defineTextCommand({
    name: 'CAPABILITIES',
    syntax: 'CAPABILITIES [keyword]',
    rfc: '3977#5.2',
    states: 'any',
    parse(args) {
      const keyword = args.tryWord();
      args.expectEnd();
      if (keyword !== undefined && !/^[A-Za-z][A-Za-z0-9.-]{2,}$/.test(keyword)) {
        throw new CommandSyntaxError('Malformed keyword');
      }
    },
    run(session: NntpSession) {
      session.answer(101, 'Capability list:');
      return session.lines(capabilities(session, table()));
    },
  });
}

function capabilities(session: NntpSession, table: CommandTable<NntpSession>): string[] {
  const { connection, environment } = session;
  const { config, host } = environment;
  const lists = table.commands
    .filter(({ name }) => name.startsWith('LIST '))
    .map(({ name }) => name.slice(5));
  return [
    'VERSION 2',
    `IMPLEMENTATION Angarium ${host.version}`,
    'READER',
    'POST',
    'IHAVE',
    'STREAMING',
    ...(config.allownewnews ? ['NEWNEWS'] : []),
    'OVER MSGID',
    'HDR',
    `LIST ${lists.join(' ')}`,
    ...(connection.canStartTls && !session.isAuthenticated && !session.isCompressed ? ['STARTTLS'] : []),
    ...logins(session),
    ...(session.isCompressed ? [] : ['COMPRESS DEFLATE']),
    'XPAT',
  ];
}

/** RFC 4643 §2.1; RFC 8054 §2.1 for what is left with compression. */
function logins(session: NntpSession): string[] {
  const { authentication } = session.environment;
  if (session.isAuthenticated) return [];
  if (session.isCompressed) return ['AUTHINFO'];
  const mechanisms = authentication.mechanisms(session.authContext);
  const kinds = [
    ...(authentication.allowsPlaintext(session.authContext) ? ['USER'] : []),
    ...(mechanisms.length > 0 ? ['SASL'] : []),
  ];
  return [
    ['AUTHINFO', ...kinds].join(' '),
    ...(mechanisms.length > 0 ? [`SASL ${mechanisms.join(' ')}`] : []),
  ];
}
