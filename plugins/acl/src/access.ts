import {
  ACCOUNTS,
  type AccessChange,
  type AccessLists,
  type AccessPolicy,
  type Accounts,
  CONFIG,
  type Identity,
  inject,
  injectable,
  MAIL_STORE,
  type MailboxEntry,
  type MailboxName,
  MailError,
  type MailStore,
  type Origin,
  ownerOf,
  type Reach,
  Right,
  type Rights,
} from '@angarium/sdk';
import { applyChange } from './changes.js';
import type { AclConfig } from './config.js';
import { identifierFor, identifierOf } from './identifiers.js';
import { parseRights, printRights, UnknownRight } from './letters.js';
import { AccessRules, type Acl } from './rules.js';

/** The rules as the contracts have them. */
@injectable()
export class CyrusAccess implements AccessPolicy, AccessLists {
  readonly rules: AccessRules;

  constructor(
    @inject(CONFIG) config: AclConfig,
    @inject(MAIL_STORE) private readonly store: MailStore,
    @inject(ACCOUNTS) private readonly accounts: Accounts,
  ) {
    this.rules = new AccessRules(config);
  }

  rights(identity: Identity, mailbox: MailboxEntry): Rights {
    return this.rules.rights(identity, mailbox);
  }

  reach(identity: Identity): Reach | undefined {
    return this.rules.reach(identity);
  }

  mayCreate(identity: Identity, name: MailboxName, parent: MailboxEntry | undefined): boolean {
    return this.rules.mayCreate(identity, name, parent);
  }

  initialAcl(_identity: Identity, name: MailboxName, parent: MailboxEntry | undefined): Acl {
    return this.rules.initialAcl(name, parent);
  }

  parseRights(letters: string): Rights {
    try {
      return parseRights(letters, this.rules.old);
    } catch (error) {
      throw error instanceof UnknownRight ? new MailError('CANNOT', error.message) : error;
    }
  }

  printRights(rights: Rights): string {
    return printRights(rights, this.rules.old);
  }

  identifier(text: string, by: Identity): string {
    return identifierOf(text, by, this.accounts);
  }

  identifierFor(viewer: Identity, identifier: string): string {
    return identifierFor(viewer, identifier);
  }

  entries({ acl }: MailboxEntry): readonly (readonly [string, Rights])[] {
    return Object.entries(acl).map(([identifier, letters]) => [identifier, this.rules.bitsOf(letters)]);
  }

  always({ name }: MailboxEntry, identifier: string): Rights {
    if (identifier === ownerOf(name)) return this.rules.implicitOwnerRights;
    return name.owner !== undefined && name.path.length === 0 ? Right.post : 0;
  }

  held(identity: Identity, mailbox: MailboxEntry): Rights {
    return this.rules.held(identity, mailbox);
  }

  change(mailbox: MailboxEntry, change: AccessChange, origin: Origin): Promise<MailboxEntry> {
    return applyChange(this.store, this.rules, mailbox, change, origin);
  }
}
