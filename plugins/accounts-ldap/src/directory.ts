import {
  type Account,
  type Logger,
  type OutsideAccounts,
  type PasswordVerdict,
  splitUserId,
  type UserId,
  userId,
} from '@angarium/sdk';
import { type Entry, NoSuchObjectError } from 'ldapts';
import type { LdapConfig } from './config.js';
import { firstOf, groupNameOf, isDisabled, valuesOf } from './entries.js';
import { fillFilter, filterOfAll } from './filter.js';
import type { Servers } from './servers.js';

/** Groups of one person. */
const MAX_GROUPS = 1000;

/** More entries than one are a mistake; so many of them are read to be told of it. A server with yet more refuses to answer. */
const MANY = 10;

/** People, groups and passwords of a directory. */
export class LdapDirectory implements OutsideAccounts {
  private readonly attributes: readonly string[];

  constructor(
    private readonly servers: Pick<Servers, 'search' | 'bindAs'>,
    private readonly config: LdapConfig,
    private readonly log: Logger,
    private readonly normalise: (name: string) => UserId,
  ) {
    const { userAttribute, nameAttribute, idAttribute, attributes, disabled, groups } = config;
    const wanted = [
      userAttribute,
      nameAttribute,
      idAttribute,
      ...Object.values(attributes),
      disabled?.attribute,
      groups?.attribute,
    ];
    this.attributes = [...new Set(wanted.filter((name) => name !== undefined && name !== ''))] as string[];
  }

  async find(user: UserId): Promise<Account | undefined> {
    const entry = await this.entryOf(user);
    return entry === undefined ? undefined : this.accountOf(user, entry);
  }

  async verify(user: UserId, password: string): Promise<PasswordVerdict> {
    const entry = await this.entryOf(user);
    if (entry === undefined) return 'unknown';
    return (await this.servers.bindAs(entry.dn, password)) ? 'right' : 'wrong';
  }

  /** Directories cannot begin after a name: all are asked for, and the page is cut out here. */
  async list({
    domain,
    after = '',
    limit,
  }: {
    domain?: string;
    after?: string;
    limit: number;
  }): Promise<Account[]> {
    const entries = await this.search(filterOfAll(this.config.filter), this.attributes, 0);
    const users = new Map<UserId, Entry>();
    for (const entry of entries) {
      const user = this.userOf(entry);
      const isWanted =
        user !== undefined && (domain === undefined || (splitUserId(user).domain ?? '') === domain);
      if (isWanted && user > after) users.set(user, entry);
    }
    const page = [...users].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, limit);
    return Promise.all(page.map(([user, entry]) => this.accountOf(user, entry)));
  }

  private async entryOf(user: UserId): Promise<Entry | undefined> {
    if (!this.isOurs(user)) return undefined;
    const entries = await this.search(fillFilter(this.config.filter, user), this.attributes, MANY);
    if (entries.length > 1) {
      this.log.error('several entries of the directory are one user', {
        user,
        entries: entries.map(({ dn }) => dn),
      });
      return undefined;
    }
    return entries[0];
  }

  private isOurs(user: UserId): boolean {
    const { domain = '' } = splitUserId(user);
    if (this.config.domain !== '') return domain === this.config.domain;
    return domain === '' || /%[ud]/.test(this.config.filter);
  }

  private userOf(entry: Entry): UserId | undefined {
    const name = firstOf(entry, this.config.userAttribute);
    if (name === undefined) return undefined;
    try {
      return this.normalise(this.config.domain === '' ? name : userId(name, this.config.domain));
    } catch {
      return undefined;
    }
  }

  private async accountOf(user: UserId, entry: Entry): Promise<Account> {
    const attributes: Record<string, string> = {};
    for (const [name, attribute] of Object.entries(this.config.attributes)) {
      const value = firstOf(entry, attribute);
      if (value !== undefined) attributes[name] = value;
    }
    const incarnation = firstOf(entry, this.config.idAttribute);
    return {
      user,
      displayName: firstOf(entry, this.config.nameAttribute),
      groups: await this.groupsOf(user, entry),
      isDisabled: isDisabled(entry, this.config.disabled),
      attributes,
      ...(incarnation === undefined ? {} : { incarnation }),
    };
  }

  private async groupsOf(user: UserId, entry: Entry): Promise<readonly string[]> {
    const { groups } = this.config;
    if (groups === undefined) return [];
    const own = groups.attribute === undefined ? [] : valuesOf(entry, groups.attribute).map(groupNameOf);
    if (groups.base === undefined) return own;
    const filter = fillFilter(groups.filter, user, entry.dn);
    const found = await this.search(filter, [groups.nameAttribute], MAX_GROUPS, groups.base);
    const names = found
      .map((group) => firstOf(group, groups.nameAttribute))
      .filter((name) => name !== undefined);
    return [...new Set([...own, ...names])];
  }

  /** An entry that is not there has nothing below it. */
  private async search(
    filter: string,
    attributes: readonly string[],
    limit: number,
    base = this.config.base,
  ): Promise<readonly Entry[]> {
    const scope = base === this.config.base ? this.config.scope : 'sub';
    try {
      return await this.servers.search({ base, scope, filter, attributes, limit });
    } catch (error) {
      if (error instanceof NoSuchObjectError) return [];
      throw error;
    }
  }
}
