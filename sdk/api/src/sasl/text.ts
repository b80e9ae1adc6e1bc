/** What every mechanism does with names and octets. */
import { MailError } from '../errors.js';
import type { UserId } from '../model/identity.js';

/** Octets of a message as UTF-8 text without NUL. @throws MailError CLIENTBUG with `text` for anything else. */
export function saslText(message: Uint8Array, text: string): string {
  try {
    const decoded = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(message);
    if (!decoded.includes('\0')) return decoded;
  } catch {
    // Told below, in the same words.
  }
  throw new MailError('CLIENTBUG', text);
}

/** A name as it was claimed; what can be no user id fails as a wrong password would. @throws MailError `code` */
export function normaliseClaim(
  environment: { normalise(name: string): UserId },
  name: string,
  code: 'AUTHENTICATIONFAILED' | 'AUTHORIZATIONFAILED' = 'AUTHENTICATIONFAILED',
): UserId {
  try {
    return environment.normalise(name);
  } catch (error) {
    throw new MailError(code, 'no valid user name', { cause: error });
  }
}

/** As `normaliseClaim`, for an authorization identity, which may be left out. */
export function normaliseActAs(
  environment: { normalise(name: string): UserId },
  authzid: string | undefined,
): UserId | undefined {
  if (authzid === undefined || authzid === '') return undefined;
  return normaliseClaim(environment, authzid, 'AUTHORIZATIONFAILED');
}
