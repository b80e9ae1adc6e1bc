/** Which special uses there are, who may give them, and that a user has each but once (RFC 6154). */
import {
  administers,
  type ImapSession,
  type MailboxEntry,
  type MailboxName,
  MailError,
  ownerOf,
} from '@angarium/sdk';

/**
 * What a mailbox can be marked as: RFC 6154 §2 but for \All and \Flagged, which are views that this server does not have, and
 * \Important (RFC 8457 §3).
 */
const supported: ReadonlyMap<string, string> = new Map(
  ['\\Archive', '\\Drafts', '\\Important', '\\Junk', '\\Sent', '\\Trash'].map((use) => [
    use.toLowerCase(),
    use,
  ]),
);

/** As the RFC spells it, each once. @throws MailError USEATTR */
export function knownUses(given: readonly string[]): readonly string[] {
  const uses = given.map((use) => {
    const known = supported.get(use.toLowerCase());
    if (known === undefined)
      throw new MailError('USEATTR', `Special use ${use.slice(0, 40)} is not supported`);
    return known;
  });
  return [...new Set(uses)];
}

type Caller = Pick<ImapSession, 'identity' | 'store'>;

/**
 * Only folders of a user's own: a \Junk that others read would show them his mail (RFC 6154 §7), and the INBOX has its use.
 * @throws MailError USEATTR
 */
export function checkPlace({ identity }: Caller, name: MailboxName): void {
  const owner = ownerOf(name);
  if (owner === undefined || name.path.length === 0) {
    throw new MailError('USEATTR', 'Only folders of a user can have a special use');
  }
  if (owner !== identity.user && !administers(identity, name.domain)) {
    throw new MailError('USEATTR', 'Only the owner can give a special use');
  }
}

/** The mailboxes of the same user that have one of these uses. */
export async function holdersOf(
  { store }: Caller,
  name: MailboxName,
  uses: readonly string[],
): Promise<readonly MailboxEntry[]> {
  const owner = ownerOf(name);
  if (owner === undefined || uses.length === 0) return [];
  const own = await store.catalogue.list({ owner });
  return own.filter(({ specialUse }) => specialUse.some((use) => uses.includes(use)));
}

/** Special use is private to the owner (RFC 6154 §4): others would see several \Sent. */
export function usesFor(session: ImapSession, { name, specialUse }: MailboxEntry): readonly string[] {
  if (specialUse.length === 0) return specialUse;
  const { identity } = session;
  return ownerOf(name) === identity.user || administers(identity, name.domain) ? specialUse : [];
}
