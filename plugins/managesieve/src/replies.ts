/** What goes wrong with scripts, as replies (RFC 5804 §1.3). */
import { isMailError, type MailError, type MailErrorCode } from '@angarium/sdk';
import type { ManageSieveSession } from './session.js';
import { StringTooLong, WireError } from './wire/command-input.js';

/** `MailError` → response code. */
const responseCodes: Partial<Record<MailErrorCode, string>> = {
  NONEXISTENT: 'NONEXISTENT',
  ALREADYEXISTS: 'ALREADYEXISTS',
  OVERQUOTA: 'QUOTA',
  LIMIT: 'QUOTA',
  TOOBIG: 'QUOTA/MAXSIZE',
  PRIVACYREQUIRED: 'ENCRYPT-NEEDED',
};

/** Answers NO for whatever a command threw; what is no MailError is a fault of ours, and goes to the log. */
export function refuse(session: ManageSieveSession, error: unknown, command: string): void {
  if (error instanceof WireError || error instanceof StringTooLong) {
    session.no(sentence(error.message));
    return;
  }
  if (isMailError(error)) {
    session.no(error.publicText, codeOf(error));
    return;
  }
  const { environment, connection, identity } = session;
  environment.log.error('command failed', {
    session: connection.id,
    user: identity?.user,
    command,
    err: error,
  });
  session.no('Internal error, the server log has the details', 'TRYLATER');
}

/** A limit that passes (of logins from an address) is no quota. */
function codeOf({ code, temporary }: MailError): string | undefined {
  if (temporary && code === 'LIMIT') return 'TRYLATER';
  return responseCodes[code] ?? (temporary ? 'TRYLATER' : undefined);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
