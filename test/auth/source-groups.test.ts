/** Groups of every source of accounts count in ACLs, and of several sources the first that knows somebody decides. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { ImapTestClient } from '@angarium/testing';
import Database from 'better-sqlite3';
import { TestServer } from '../support/server.js';
import { eventually, without } from '../support/tools.js';
import { Slapd } from './slapd.test.support.js';

/** admin is local; the source behind knows fred of staff, whose password is "secret", and perhaps others. */
const manifest = (source: string) => `workers: 1
plugins:
  store-sqlite: {}
  accounts-local: {}
  password-schemes: { plain: true }
  authentication: { failedLoginPause: 0, admins: [admin] }
  sasl-plain: {}
  namespace: {}
  acl: {}
  imap: { listen: [{ address: 127.0.0.1, port: 0 }] }
  imap-acl: {}
${source}
`;

async function session(server: TestServer, user: string, password: string): Promise<ImapTestClient> {
  const client = await ImapTestClient.connect(server.port('imap'));
  await client.expect(/^\* OK/);
  const { status } = await client.command(`LOGIN ${user} ${password}`);
  assert.equal(status, 'OK', user);
  return client;
}

/** What fred may do with a mailbox that is the group's alone. */
async function checkGroup(server: TestServer): Promise<void> {
  const admin = await session(server, 'admin', 'adminpass');
  const fred = await session(server, 'fred', 'secret');
  try {
    for (const line of ['CREATE quarry', 'SETACL quarry anyone ""', 'SETACL quarry group:others lrs'])
      assert.equal((await admin.command(line)).status, 'OK', line);
    assert.equal((await fred.command('EXAMINE quarry')).status, 'NO');
    assert.equal((await admin.command('SETACL quarry group:staff lrs')).status, 'OK');
    assert.equal((await fred.command('EXAMINE quarry')).status, 'OK');
    const { untagged } = await fred.command('MYRIGHTS quarry');
    assert.match(untagged.join('\n'), /MYRIGHTS quarry lrs/);
  } finally {
    admin.destroy();
    fred.destroy();
  }
}

const users = { admin: 'adminpass' };

test('a directory', { skip: without('slapd') }, async () => {
  await using slapd = await Slapd.start();
  await using server = await TestServer.start({
    users,
    env: { LDAP_PASSWORD: 'admin' },
    manifest: manifest(`  accounts-ldap:
    urls: ["${slapd.url}"]
    bindDn: cn=admin,dc=example,dc=org
    bindPassword: { $secret: "env:LDAP_PASSWORD" }
    base: ou=people,dc=example,dc=org
    groups: { base: "ou=groups,dc=example,dc=org", filter: "(member=%D)" }`),
  });
  await checkGroup(server);
});

test('a database', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'source-groups-'));
  const file = join(folder, 'people.db');
  const db = new Database(file);
  db.exec(`CREATE TABLE person (id TEXT, password TEXT); CREATE TABLE membership (id TEXT, grp TEXT);
    INSERT INTO person VALUES ('fred', '{PLAIN}secret'); INSERT INTO membership VALUES ('fred', 'staff');`);
  db.close();
  await using server = await TestServer.start({
    users,
    manifest: manifest(`  accounts-sql:
    sqlite: { file: ${file} }
    queries:
      account: "SELECT id AS name FROM person WHERE id = :user"
      password: "SELECT password FROM person WHERE id = :user"
      groups: "SELECT grp FROM membership WHERE id = :user"`),
  });
  await checkGroup(server);
  rmSync(folder, { recursive: true });
});

test('passwd and group', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'source-groups-'));
  const [passwd, group] = [join(folder, 'passwd'), join(folder, 'group')];
  writeFileSync(passwd, 'fred:{PLAIN}secret:1001:1001::/home/fred:/bin/sh\n');
  writeFileSync(group, 'staff:x:50:fred\nothers:x:51:\n');
  await using server = await TestServer.start({
    users,
    manifest: manifest(`  accounts-passwd-file: { file: ${passwd}, group: ${group} }`),
  });
  await checkGroup(server);
  rmSync(folder, { recursive: true });
});

/** A service that knows fred of staff; what it was asked. */
async function startService() {
  const asked: string[] = [];
  const service = createServer(async (request, response) => {
    const { action, user, password } = JSON.parse(await text(request)) as Record<string, string>;
    asked.push(`${action} ${user}`);
    const isFred = user === 'fred';
    const account = isFred ? { found: true, groups: ['staff'] } : { found: false };
    const verdict = isFred ? (password === 'secret' ? 'right' : 'wrong') : 'unknown';
    response.end(JSON.stringify(action === 'find' ? account : { verdict }));
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  const { port } = service.address() as AddressInfo;
  const stop = () => {
    service.closeAllConnections();
    service.close();
  };
  return {
    asked,
    stop,
    entry: `  accounts-http: { url: "http://127.0.0.1:${port}/mail", timeoutSeconds: 2, cacheSeconds: 0 }`,
    [Symbol.dispose]: stop,
  };
}

async function login(server: TestServer, user: string, password: string): Promise<string> {
  const client = await ImapTestClient.connect(server.port('imap'));
  await client.expect(/^\* OK/);
  const { status, text: words } = await client.command(`LOGIN ${user} ${password}`);
  client.destroy();
  return `${status} ${words}`;
}

test('a service over HTTP; away is not unknown, and locks nobody out', async () => {
  using service = await startService();
  const limits = '  auth-limits: { neverBlock: [], failuresByAddress: 5 }';
  await using server = await TestServer.start({
    users,
    manifest: manifest(`${service.entry}\n${limits}`),
  });
  await checkGroup(server);
  assert.ok(service.asked.includes('verify fred'));
  assert.ok(!service.asked.some((question) => question.endsWith('admin')), 'local knows him');
  assert.equal(await login(server, 'fred', 'wrong'), await login(server, 'nobody', 'wrong'));
  service.stop();
  await eventually(async () => /\[UNAVAILABLE\]/.test(await login(server, 'fred', 'secret')) || undefined);
  assert.match(await login(server, 'nobody', 'secret'), /^NO \[UNAVAILABLE\]/);
  for (let i = 0; i < 6; i++) assert.match(await login(server, 'fred', 'secret'), /^NO \[UNAVAILABLE\]/);
  assert.match(await login(server, 'admin', 'adminpass'), /^OK/);
  for (let i = 0; i < 3; i++) assert.match(await login(server, 'admin', 'wrong'), /AUTHENTICATIONFAILED/);
  assert.match(await login(server, 'admin', 'adminpass'), /^NO \[LIMIT\]/, 'five were wrong');
});

test('of two sources that know a user the first of the manifest decides, whatever else they need', async () => {
  using service = await startService();
  const folder = mkdtempSync(join(tmpdir(), 'source-order-'));
  const file = join(folder, 'users');
  writeFileSync(file, 'fred:{PLAIN}first\n');
  await using server = await TestServer.start({
    manifest: `workers: 1
plugins:
  store-sqlite: {}
  accounts-passwd-file: { file: ${file} }
${service.entry}
  password-schemes: { plain: true }
  authentication: { failedLoginPause: 0 }
  namespace: {}
  imap: { listen: [{ address: 127.0.0.1, port: 0 }] }
`,
  });
  assert.match(await login(server, 'fred', 'first'), /^OK/);
  assert.match(await login(server, 'fred', 'secret'), /^NO \[AUTHENTICATIONFAILED\]/);
  assert.deepEqual(service.asked, []);
  rmSync(folder, { recursive: true });
});
