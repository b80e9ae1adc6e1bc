/**
 * The accounts, in one SQLite file that all processes of the data folder share: WAL, so that readers never wait;
 * `synchronous=FULL`, so that what was answered is on the disk. Writes are rare and short; reads are synchronous,
 * by primary key, and see every other process's commit at once.
 */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MailError, splitUserId, type UserId } from '@angarium/sdk';
import Database from 'better-sqlite3';
import type { StoredSecret } from './secrets/secret.js';

export interface AccountRecord {
  readonly user: UserId;
  readonly displayName: string | undefined;
  readonly groups: readonly string[];
  readonly isDisabled: boolean;
  /** Undefined: no password has been set, nobody can log in. */
  readonly secret: StoredSecret | undefined;
  /** Never used twice, for any user: a record of the same version is the same record. */
  readonly version: number;
}

interface Row {
  readonly user: string;
  readonly display_name: string | null;
  readonly groups: string;
  readonly disabled: number;
  readonly secret: string | null;
  readonly version: number;
}

/** Raised with the file's layout; a file of a newer Angarium is not touched. */
const LAYOUT = 3;

/** What each layout adds to the one before. */
const layouts = [
  `
  CREATE TABLE account (
    user TEXT PRIMARY KEY, domain TEXT NOT NULL, display_name TEXT, groups TEXT NOT NULL,
    disabled INTEGER NOT NULL, secret TEXT, version INTEGER NOT NULL
  ) WITHOUT ROWID, STRICT;
  CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID, STRICT;
  INSERT INTO counter VALUES ('version', 0), ('first-start-done', 0);
  CREATE TABLE server_key (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID, STRICT;
  INSERT INTO server_key VALUES ('verification', randomblob(32));
`,
  '',
  // Application passwords were in this file until they became a plugin of their own; nothing released had them here.
  `DROP TABLE IF EXISTS app_password; DELETE FROM server_key WHERE name = 'app-passwords';`,
];

export class AccountDatabase implements Disposable {
  private readonly db: Database.Database;
  private readonly byUser: Database.Statement<[string], Row>;
  private readonly page: Database.Statement<[string, string | null, string | null, number], Row>;

