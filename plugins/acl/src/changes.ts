/** SETACL and DELETEACL: what a change makes of an ACL, and whether somebody may make it. */
import {
  type AccessChange,
  administers,
  type Identity,
  isMailError,
  lettersOfRights,
  type MailboxEntry,
  MailError,
  type MailStore,
  type Origin,
  ownerOf,
  Right,
  type Rights,
} from '@angarium/sdk';
import { type AccessRules, type Acl, ANONYMOUS, ANYONE, OWNER } from './rules.js';

/** Entries of one ACL; every LIST looks at it, every child inherits it. */
const MAX_ENTRIES = 1000;
/** How often a change is made anew when another one came between. */
const MAX_TRIES = 20;

/**
 * Makes the change durable, whatever others do to the same ACL meanwhile.
 * @throws MailError NOPERM, NONEXISTENT, LIMIT
 */
export async function applyChange(
  store: MailStore,
  rules: AccessRules,
  mailbox: MailboxEntry,
  change: AccessChange,
  origin: Origin,
): Promise<MailboxEntry> {
  let entry = mailbox;
  for (let tries = 1; ; tries++) {
    const acl = changedAcl(rules, entry, change, origin.identity);
    try {
      return await store.catalogue.change(entry.id, { acl, expectedAcl: entry.acl }, origin);
    } catch (error) {
      if (!isMailError(error) || error.code !== 'INUSE' || tries === MAX_TRIES) throw error;
      const now = await store.catalogue.byId(entry.id);
      if (now === undefined) throw new MailError('NONEXISTENT', 'Mailbox does not exist');
      // The right to change it may be what has just gone.
      if ((rules.held(origin.identity, now) & Right.admin) === 0) throw denied();
      entry = now;
    }
  }
}

/** @throws MailError NOPERM, LIMIT */
function changedAcl(rules: AccessRules, entry: MailboxEntry, change: AccessChange, by: Identity): Acl {
  const { identifier } = change;
  checkAllowed(rules, entry, change, by);
  const owner = ownerOf(entry.name);
  const now = rules.bitsOf(Object.hasOwn(entry.acl, identifier) ? entry.acl[identifier] : undefined);
  let rights = combine(now, change);
  // What the owner has in any case is written down as his, and never as taken from him (as in Cyrus).
  if (owner !== undefined) {
    if (identifier === owner) rights |= rules.implicitOwnerRights;
    if (identifier === `-${owner}` || identifier === `-${OWNER}`) rights &= ~rules.implicitOwnerRights;
  }
  // A computed key, so that `__proto__` is one like any other; who is in the list already keeps his place.
  const { [identifier]: _, ...others } = entry.acl;
  const acl: Acl = rights === 0 ? others : { ...entry.acl, [identifier]: lettersOfRights(rights) };
  if (Object.keys(acl).length > MAX_ENTRIES)
    throw new MailError('LIMIT', `An access control list has ${MAX_ENTRIES} entries at most`);
  return acl;
}

function combine(now: Rights, { mode, rights }: AccessChange): Rights {
  if (mode === 'set') return rights;
  return mode === 'add' ? now | rights : now & ~rights;
}

function checkAllowed(
  { config }: AccessRules,
  { name }: MailboxEntry,
  { identifier, mode, rights }: AccessChange,
  by: Identity,
): void {
  if (administers(by, name.domain)) return;
  if (!config.allowsetacl) throw denied();
  const isPublic = identifier === ANYONE || identifier === ANONYMOUS;
  if (isPublic && !config.anyoneuseracl && name.owner !== undefined) throw denied();
  if (identifier !== ownerOf(name)) return;
  // Nobody locks an owner out, not even he himself.
  const keepsAdmin = (rights & Right.admin) !== 0 ? mode !== 'remove' : mode !== 'set';
  if (!keepsAdmin) throw denied();
}

function denied(): MailError {
  return new MailError('NOPERM', 'Permission denied');
}
