/**
 * A mailbox's name inside the system: a value, never a string with a separator in it. Components are Unicode NFC,
 * not modified UTF-7; what a client sees is made by the Namespace contract.
 */
import { splitUserId, type UserId, userId } from './identity.js';

export interface MailboxName {
  /** Absent: the default domain. */
  readonly domain?: string;
  /** Local part of the owner; absent: a shared mailbox. */
  readonly owner?: string;
  /** Empty with an owner: the INBOX. */
  readonly path: readonly string[];
}

const SEPARATOR = '\u001f';

/** The user's INBOX, or a mailbox below it. */
export function personalMailbox(user: UserId, path: readonly string[] = []): MailboxName {
  const { local, domain } = splitUserId(user);
  return domain === undefined ? { owner: local, path } : { domain, owner: local, path };
}

/** A mailbox that belongs to nobody. */
export function sharedMailbox(path: readonly string[], domain?: string): MailboxName {
  return domain === undefined ? { path } : { domain, path };
}

/** Whose mailbox it is; undefined for shared ones. */
export function ownerOf(name: MailboxName): UserId | undefined {
  return name.owner === undefined ? undefined : userId(name.owner, name.domain);
}

/**
 * One string a name, for maps and databases. Sorts a parent right before its children:
 * domain, owner (empty: shared, marked) and path joined with U+001F.
 */
export function mailboxKey(name: MailboxName): string {
  const head = `${name.domain ?? ''}${SEPARATOR}${name.owner === undefined ? '' : `~${name.owner}`}`;
  return name.path.length === 0 ? head : `${head}${SEPARATOR}${name.path.join(SEPARATOR)}`;
}

/** The inverse of `mailboxKey`. */
export function mailboxFromKey(key: string): MailboxName {
  const [domain = '', owner = '', ...path] = key.split(SEPARATOR);
  return {
    ...(domain === '' ? {} : { domain }),
    ...(owner === '' ? {} : { owner: owner.slice(1) }),
    path,
  };
}

/** Are these names of one mailbox? */
export function sameMailbox(a: MailboxName, b: MailboxName): boolean {
  return mailboxKey(a) === mailboxKey(b);
}

/** Is `name` below `ancestor` (not itself)? */
export function isBelow(name: MailboxName, ancestor: MailboxName): boolean {
  return mailboxKey(name).startsWith(mailboxKey(ancestor) + SEPARATOR);
}

/** The next one up; undefined for an INBOX and for a top-level shared mailbox. */
export function parentOf(name: MailboxName): MailboxName | undefined {
  if (name.path.length === 0 || (name.owner === undefined && name.path.length === 1)) return undefined;
  return { ...name, path: name.path.slice(0, -1) };
}
