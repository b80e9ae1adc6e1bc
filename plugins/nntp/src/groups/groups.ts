/**
 * The newsgroups: shared mailboxes below the prefix. One group is looked up in the mailbox list each time; lists of
 * many are taken from one list that all sessions of the worker share and that the change feed keeps true.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type AccessPolicy,
  type CatalogueChanged,
  type ChangeFeed,
  type Clock,
  type Identity,
  type MailboxEntry,
  type MailboxId,
  type MailStore,
  Right,
} from '@angarium/sdk';
import type { NntpConfig } from '../config.js';
import { GROUP_LIST_MS, GROUPS_A_TURN } from '../limits.js';
import { Wildmat } from '../wildmat.js';
import type { GroupNames } from './names.js';

export interface Group {
  /** Unicode. */
  readonly name: string;
  readonly entry: MailboxEntry;
}

export interface GroupsEnvironment {
  readonly config: NntpConfig;
  readonly store: MailStore;
  readonly access: AccessPolicy;
  readonly clock: Clock;
  readonly names: GroupNames;
}

export class Groups {
  private readonly served: Wildmat;
  private readonly moderated: readonly Wildmat[];
  private list: Promise<readonly Group[]> | undefined;
  private listedAt = 0;

  constructor(private readonly environment: GroupsEnvironment) {
    this.served = Wildmat.from(environment.config.newsgroups);
    this.moderated = environment.config.moderators.map(({ groups }) => Wildmat.from(groups));
  }

  /** Drops the shared list when something of it has changed. */
  follow(changes: ChangeFeed): Disposable {
    return changes.watchCatalogue((change) => this.changed(change));
  }

  /** By its name as a client writes it, whoever asks. */
  async find(name: string): Promise<Group | undefined> {
    const mailbox = this.environment.names.mailboxOf(name);
    if (mailbox === undefined || !this.served.matches(name)) return undefined;
    const entry = await this.environment.store.catalogue.find(mailbox);
    return entry === undefined ? undefined : { name, entry };
  }

  async byId(id: MailboxId): Promise<Group | undefined> {
    const entry = await this.environment.store.catalogue.byId(id);
    return entry === undefined ? undefined : this.groupOf(entry);
  }

  /** Undefined: the mailbox is no group. */
  groupOf(entry: MailboxEntry): Group | undefined {
    const name = this.environment.names.groupOf(entry.name);
    return name === undefined || !this.served.matches(name) ? undefined : { name, entry };
  }

  /** All of them, in the mailbox list's order. */
  async all(): Promise<readonly Group[]> {
    const { clock } = this.environment;
    if (this.list === undefined || clock.monotonicMs() - this.listedAt > GROUP_LIST_MS) {
      this.listedAt = clock.monotonicMs();
      const loading = this.load();
      this.list = loading;
      loading.catch(() => {
        if (this.list === loading) this.list = undefined;
      });
    }
    return this.list;
  }

  /** Rights of the moment. Clients that have not authenticated may be held to less than `anyone` has. */
  rights(identity: Identity, entry: MailboxEntry): number {
    const { access, config } = this.environment;
    if (!identity.isAnonymous || config.anonymous === 'anyone') return access.rights(identity, entry);
    if (config.anonymous === 'never' || entry.acl['anonymous'] === undefined) return 0;
    return access.rights(identity, { ...entry, acl: ofStrangers(entry.acl) });
  }

  mayRead(identity: Identity, { entry }: Group): boolean {
    return (this.rights(identity, entry) & Right.read) !== 0;
  }

  mayList(identity: Identity, { entry }: Group): boolean {
    return (this.rights(identity, entry) & Right.lookup) !== 0;
  }

  /** As Cyrus: the right `p`; whoever may insert messages may do so through this door too. */
  mayPost(identity: Identity, { entry }: Group): boolean {
    return (this.rights(identity, entry) & (Right.post | Right.insert)) !== 0;
  }

  isModerated({ name }: Group): boolean {
    return this.moderated.some((wildmat) => wildmat.matches(name));
  }

  /** y, n or m (RFC 3977 §7.6.3). */
  status(identity: Identity, group: Group): string {
    if (!this.mayPost(identity, group)) return 'n';
    return this.isModerated(group) ? 'm' : 'y';
  }

  private async load(): Promise<readonly Group[]> {
    const { names, store } = this.environment;
    const { top } = names;
    const entries = await store.catalogue.list(
      top === undefined ? { shared: true, domain: '' } : { shared: true, below: top },
    );
    const groups: Group[] = [];
    let looked = 0;
    for (const entry of entries) {
      if (++looked % GROUPS_A_TURN === 0) await nextTurn();
      const group = this.groupOf(entry);
      if (group !== undefined) groups.push(group);
    }
    return groups;
  }

  private changed(change: CatalogueChanged): void {
    if (!('mailbox' in change) || change.mailbox === undefined || change.kind === 'metadata') return;
    // Of a rename it may be the prefix itself, with all that is below it.
    const isOurs =
      change.kind === 'renamed' || this.environment.names.groupOf(change.mailbox.name) !== undefined;
    if (isOurs) this.list = undefined;
  }
}

/** Without what `anyone` has: in a group that strangers may read, members may post. */
function ofStrangers(acl: MailboxEntry['acl']): MailboxEntry['acl'] {
  return Object.fromEntries(Object.entries(acl).filter(([identifier]) => identifier !== 'anyone'));
}
