/** The people of the files, by user id. */
import {
  type Account,
  type ForeignAccount,
  type ReadAccounts,
  splitUserId,
  type UserId,
  userId,
} from '@angarium/sdk';

export interface Person {
  readonly account: Account;
  /** `{SCHEME}…` or as crypt(3) writes it; undefined: none. */
  readonly encoded: string | undefined;
}

export interface People {
  readonly byUser: ReadonlyMap<UserId, Person>;
  /** Ascending. */
  readonly users: readonly UserId[];
  readonly problems: readonly string[];
}

export interface PeopleOptions {
  readonly domain: string;
  readonly defaultScheme: string | undefined;
  /** By user name as written there. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** @throws Error for what can be no user id. */
  normalise(name: string): UserId;
}

/** The first line of a user counts. */
export function peopleOf({ accounts, problems }: ReadAccounts, options: PeopleOptions): People {
  const byUser = new Map<UserId, Person>();
  const told = problems.map(({ line, reason }) => `line ${line}: ${reason}`);
  for (const foreign of accounts) {
    const user = tryNormalise(foreign, options);
    if (user === undefined) told.push(`line ${foreign.line}: ${foreign.name} can be no user id`);
    else if (byUser.has(user)) told.push(`line ${foreign.line}: ${user} stands above already`);
    else byUser.set(user, personOf(user, foreign, options));
  }
  return { byUser, users: [...byUser.keys()].sort(), problems: told };
}

/** `name:password:gid:member,member` (group(5)); user → groups. */
export function readGroups(text: string): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const line of text.split(/\r?\n/)) {
    const [name = '', , , members = ''] = line.split(':');
    if (name === '' || name.startsWith('#')) continue;
    for (const member of members.split(',').map((one) => one.trim())) {
      if (member !== '') groups.set(member, [...(groups.get(member) ?? []), name]);
    }
  }
  return groups;
}

function personOf(user: UserId, foreign: ForeignAccount, { defaultScheme, groups }: PeopleOptions): Person {
  const { encoded, displayName, isDisabled, name } = foreign;
  const isPlainlyWritten = encoded !== undefined && !/^[{$]/.test(encoded) && defaultScheme !== undefined;
  return {
    account: { user, displayName, groups: groups.get(name) ?? foreign.groups, isDisabled, attributes: {} },
    encoded: isPlainlyWritten ? `{${defaultScheme}}${encoded}` : encoded,
  };
}

function tryNormalise({ name }: ForeignAccount, { domain, normalise }: PeopleOptions): UserId | undefined {
  try {
    return normalise(domain === '' || name.includes('@') ? name : userId(name, domain));
  } catch {
    return undefined;
  }
}

/** A page of `users`. */
export function pageOf(
  { users, byUser }: People,
  {
    domain,
    after = '',
    limit,
  }: { readonly domain?: string; readonly after?: string; readonly limit: number },
): readonly Account[] {
  const wanted = users.filter(
    (user) => user > after && (domain === undefined || (splitUserId(user).domain ?? '') === domain),
  );
  return wanted.slice(0, limit).map((user) => byUser.get(user)!.account);
}
