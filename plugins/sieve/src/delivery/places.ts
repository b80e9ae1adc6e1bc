/** Mailboxes as scripts name them, and what the user may do there. */
import {
  type AccessPolicy,
  type Accounts,
  anonymousIdentity,
  type Identity,
  isMailError,
  type MailboxEntry,
  type MailboxId,
  type MailboxName,
  type MailStore,
  type Namespace,
  type NamespaceView,
  ownerOf,
  ownerPolicy,
  parentOf,
  Right,
  type UserId,
} from '@angarium/sdk';
import type { FileInto } from '../runtime/actions.js';

export interface PlacesEnvironment {
  readonly store: MailStore;
  readonly namespace: Namespace;
  readonly policy: AccessPolicy | undefined;
  readonly accounts: Accounts | undefined;
}

/** Where to file; `note` says why it is not where the script wanted it. */
export type Place =
  | { readonly mailbox: MailboxName; readonly create: boolean; readonly note?: undefined }
  | { readonly mailbox: undefined; readonly note: string };

/** For one user, in one delivery. */
export class Places {
  private readonly view: NamespaceView;
  private identity: Promise<Identity> | undefined;
  private own: Promise<readonly MailboxEntry[]> | undefined;

  constructor(
    private readonly env: PlacesEnvironment,
    private readonly user: UserId,
  ) {
    this.view = env.namespace.view({ ...anonymousIdentity, user, isAnonymous: false });
  }

  /** Undefined: that can be no name. */
  nameOf(text: string): MailboxName | undefined {
    try {
      return this.view.fromClient(text);
    } catch (error) {
      if (isMailError(error)) return undefined;
      throw error;
    }
  }

  /** RFC 5490 §3.1: there, and the user may file into it. */
  async find(text: string): Promise<MailboxEntry | undefined> {
    const name = this.nameOf(text);
    const entry = name === undefined ? undefined : await this.env.store.catalogue.find(name);
    return entry !== undefined && (await this.mayFile(entry)) ? entry : undefined;
  }

  async byId(id: string): Promise<MailboxEntry | undefined> {
    const entry = await this.env.store.catalogue.byId(id as MailboxId);
    return entry !== undefined && (await this.mayFile(entry)) ? entry : undefined;
  }

  /** The user's own mailbox with this use (RFC 8579 §4). */
  async withUse(use: string): Promise<MailboxEntry | undefined> {
    const wanted = use.toLowerCase();
    this.own ??= this.env.store.catalogue.list({ owner: this.user });
    return (await this.own).find(({ specialUse }) => specialUse.some((one) => one.toLowerCase() === wanted));
  }

  async placeOf({ mailbox, create, specialUse, mailboxId }: FileInto): Promise<Place> {
    const chosen = mailboxId === undefined ? undefined : await this.byId(mailboxId);
    const used = specialUse === undefined ? undefined : await this.withUse(specialUse);
    const found = chosen ?? used;
    if (found !== undefined) return { mailbox: found.name, create: false };
    const name = this.nameOf(mailbox);
    if (name === undefined)
      return { mailbox: undefined, note: `${JSON.stringify(mailbox)} is no name of a mailbox` };
    const entry = await this.env.store.catalogue.find(name);
    if (entry !== undefined) {
      if (await this.mayFile(entry)) return { mailbox: name, create: false };
      return { mailbox: undefined, note: `the user may not file into ${JSON.stringify(mailbox)}` };
    }
    if (!create) return { mailbox: undefined, note: `there is no mailbox ${JSON.stringify(mailbox)}` };
    if (await this.mayCreate(name)) return { mailbox: name, create: true };
    return { mailbox: undefined, note: `the user may not create ${JSON.stringify(mailbox)}` };
  }

  private async mayFile(entry: MailboxEntry): Promise<boolean> {
    if (ownerOf(entry.name) === this.user && this.env.policy === undefined) return true;
    const { policy = ownerPolicy } = this.env;
    return (policy.rights(await this.who(), entry) & (Right.insert | Right.post)) !== 0;
  }

  private async mayCreate(name: MailboxName): Promise<boolean> {
    const { policy = ownerPolicy, store } = this.env;
    if (ownerOf(name) === this.user) return true;
    let parent = parentOf(name);
    let entry: MailboxEntry | undefined;
    for (; parent !== undefined && entry === undefined; parent = parentOf(parent)) {
      entry = await store.catalogue.find(parent);
    }
    return policy.mayCreate(await this.who(), name, entry);
  }

  /** With the user's groups. */
  private who(): Promise<Identity> {
    this.identity ??= this.findIdentity();
    return this.identity;
  }

  private async findIdentity(): Promise<Identity> {
    const account = await this.env.accounts?.find(this.user);
    const { user } = this;
    return { user, groups: account?.groups ?? [], admin: 'none', isAnonymous: false, mechanism: 'SIEVE' };
  }
}
