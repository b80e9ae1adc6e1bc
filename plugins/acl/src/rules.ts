/**
 * Who may do what: RFC 4314 with Cyrus's answers where it leaves them open. Several identifiers of an ACL can mean one user: he
 * has what any of them gives, less what any negative one takes. What owners and administrators have by what they are comes on
 * top, and nothing takes it.
 */
import {
  administers,
  type Identity,
  lettersOfRights,
  type MailboxEntry,
  type MailboxName,
  ownerOf,
  type Reach,
  Right,
  type Rights,
  splitUserId,
  type UserId,
} from '@angarium/sdk';
import type { AclConfig } from './config.js';
import { type OldLetters, oldLetters, parseRights, UnknownRight } from './letters.js';

/** Every right, the site's own too. */
export const EVERY_RIGHT: Rights = 2 ** 22 - 1;
/** What an administrator has on every mailbox of his: nothing that reads or destroys mail. */
export const ADMIN_RIGHTS: Rights = Right.lookup | Right.admin;

/** Identifiers that are no users. */
export const ANYONE = 'anyone';
export const ANONYMOUS = 'anonymous';
/** Whoever owns the mailbox; nobody where it is shared. */
export const OWNER = 'owner';

export type Acl = Readonly<Record<string, string>>;

interface Identifiers {
  readonly positive: readonly string[];
  readonly negative: readonly string[];
}

/** Distinct texts of rights remembered as bits; real lists have a few dozen. */
const MAX_REMEMBERED = 4096;

export class AccessRules {
  readonly old: OldLetters;
  readonly implicitOwnerRights: Rights;
  private readonly defaultAcl: Acl;
  /** Identities live as long as their sessions. */
  private readonly identifiers = new WeakMap<Identity, Identifiers>();
  private readonly bits = new Map<string, Rights>();

  /** @throws Error for a `defaultacl` that is none. */
  constructor(readonly config: AclConfig) {
    this.old = oldLetters(config.deleteright);
    this.implicitOwnerRights = parseRights(config.implicit_owner_rights, this.old);
    this.defaultAcl = parseDefaultAcl(config.defaultacl, this.old);
  }

  /** As `held`, and the post that everybody's INBOX is open to: mail comes to it from anybody. */
  rights(identity: Identity, mailbox: MailboxEntry): Rights {
    const { owner, path } = mailbox.name;
    const isInbox = owner !== undefined && path.length === 0;
    const held = this.held(identity, mailbox);
    return isInbox && this.mayReach(identity, mailbox.name.domain) ? held | Right.post : held;
  }

  /** What the ACL gives, and what owner and administrator have in any case; MYRIGHTS says this. */
  held(identity: Identity, { name, acl }: MailboxEntry): Rights {
    if (!this.mayReach(identity, name.domain)) return 0;
    const isOwner = !identity.isAnonymous && name.owner !== undefined && ownerOf(name) === identity.user;
    let rights = this.fromAcl(this.identifiersOf(identity), isOwner, acl);
    if (isOwner) rights |= this.implicitOwnerRights;
    if (administers(identity, name.domain)) rights |= ADMIN_RIGHTS;
    return rights;
  }

  /** Is the domain (undefined: the default one) one that this identity has to do with at all? */
  mayReach(identity: Identity, domain: string | undefined): boolean {
    const { admin } = identity;
    if (identity.isAnonymous || admin === 'all') return true;
    if (splitUserId(identity.user).domain === domain) return true;
    if (admin !== 'none') return administers(identity, domain);
    return this.config.crossdomains;
  }

  reach(identity: Identity): Reach | undefined {
    const { admin } = identity;
    if (admin === 'all') return undefined;
    return { identifiers: this.identifiersOf(identity).positive, domains: admin === 'none' ? [] : admin };
  }

  mayCreate(identity: Identity, name: MailboxName, parent: MailboxEntry | undefined): boolean {
    if (!this.mayReach(identity, name.domain)) return false;
    if (administers(identity, name.domain)) return true;
    if (parent !== undefined) return (this.held(identity, parent) & Right.create) !== 0;
    return !identity.isAnonymous && name.owner !== undefined && ownerOf(name) === identity.user;
  }

