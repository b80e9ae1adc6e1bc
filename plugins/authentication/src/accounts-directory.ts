import {
  ACCOUNT_SOURCES,
  type Account,
  type AccountSource,
  type Accounts,
  CONFIG,
  inject,
  injectable,
  injectOptional,
  type Registry,
  type UserId,
  VIRTUAL_DOMAINS,
  type VirtualDomains,
} from '@angarium/sdk';
import type { AuthenticationConfig } from './config.js';
import { normaliseDomain, normaliseUserId, type UserNameRules } from './user-names.js';

/** All account sources as one: asked in the order of the manifest, the first that knows the user answers. */
@injectable()
export class AccountsDirectory implements Accounts {
  private readonly rules: UserNameRules;

  constructor(
    @inject(CONFIG) config: AuthenticationConfig,
    @inject(ACCOUNT_SOURCES) private readonly sources: Registry<AccountSource>,
    @injectOptional(VIRTUAL_DOMAINS) domains?: VirtualDomains,
  ) {
    const { usernameToLower } = config;
    const defaultDomain = defaultDomainOf(config, domains);
    this.rules = {
      usernameToLower,
      defaultDomain,
      ...(domains === undefined ? {} : { canonicalDomain: (domain: string) => domains.canonical(domain) }),
    };
  }

  normalise(text: string): UserId {
    return normaliseUserId(text, this.rules);
  }

  /** A source that cannot be asked makes the whole answer unavailable: a later one may not speak for it. */
  async find(user: UserId): Promise<Account | undefined> {
    for (const source of this.sources.items) {
      const account = await source.find(user);
      if (account !== undefined) return account;
    }
    return undefined;
  }

  async list(query: {
    readonly domain?: string;
    readonly after?: UserId;
    readonly limit: number;
  }): Promise<readonly Account[]> {
    const byUser = new Map<UserId, Account>();
    for (const source of this.sources.items) {
      for (const account of (await source.list?.(query)) ?? []) {
        if (!byUser.has(account.user)) byUser.set(account.user, account);
      }
    }
    const accounts = [...byUser.values()].sort((a, b) => (a.user < b.user ? -1 : 1));
    return accounts.slice(0, query.limit);
  }
}

/** Ours, or that of the virtual domains. @throws Error when they do not agree. */
function defaultDomainOf(config: AuthenticationConfig, domains: VirtualDomains | undefined): string {
  const ours = config.defaultDomain === '' ? '' : normaliseDomain(config.defaultDomain);
  if (ours === undefined) throw new Error(`defaultDomain "${config.defaultDomain}" is no domain name`);
  const theirs = domains?.defaultDomain ?? '';
  if (ours !== '' && theirs !== '' && ours !== theirs) {
    throw new Error(`defaultDomain is ${ours} here, and ${theirs} for the virtual domains`);
  }
  return ours === '' ? theirs : ours;
}
