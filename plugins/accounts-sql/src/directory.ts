import {
  type Account,
  type OutsideAccounts,
  type PasswordSchemes,
  type PasswordVerdict,
  type ScramHash,
  type ScramKeys,
  type ScramParameters,
  splitUserId,
  type UserId,
} from '@angarium/sdk';
import type { SqlConfig } from './config.js';
import {
  type Database,
  firstColumn,
  isTrue,
  type Parameters,
  parseQuery,
  type Query,
  textOf,
} from './query.js';

const ofUser = ['user', 'local', 'domain'] as const;

/** Columns that are no facts of their own. */
const meant = new Set(['name', 'disabled', 'incarnation']);

/** People, groups and passwords of a database. */
export class SqlDirectory implements OutsideAccounts {
  readonly list?: NonNullable<OutsideAccounts['list']>;
  private readonly account: Query;
  private readonly password: Query | undefined;
  private readonly check: Query | undefined;
  private readonly groups: Query | undefined;

  /** @throws Error for a query with a parameter that is none. */
  constructor(
    private readonly database: Database,
    private readonly config: SqlConfig,
    private readonly schemes: PasswordSchemes,
    private readonly normalise: (name: string) => UserId,
  ) {
    const { account, password, verify, groups, list } = config.queries;
    this.account = parseQuery(account, ofUser);
    this.password = password === undefined ? undefined : parseQuery(password, ofUser);
    this.check = verify === undefined ? undefined : parseQuery(verify, [...ofUser, 'password']);
    this.groups = groups === undefined ? undefined : parseQuery(groups, ofUser);
    if (list !== undefined) {
      const query = parseQuery(list, ['domain']);
      this.list = (wanted) => this.page(query, wanted);
    }
  }

  async find(user: UserId): Promise<Account | undefined> {
    const [row] = await this.database.rows(this.account, parametersOf(user));
    if (row === undefined) return undefined;
    const facts = Object.entries(row)
      .filter(([column]) => !meant.has(column))
      .map(([column, value]) => [column, textOf(value)] as const)
      .filter((fact): fact is readonly [string, string] => fact[1] !== undefined);
    const incarnation = textOf(row['incarnation']) || undefined;
    return {
      user,
      displayName: textOf(row['name']) || undefined,
      groups: await this.groupsOf(user),
      isDisabled: isTrue(row['disabled']),
      attributes: Object.fromEntries(facts),
      ...(incarnation === undefined ? {} : { incarnation }),
    };
  }

  async verify(user: UserId, password: string): Promise<PasswordVerdict> {
    // NUL ends text in some databases, and what follows would not count.
    if (password.includes('\0')) return 'wrong';
    // Without passwords here, another source may know one.
    if (this.check === undefined && this.password === undefined) return 'unknown';
    if (await this.isRight(user, password)) return 'right';
    const [row] = await this.database.rows(this.account, parametersOf(user));
    return row === undefined ? 'unknown' : 'wrong';
  }

  async scramKeys(user: UserId, hash: ScramHash): Promise<ScramKeys | undefined> {
    const encoded = await this.encodedOf(user);
    return encoded === undefined ? undefined : this.schemes.scramKeys(encoded, hash);
  }

  scramParameters(hash: ScramHash): ScramParameters | undefined {
    const { scram } = this.config;
    return scram?.hashes.includes(hash) ? scram : undefined;
  }

  private async isRight(user: UserId, password: string): Promise<boolean> {
    if (this.check !== undefined) {
      const rows = await this.database.rows(this.check, { ...parametersOf(user), password });
      return rows.length > 0;
    }
    const encoded = await this.encodedOf(user);
    if (encoded !== undefined) return this.schemes.verify(encoded, password);
    await this.schemes.verifyNothing(password);
    return false;
  }

  private async encodedOf(user: UserId): Promise<string | undefined> {
    if (this.password === undefined) return undefined;
    const [row] = await this.database.rows(this.password, parametersOf(user));
    const stored = row === undefined ? undefined : firstColumn(row);
    if (stored === undefined || stored === '') return undefined;
    const { defaultScheme } = this.config;
    return defaultScheme === undefined || /^[{$]/.test(stored) ? stored : `{${defaultScheme}}${stored}`;
  }

  private async groupsOf(user: UserId): Promise<readonly string[]> {
    if (this.groups === undefined) return [];
    const rows = await this.database.rows(this.groups, parametersOf(user));
    return rows.map(firstColumn).filter((name) => name !== undefined && name !== '') as string[];
  }

  private async page(
    query: Query,
    {
      domain,
      after = '',
      limit,
    }: { readonly domain?: string; readonly after?: string; readonly limit: number },
  ): Promise<readonly Account[]> {
    const rows = await this.database.rows(query, { domain: domain ?? '' });
    const users = new Set<UserId>();
    for (const row of rows) {
      const user = this.tryNormalise(firstColumn(row));
      const isWanted =
        user !== undefined && (domain === undefined || (splitUserId(user).domain ?? '') === domain);
      if (isWanted && user > after) users.add(user);
    }
    const page = [...users].sort().slice(0, limit);
    const accounts: Account[] = [];
    for (const user of page) {
      const account = await this.find(user);
      if (account !== undefined) accounts.push(account);
    }
    return accounts;
  }

  private tryNormalise(name: string | undefined): UserId | undefined {
    if (name === undefined) return undefined;
    try {
      return this.normalise(name);
    } catch {
      return undefined;
    }
  }
}

function parametersOf(user: UserId): Parameters {
  const { local, domain = '' } = splitUserId(user);
  return { user, local, domain };
}
