/** Accounts that are kept elsewhere: a directory, a database, a file, saslauthd; and what happens while those are away. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ImapTestClient, LmtpTestClient } from '@angarium/testing';
import { TestServer } from '../support/server.js';
import { eventually, findProgram, without } from '../support/tools.js';
import { PostgresqlServer, withoutPostgresql } from './postgresql.test.support.js';
import { Slapd } from './slapd.test.support.js';

/** A server whose accounts come from this source; nothing is remembered, so that every login asks it. */
function manifest(source: string): string {
  return `workers: 1
plugins:
  store-sqlite: {}
  password-schemes: { plain: true }
  authentication: { failedLoginPause: 0 }
  sasl-plain: {}
  namespace: {}
  delivery: {}
${source}
  lmtp: { listen: [{ address: 127.0.0.1, port: 0 }] }
  imap: { listen: [{ address: 127.0.0.1, port: 0 }] }
`;
}

async function login(server: TestServer, user: string, password: string): Promise<string> {
  const client = await ImapTestClient.connect(server.port('imap'));
  try {
    await client.expect(/^\* OK/);
    const { status, text } = await client.withLiterals(`LOGIN ${user} `, Buffer.from(password));
    return `${status} ${/^\[([A-Z]+)/.exec(text)?.[1] ?? ''}`;
  } finally {
    client.destroy();
  }
}

/** The reply to RCPT. */
async function recipient(server: TestServer, address: string): Promise<string> {
  const client = await LmtpTestClient.connect(server.port('lmtp'));
  try {
    await client.expect(/^220/);
    for (const line of ['LHLO test.example', 'MAIL FROM:<>']) {
      client.sendLine(line);
      await client.until(/^250 /);
    }
    client.sendLine(`RCPT TO:<${address}>`);
    return (await client.line()).slice(0, 9);
  } finally {
    client.destroy();
  }
}

const hostile = [
  '*',
  'fred)(uid=*',
  "' OR '1'='1",
  'fred\\',
  '\x00fred',
  'x'.repeat(5000),
  'fred\r\nuid: gone',
];

/** What holds of every source that knows fred (secret) and gone (disabled). */
async function checkLogins(server: TestServer): Promise<void> {
  assert.equal(await login(server, 'fred', 'secret'), 'OK CAPABILITY');
  for (const [user, password] of [
    ['fred', 'wrong'],
    ['fred', 'Secret'],
    ['gone', 'secret'],
    ['nobody', 'secret'],
  ] as const)
    assert.equal(await login(server, user, password), 'NO AUTHENTICATIONFAILED', `${user} ${password}`);
  for (const text of hostile.filter((one) => !/[\x00\r]/.test(one))) {
    assert.match(await login(server, `"${text.replace(/["\\]/g, '\\$&')}"`, 'secret'), /^(NO|BAD)/);
    assert.match(await login(server, 'fred', text), /^(NO|BAD)/, JSON.stringify(text));
  }
  assert.equal(await recipient(server, 'fred@example.org'), '250 2.1.5');
  assert.equal(await recipient(server, 'gone@example.org'), '250 2.1.5');
  assert.equal(await recipient(server, 'nobody@example.org'), '550 5.1.1');
  assert.equal(await recipient(server, '"fred)(uid=*"@example.org'), '550 5.1.1');
}

/** While a source is away nothing is refused for good, and nobody is unknown. */
async function checkOutage(server: TestServer): Promise<void> {
  assert.equal(await login(server, 'fred', 'secret'), 'NO UNAVAILABLE');
  assert.equal(await login(server, 'nobody', 'secret'), 'NO UNAVAILABLE');
  assert.match(await recipient(server, 'fred@example.org'), /^4/);
}

const comesBack = (server: TestServer) =>
  eventually(async () => ((await login(server, 'fred', 'secret')).startsWith('OK') ? true : undefined));

