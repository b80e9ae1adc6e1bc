/** Who may read and set which entries (RFC 5464 §3.3). */
import {
  type AccessPolicy,
  administers,
  type Identity,
  type ImapSession,
  type MailboxEntry,
  MailError,
  type MetadataEntry,
  Right,
} from '@angarium/sdk';
import { isPrivate } from './names.js';

/** One of these beside lookup lets a user read entries. */
const readers = Right.read | Right.seen | Right.write | Right.insert | Right.post;

interface Place {
  readonly access: AccessPolicy;
  readonly identity: Identity;
}

/**
 * The mailbox whose entries are asked for. Administrators read all of them, since cyradm shows what a mailbox is set to.
 * @throws MailError NONEXISTENT, NOPERM
 */
export async function findMailbox(session: ImapSession, text: string): Promise<MailboxEntry> {
  const mailbox = await session.findByText(text);
  if (!mayRead(session, mailbox)) throw denied();
  return mailbox;
}

export function mayRead({ access, identity }: Place, mailbox: MailboxEntry): boolean {
  const rights = access.rights(identity, mailbox);
  if ((rights & Right.lookup) === 0) return false;
  return (rights & readers) !== 0 || administers(identity, mailbox.name.domain);
}

/**
 * Private entries are anybody's own. Shared ones need the right to write, beyond RFC 5464 §3.3, lest every reader of a public mailbox
 * writes on it; those that configure the server need the right to administer, as in Cyrus. @throws MailError NOPERM
 */
export function checkWrite(
  { access, identity }: Place,
  mailbox: MailboxEntry | undefined,
  name: string,
  declared: MetadataEntry | undefined,
): void {
  if (declared?.writers === 'nobody') throw denied();
  if (mailbox === undefined) {
    const isAdministrator = identity.admin === 'all';
    if (
      !isAdministrator &&
      (!isPrivate(name) || identity.isAnonymous || declared?.writers === 'administrators')
    )
      throw denied();
    return;
  }
  if (administers(identity, mailbox.name.domain)) return;
  const rights = access.rights(identity, mailbox);
  const needed = neededRight(name, declared);
  if (needed !== 0 ? (rights & needed) === 0 : (rights & readers) === 0 || identity.isAnonymous)
    throw denied();
}

function neededRight(name: string, declared: MetadataEntry | undefined): number {
  if (declared?.writers === 'administrators') return Right.admin;
  return isPrivate(name) ? 0 : Right.write;
}

export function denied(): MailError {
  return new MailError('NOPERM', 'Permission denied');
}
