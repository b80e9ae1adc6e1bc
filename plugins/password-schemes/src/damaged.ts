import { MailError } from '@angarium/sdk';

/** The stored secret is not what its scheme says. */
export function damaged(): MailError {
  return new MailError('CANNOT', 'The stored password hash is damaged');
}