  /** The nearest parent's; an INBOX is its owner's alone. */
  initialAcl(name: MailboxName, parent: MailboxEntry | undefined): Acl {
    if (parent !== undefined) return { ...parent.acl };
    const owner = ownerOf(name);
    return owner === undefined ? { ...this.defaultAcl } : { [owner]: 'lrswipkxtean' };
  }

  /** Identifiers of the ACL that mean this identity, the negative ones too, with their rights. */
  matching(identity: Identity, { name, acl }: MailboxEntry): readonly (readonly [string, Rights])[] {
    const { positive, negative } = this.identifiersOf(identity);
    const isOwner = !identity.isAnonymous && ownerOf(name) === identity.user;
    const all = [...positive, ...negative, ...(isOwner ? [OWNER, `-${OWNER}`] : [])];
    return all
      .filter((identifier) => Object.hasOwn(acl, identifier))
      .map((identifier) => [identifier, this.bitsOf(acl[identifier])]);
  }

  /** Letters that are no right, which only another program can have put there, are passed over. */
  bitsOf(letters: unknown): Rights {
    // What an object has from its prototype is no entry: nobody is called `constructor` by accident.
    if (typeof letters !== 'string') return 0;
    let bits = this.bits.get(letters);
    if (bits === undefined) {
      bits = lenient(letters, this.old);
      if (this.bits.size >= MAX_REMEMBERED) this.bits.clear();
      this.bits.set(letters, bits);
    }
    return bits;
  }

  private fromAcl({ positive, negative }: Identifiers, isOwner: boolean, acl: Acl): Rights {
    let given = 0;
    let taken = 0;
    for (const identifier of positive) given |= this.bitsOf(acl[identifier]);
    if (isOwner) given |= this.bitsOf(acl[OWNER]);
    if (given === 0) return 0;
    for (const identifier of negative) taken |= this.bitsOf(acl[identifier]);
    if (isOwner) taken |= this.bitsOf(acl[`-${OWNER}`]);
    return given & ~taken;
  }

  private identifiersOf(identity: Identity): Identifiers {
    let found = this.identifiers.get(identity);
    if (found === undefined) {
      const positive = identifiersOf(identity);
      found = { positive, negative: positive.map((identifier) => `-${identifier}`) };
      this.identifiers.set(identity, found);
    }
    return found;
  }
}

function identifiersOf({ user, groups, isAnonymous }: Identity): string[] {
  if (isAnonymous) return [ANYONE, ANONYMOUS];
  const ofGroups = groups.map((group) => `group:${group}`);
  return isIdentifierOfUser(user) ? [user, ANYONE, ...ofGroups] : [ANYONE, ...ofGroups];
}

/** Not so a name that would be read as another kind of identifier: no account source should let it in. */
function isIdentifierOfUser(user: UserId): boolean {
  return !/^(-|group:)/.test(user) && user !== ANONYMOUS && user !== OWNER;
}

function lenient(letters: string, old: OldLetters): Rights {
  let rights = 0;
  for (const letter of letters) {
    try {
      rights |= parseRights(letter, old);
    } catch (error) {
      if (!(error instanceof UnknownRight)) throw error;
    }
  }
  return rights;
}

function parseDefaultAcl(text: string, old: OldLetters): Acl {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length % 2 !== 0)
    throw new Error(`defaultacl "${text}": rights are missing behind "${words.at(-1)}"`);
  const acl: Record<string, string> = {};
  for (let i = 0; i < words.length; i += 2) {
    const letters = words[i + 1]!;
    try {
      acl[words[i]!] = lettersOfRights(parseRights(letters, old));
    } catch (error) {
      if (!(error instanceof UnknownRight)) throw error;
      throw new Error(`defaultacl "${text}": ${error.message}`);
    }
  }
  return acl;
}
