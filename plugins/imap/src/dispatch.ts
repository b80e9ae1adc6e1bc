/** From a line to a command that may run: tag, name, state and privacy, all from the declaration. */
import { ImapSyntaxError, MailError } from '@angarium/sdk';
import type { AnyCommand } from './registry.js';
import type { Session } from './session.js';
import { CharClass, type WireLine } from './wire/index.js';

export interface Invocation {
  readonly command: AnyCommand;
  readonly isUid: boolean;
}

/** @throws ImapSyntaxError when there is none: the reply is untagged then. */
export function readTag(line: WireLine): string {
  if (line.isAtEnd) line.fail('a command');
  const tag = line.run(CharClass.tag, 'a tag');
  // Long enough for anybody; each reply repeats it.
  if (tag.length > 128) throw new ImapSyntaxError('the tag is too long', 0);
  return tag;
}

/** @throws ImapSyntaxError, MailError PRIVACYREQUIRED */
export function readCommand(line: WireLine, session: Session): Invocation {
  line.sp();
  let name = line.keyword();
  const isUid = name === 'UID';
  if (isUid) {
    line.sp();
    name = line.keyword();
  }
  const command = session.services.features.command(name);
  const fullName = isUid ? `UID ${name}` : name;
  if (command === undefined || (isUid && !command.hasUidForm))
    refuse(line, `unknown command ${printable(fullName)}`);
  if (!command.states.includes(session.state))
    refuse(line, `${fullName} is not allowed ${whereNot(session)}`);
  if (command.needsPrivacy && !session.services.authentication.allowsPlaintext(session.authContext)) {
    throw new MailError('PRIVACYREQUIRED', `${fullName} is not allowed without TLS`);
  }
  return { command, isUid };
}

function refuse(line: WireLine, text: string): never {
  throw new ImapSyntaxError(text, line.position);
}

function whereNot(session: Session): string {
  switch (session.state) {
    case 'not-authenticated':
      return 'before login';
    case 'authenticated':
      return 'here: either it is for login, or a mailbox must be selected first';
    default:
      return 'in this state';
  }
}

function printable(name: string): string {
  return name.length > 40 ? `${name.slice(0, 40)}...` : name;
}
