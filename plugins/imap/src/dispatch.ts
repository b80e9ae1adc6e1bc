/** From a line to a command that may run: tag, name, state and privacy, all from the declaration. */
import { ImapSyntaxError, MailError } from '@angarium/sdk';
import type { AnyCommand } from './registry.js';
import type { Session } from './session.js';
import { CharClass, type WireLine } from './wire/index.js';

export interface Invocation {
  readonly command: AnyCommand;
  readonly isUid: boolean;
  /** Sequence numbers are at stake: as declared, until the arguments have been read. */
  hasNumbers: boolean;
}

/** @throws ImapSyntaxError when there is none: the reply is untagged then. */
export function readTag(line: WireLine): string {
  if (line.isAtEnd) line.fail('a command');
  const tag = line.run(CharClass.tag, 'a tag');
  // Long enough for anybody; each reply repeats it.
  if (tag.length > 128) throw new ImapSyntaxError('the tag is too long');
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
    throw new ImapSyntaxError(`unknown command ${printable(fullName)}`);
  if (!command.states.includes(session.state))
    throw new ImapSyntaxError(`${fullName} is not allowed ${whereNot(session, command)}`);
  if (command.needsPrivacy && !session.services.authentication.allowsPlaintext(session.authContext)) {
    throw new MailError('PRIVACYREQUIRED', `${fullName} is not allowed without TLS`);
  }
  return { command, isUid, hasNumbers: !isUid };
}

function whereNot({ state }: Session, { states }: AnyCommand): string {
  if (state === 'not-authenticated') return 'before login';
  return states.includes('selected') ? 'while no mailbox is selected' : 'after login';
}

function printable(name: string): string {
  return name.length > 40 ? `${name.slice(0, 40)}...` : name;
}
