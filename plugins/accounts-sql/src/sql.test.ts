import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { MailError, type PasswordSchemes, type UserId } from '@angarium/sdk';
import { temporaryFolder } from '@angarium/testing';
import BetterSqlite from 'better-sqlite3';
import fc from 'fast-check';
import type { SqlConfig } from './config.js';
import { SqlDirectory } from './directory.js';
import { isTrue, parseQuery } from './query.js';
import { Sqlite } from './sqlite.js';

const queries: readonly [text: string, numbered: string, names: readonly string[]][] = [
  ['SELECT a FROM b WHERE c = :user', 'SELECT a FROM b WHERE c = $1', ['user']],
  ['SELECT :local, :domain, :local', 'SELECT $1, $2, $1', ['local', 'domain']],
  [
    'SELECT \':user\', ":user", a::text, $$:user$$, $x$:user$x$',
    'SELECT \':user\', ":user", a::text, $$:user$$, $x$:user$x$',
    [],
  ],
  [
    "SELECT 'it''s :user' || :user -- :user\n/* :user */",
    "SELECT 'it''s :user' || $1 -- :user\n/* :user */",
    ['user'],
  ],
];
for (const [text, numbered, names] of queries) {
  test(text, () =>
    assert.deepEqual(parseQuery(text, ['user', 'local', 'domain']), { text: numbered, names }),
  );
}

test('a parameter that is none is told', () => {
  assert.throws(() => parseQuery('SELECT :password', ['user']), /the query has :password; there are :user/);
});

test('truth', () => {
  for (const value of [true, 1, 't', 'TRUE', 'yes', 'Y', Buffer.from('1')])
    assert.ok(isTrue(value), String(value));
  for (const value of [false, 0, null, undefined, 'f', 'no', '', 2]) assert.ok(!isTrue(value), String(value));
});

/** Stored passwords are `{REVERSED}…`. */
const schemes: PasswordSchemes = {
  schemeOf: () => 'REVERSED',
  verify: async (encoded, password) => encoded === `{REVERSED}${[...password].reverse().join('')}`,
  verifyNothing: async (password) => void nothings.push(password),
  scramKeys: () => undefined,
};
/** Checked for users who are not there. */
const nothings: string[] = [];

function setUp(changes: Partial<SqlConfig> = {}) {
  const folder = temporaryFolder();
  const file = join(folder.path, 'accounts.db');
  const create = () => {
    const db = new BetterSqlite(file);
    db.exec(`CREATE TABLE person (id TEXT, realname TEXT, active INTEGER, password TEXT, quota INTEGER);
      CREATE TABLE membership (id TEXT, grp TEXT);
      INSERT INTO person VALUES ('fred@example.org', 'Fred', 1, '{REVERSED}terces', 100), ('wilma', NULL, 0, 'terces', NULL), ('no/name', '', 1, '', 1);
      INSERT INTO membership VALUES ('fred@example.org', 'staff'), ('fred@example.org', 'bowling');`);
    db.close();
  };
  const config: SqlConfig = {
    queries: {
      account:
        'SELECT realname AS name, NOT active AS disabled, quota, rowid AS incarnation FROM person WHERE id = :user',
      password: 'SELECT password FROM person WHERE id = :user',
      groups: 'SELECT grp FROM membership WHERE id = :user ORDER BY grp',
      list: 'SELECT id FROM person',
    },
    timeoutSeconds: 1,
    cacheSeconds: 0,
    ...changes,
  };
  const normalise = (name: string) => {
    if (name.includes('/')) throw new MailError('CANNOT', 'no name');
    return name as UserId;
  };
  const database = new Sqlite(file);
  return {
    create,
    directory: new SqlDirectory(database, config, schemes, normalise),
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

const fred = 'fred@example.org' as UserId;
const wilma = 'wilma' as UserId;

test('rows are accounts, groups, passwords', async () => {
  await using it = setUp();
  it.create();
  assert.deepEqual(await it.directory.find(fred), {
    user: fred,
    displayName: 'Fred',
    groups: ['bowling', 'staff'],
    isDisabled: false,
    attributes: { quota: '100' },
    incarnation: '1',
  });
  assert.deepEqual(await it.directory.find(wilma), {
    user: wilma,
    displayName: undefined,
    groups: [],
    isDisabled: true,
    attributes: {},
    incarnation: '2',
  });
  assert.equal(await it.directory.find('nobody' as UserId), undefined);
  assert.equal(await it.directory.verify(fred, 'secret'), 'right');
  assert.equal(await it.directory.verify(fred, 'wrong'), 'wrong');
  nothings.length = 0;
  assert.equal(await it.directory.verify('nobody' as UserId, 'secret'), 'unknown');
  assert.deepEqual(nothings, ['secret'], 'costs as much as another');
});

test('a stored password without a scheme has the default one', async () => {
  await using it = setUp({ defaultScheme: 'REVERSED' });
  it.create();
  assert.equal(await it.directory.verify(wilma, 'secret'), 'right');
  assert.equal(await it.directory.verify(wilma, '\0'), 'wrong');
});

test('a database that checks itself', async () => {
  const account = 'SELECT id AS name FROM person WHERE id = :user';
  const verify = 'SELECT 1 FROM person WHERE id = :user AND password = :password';
  await using it = setUp({ queries: { account, verify } });
  it.create();
  assert.equal(await it.directory.verify(wilma, 'terces'), 'right');
  assert.equal(await it.directory.verify(wilma, 'secret'), 'wrong');
  assert.equal(await it.directory.verify(wilma, "' OR '1'='1"), 'wrong');
  assert.equal(await it.directory.verify("' OR '1'='1" as UserId, 'x'), 'unknown');
});

test('whatever is typed is no SQL', async () => {
  await using it = setUp();
  it.create();
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom("' OR 1=1 --", "'; DROP TABLE person; --", '%', '_', ':user', '$1', '?1'),
  );
  await fc.assert(
    fc.asyncProperty(hostile, hostile, async (name, password) => {
      assert.equal(await it.directory.find(name as UserId), undefined);
      assert.notEqual(await it.directory.verify(name as UserId, password), 'right');
    }),
  );
  assert.ok(await it.directory.find(fred));
});

test('a page of the list', async () => {
  await using it = setUp();
  it.create();
  const users = async (query: { domain?: string; after?: string; limit: number }) =>
    (await it.directory.list!(query as { limit: number })).map(({ user }) => user);
  assert.deepEqual(await users({ limit: 9 }), [fred, wilma]);
  assert.deepEqual(await users({ limit: 1 }), [fred]);
  assert.deepEqual(await users({ after: fred, limit: 1 }), [wilma]);
  assert.deepEqual(await users({ domain: 'example.org', limit: 9 }), [fred]);
});

test('a file that is not there yet is an outage, and found when it comes', async () => {
  await using it = setUp();
  await assert.rejects(it.directory.find(fred), /unable to open|directory does not exist/);
  it.create();
  assert.equal((await it.directory.find(fred))?.displayName, 'Fred');
});
