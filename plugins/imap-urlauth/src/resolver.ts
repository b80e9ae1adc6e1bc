/** From an authorised URL to the part it names, if whoever asks may have it (RFC 4467 §6, §7). */
import {
  type Accounts,
  type Clock,
  type Identity,
  type ImapPart,
  type ImapParts,
  type ImapSession,
  type ImapUrl,
  type ImapUrlAuthorization,
  isMailError,
  type MailboxEntry,
  type Namespace,
  parseImapUrl,
  Right,
  rumpOf,
  type UserId,
} from '@angarium/sdk';
import { normalised } from './commands.js';
import { type AccessKeys, isTokenOf } from './keys.js';

export interface ResolverParts {
  readonly keys: AccessKeys;
  readonly accounts: Accounts;
  readonly namespace: Namespace;
  readonly parts: ImapParts;
  readonly clock: Clock;
  /** Who may use `submit+`. */
  readonly submitters: ReadonlySet<string>;
}

/** A part, and which of its octets. */
export interface Resolved {
  readonly part: ImapPart;
  readonly from: number;
  /** Exclusive; Infinity for the end. */
  readonly to: number;
}

export class UrlResolver {
  constructor(private readonly services: ResolverParts) {}

  /** Undefined, whatever is wrong (RFC 4467 §8: NIL). @throws MailError when the store cannot be asked */
  async resolve(session: ImapSession, text: string): Promise<Resolved | undefined> {
    const url = parseImapUrl(text);
    const token = url?.authorization?.token;
    if (url?.server?.user === undefined || url.mailbox === undefined || token === undefined) return undefined;
    const owner = await this.ownerOf(url.server.user);
    const entry = owner === undefined ? undefined : await this.find(session, owner, url.mailbox);
    const key = entry === undefined ? undefined : await this.services.keys.find(owner!.user, entry.id);
    const isAuthentic = isTokenOf(token, rumpOf(text), key);
    if (!isAuthentic || entry === undefined || !this.isCurrent(url, entry)) return undefined;
    if (!this.mayUse(session.identity, url.authorization!)) return undefined;
    const mailbox = session.store.mailbox(entry.id, owner!.user);
    const part = await this.services.parts.open(mailbox, url.uid, url.section);
    if (part === undefined) return undefined;
    const { start = 0, count } = url.partial ?? {};
    return { part, from: start, to: count === undefined ? Number.POSITIVE_INFINITY : start + count };
  }

  private isCurrent({ expiresMs, uidValidity, authorization }: ImapUrl, entry: MailboxEntry): boolean {
    if (authorization?.mechanism !== 'INTERNAL') return false;
    if (expiresMs !== undefined && this.services.clock.now() > expiresMs) return false;
    return uidValidity === undefined || uidValidity === entry.uidValidity;
  }

  private mayUse(identity: Identity, { access, user }: ImapUrlAuthorization): boolean {
    const { accounts, submitters } = this.services;
    if (access === 'anonymous') return true;
    if (identity.isAnonymous) return false;
    if (access === 'authuser') return true;
    if (access === 'submit') return submitters.has(identity.user);
    return user !== undefined && normalised(accounts, user) === identity.user;
  }

  /** The owner as far as reading his mail goes: what he may as an administrator is not given away. */
  private async ownerOf(name: string): Promise<Identity | undefined> {
    const { accounts } = this.services;
    const user = normalised(accounts, name) as UserId | undefined;
    const account = user === undefined ? undefined : await accounts.find(user);
    if (account === undefined || account.isDisabled) return undefined;
    const { groups } = account;
    return { user: account.user, groups, admin: 'none', isAnonymous: false, mechanism: 'URLAUTH' };
  }

  private async find(session: ImapSession, owner: Identity, text: string): Promise<MailboxEntry | undefined> {
    try {
      const name = this.services.namespace.view(owner).fromClient(text);
      const entry = await session.store.catalogue.find(name);
      const rights = entry === undefined ? 0 : session.access.rights(owner, entry);
      return (rights & Right.read) === 0 ? undefined : entry;
    } catch (error) {
      // A name that is none.
      if (isMailError(error) && error.code === 'CANNOT') return undefined;
      throw error;
    }
  }
}