test('a directory: slapd', { skip: without('slapd') }, async () => {
  await using slapd = await Slapd.start();
  await using server = new TestServer({
    manifest: manifest(`  accounts-ldap:
    urls: ["ldap://127.0.0.1:1", "${slapd.url}"]
    bindDn: cn=admin,dc=example,dc=org
    bindPassword: { $secret: "env:LDAP_PASSWORD" }
    base: ou=people,dc=example,dc=org
    disabled: { attribute: employeeType, values: [locked] }
    groups: { base: "ou=groups,dc=example,dc=org", filter: "(member=%D)" }
    timeoutSeconds: 2
    cacheSeconds: 0
`),
    env: { LDAP_PASSWORD: 'admin' },
  });
  await server.start();
  await checkLogins(server);
  const listed = JSON.parse(
    server.command(['--json', 'auth', 'test', 'fred', '--password-stdin'], 'secret\n'),
  );
  assert.match(JSON.stringify(listed), /ldap/);
  await slapd.down();
  await checkOutage(server);
  await slapd.up();
  await comesBack(server);
});

test('a database: PostgreSQL', { skip: withoutPostgresql() }, async () => {
  await using postgresql = await PostgresqlServer.start();
  await postgresql.execute(`CREATE ROLE mail LOGIN PASSWORD 'reader';
    CREATE TABLE person (id text PRIMARY KEY, realname text, active boolean, password text);
    GRANT SELECT ON person TO mail;
    INSERT INTO person VALUES ('fred', 'Fred', true, '{PLAIN}secret'), ('gone', NULL, false, '{PLAIN}secret');`);
  await using server = new TestServer({
    manifest: manifest(`  accounts-sql:
    postgresql: { host: 127.0.0.1, port: ${postgresql.port}, database: postgres, user: mail, password: { $secret: "env:DB_PASSWORD" } }
    queries:
      account: SELECT realname AS name, NOT active AS disabled FROM person WHERE id = :user
      password: SELECT password FROM person WHERE id = :user
    timeoutSeconds: 2
    cacheSeconds: 0
`),
    env: { DB_PASSWORD: 'reader' },
  });
  await server.start();
  await checkLogins(server);
  await postgresql.down();
  await checkOutage(server);
  await postgresql.up();
  await comesBack(server);
});

test('a file: passwd-file', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'passwd-file-')), 'users');
  const text = 'fred:{PLAIN}secret\ngone:{PLAIN}secret::::::nologin\n';
  writeFileSync(file, text);
  await using server = await TestServer.start({
    manifest: manifest(`  accounts-passwd-file: { file: ${file} }`),
  });
  await checkLogins(server);
  rmSync(file);
  await eventually(async () =>
    (await login(server, 'fred', 'secret')) === 'NO UNAVAILABLE' ? true : undefined,
  );
  await checkOutage(server);
  writeFileSync(file, text);
  await comesBack(server);
  rmSync(join(file, '..'), { recursive: true });
});

/** saslauthd that asks an IMAP server: no account of this machine is needed. */
class SaslauthdDaemon implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'saslauthd-'));
  private child: ChildProcess | undefined;

  constructor(private readonly imapPort: number) {}

  async up(): Promise<void> {
    const args = ['-d', '-a', 'rimap', '-O', `127.0.0.1/${this.imapPort}`, '-n', '1', '-m', this.folder];
    // It ends its whole process group when it is told to end.
    this.child = spawn(findProgram('saslauthd')!, args, { stdio: 'ignore', detached: true });
    await eventually(() => existsSync(join(this.folder, 'mux')) || undefined);
  }

  async down(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

test('passwords by saslauthd, accounts by a file', { skip: without('saslauthd') }, async () => {
  const old = `workers: 1
plugins:
  store-sqlite: {}
  accounts-local: {}
  authentication: { failedLoginPause: 0 }
  namespace: {}
  imap: { listen: [{ address: 127.0.0.1, port: 0 }] }
`;
  await using other = await TestServer.start({
    manifest: old,
    users: { fred: 'secret', gone: 'secret', nobody: 'other' },
  });
  await using daemon = new SaslauthdDaemon(other.port('imap'));
  await daemon.up();
  const file = join(daemon.folder, 'users');
  writeFileSync(file, 'fred:\ngone:!::::::\n');
  await using server = await TestServer.start({
    manifest: manifest(`  accounts-passwd-file: { file: ${file} }
  accounts-saslauthd: { path: ${daemon.folder}/mux, cacheSeconds: 0, timeoutSeconds: 5 }`),
  });
  await checkLogins(server);
  await daemon.down();
  assert.equal(await login(server, 'fred', 'secret'), 'NO UNAVAILABLE');
  assert.equal(await recipient(server, 'fred@example.org'), '250 2.1.5');
});