  /** @param dataDir the server's data folder. */
  constructor(dataDir: string) {
    const folder = join(dataDir, 'accounts');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, 'accounts.db');
    this.db = new Database(file, { timeout: 5000 });
    chmodSync(file, 0o600);
    this.db.pragma('journal_mode = WAL');
    this.db.pragma('synchronous = FULL');
    this.prepareLayout(file);
    this.byUser = this.db.prepare('SELECT * FROM account WHERE user = ?');
    this.page = this.db.prepare(
      'SELECT * FROM account WHERE user > ? AND (? IS NULL OR domain = ?) ORDER BY user LIMIT ?',
    );
  }

  find(user: UserId): AccountRecord | undefined {
    const row = this.byUser.get(user);
    return row === undefined ? undefined : recordOf(row);
  }

  list(query: {
    readonly domain?: string;
    readonly after?: UserId;
    readonly limit: number;
  }): readonly AccountRecord[] {
    const domain = query.domain ?? null;
    return this.page.all(query.after ?? '', domain, domain, query.limit).map(recordOf);
  }

  /** @throws MailError ALREADYEXISTS */
  create(account: Omit<AccountRecord, 'version'>): AccountRecord {
    return this.write(() => {
      if (this.find(account.user) !== undefined) {
        throw new MailError('ALREADYEXISTS', `The account ${account.user} exists already`);
      }
      return this.put(account);
    });
  }

  /** @throws MailError NONEXISTENT */
  change(user: UserId, changes: Partial<Omit<AccountRecord, 'user' | 'version'>>): AccountRecord {
    return this.write(() => this.put({ ...this.mustFind(user), ...changes }));
  }

  /** The same password, hashed anew: only if nothing has changed meanwhile. The version stays. */
  replaceSecret(user: UserId, version: number, secret: StoredSecret): void {
    this.db
      .prepare('UPDATE account SET secret = ? WHERE user = ? AND version = ?')
      .run(JSON.stringify(secret), user, version);
  }

  /** @throws MailError NONEXISTENT */
  remove(user: UserId): void {
    this.write(() => {
      this.mustFind(user);
      this.db.prepare('DELETE FROM account WHERE user = ?').run(user);
    });
  }

  /** True until there has been an account, or a first start. */
  get isUntouched(): boolean {
    const row = this.db
      .prepare<[], { value: number }>(
        `SELECT (SELECT value FROM counter WHERE name = 'first-start-done')
           OR (SELECT value FROM counter WHERE name = 'version') > 0 AS value`,
      )
      .get();
    return row?.value === 0;
  }

  /** Makes the first account, in exactly one of however many processes try. False: another one did. */
  createFirst(account: Omit<AccountRecord, 'version'>): boolean {
    return this.write(() => {
      if (!this.isUntouched) return false;
      this.db.exec(`UPDATE counter SET value = 1 WHERE name = 'first-start-done'`);
      this.put(account);
      return true;
    });
  }

  /** The key of VerificationCache, one for all processes of the data folder. */
  get verificationKey(): Buffer {
    return this.serverKey('verification');
  }

  [Symbol.dispose](): void {
    this.db.close();
  }

  /** Many at once, each sync shared: what `take` answers for an account is put; undefined leaves it out. */
  putAll<T>(
    items: readonly T[],
    take: (
      item: T,
      existing: (user: UserId) => AccountRecord | undefined,
    ) => Omit<AccountRecord, 'version'> | undefined,
  ): void {
    this.write(() => {
      for (const item of items) {
        const account = take(item, (user) => this.find(user));
        if (account !== undefined) this.put(account);
      }
    });
  }

  private serverKey(name: string): Buffer {
    const row = this.db
      .prepare<[string], { value: Buffer }>('SELECT value FROM server_key WHERE name = ?')
      .get(name);
    if (row === undefined) throw new Error(`the accounts file has lost its key ${name}`);
    return row.value;
  }

  private write<T>(work: () => T): T {
    return this.db.transaction(work).immediate();
  }

  private mustFind(user: UserId): AccountRecord {
    const record = this.find(user);
    if (record === undefined) throw new MailError('NONEXISTENT', `There is no account ${user}`);
    return record;
  }

  private put(account: Omit<AccountRecord, 'version'>): AccountRecord {
    const version = this.nextVersion();
    this.db
      .prepare('INSERT OR REPLACE INTO account VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(
        account.user,
        splitUserId(account.user).domain ?? '',
        account.displayName ?? null,
        JSON.stringify(account.groups),
        account.isDisabled ? 1 : 0,
        account.secret === undefined ? null : JSON.stringify(account.secret),
        version,
      );
    return { ...account, version };
  }

  private nextVersion(): number {
    const row = this.db
      .prepare<[], { value: number }>(
        `UPDATE counter SET value = value + 1 WHERE name = 'version' RETURNING value`,
      )
      .get();
    if (row === undefined) throw new Error('the accounts file has lost its version counter');
    return row.value;
  }

  private prepareLayout(file: string): void {
    this.write(() => {
      const found = this.db.pragma('user_version', { simple: true }) as number;
      if (found > LAYOUT) throw new Error(`${file} was written by a newer Angarium (layout ${found})`);
      if (found === LAYOUT) return;
      for (const step of layouts.slice(found)) this.db.exec(step);
      this.db.pragma(`user_version = ${LAYOUT}`);
    });
  }
}

/** The secret is read when it is asked for: half of those who look an account up do not. */
function recordOf(row: Row): AccountRecord {
  return {
    user: row.user as UserId,
    displayName: row.display_name ?? undefined,
    groups: JSON.parse(row.groups) as string[],
    isDisabled: row.disabled !== 0,
    get secret() {
      return row.secret === null ? undefined : (JSON.parse(row.secret) as StoredSecret);
    },
    version: row.version,
  };
}
