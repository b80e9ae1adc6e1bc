/** Application passwords and second factors of users whose accounts are kept elsewhere, and what becomes of them when a user leaves. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ImapTestClient } from '@angarium/testing';
import { TestServer } from '../support/server.js';
import { eventually, without } from '../support/tools.js';
import { Slapd } from './slapd.test.support.js';
import { codeNow, startServer } from './support.js';

const manifest = (source: string) => `workers: 2
plugins:
  store-sqlite: {}
  password-schemes: { plain: true }
  authentication: { failedLoginPause: 0 }
  sasl-plain: {}
  app-passwords: {}
  leavers: {}
  second-factor: {}
  namespace: {}
${source}
  imap: { listen: [{ address: 127.0.0.1, port: 0 }] }
`;

async function login(server: TestServer, user: string, password: string): Promise<string> {
  const client = await ImapTestClient.connect(server.port('imap'));
  try {
    await client.expect(/^\* OK/);
    const { status, text } = await client.command(`LOGIN ${user} ${password}`);
    return status === 'OK' ? status : `${status} ${/^\[([A-Z]+)/.exec(text)?.[1] ?? ''}`;
  } finally {
    client.destroy();
  }
}

function addAppPassword(server: TestServer, user: string, ...options: string[]) {
  const command = ['users', 'app-password', 'add', user, '--label', 'phone', ...options, '--json'];
  const { password, added } = JSON.parse(server.command(command));
  return { password: password as string, id: added.id as string };
}

function enableSecondFactor(server: TestServer, user: string): void {
  const { secret } = JSON.parse(server.command(['users', 'totp', 'enable', user, '--json']));
  server.command(['users', 'totp', 'confirm', user, codeNow(secret)]);
}

test('a user of a password file has them: scoped, listed, revoked, the only way in with a second factor; gone when he is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'app-passwords-'));
  const file = join(folder, 'users');
  writeFileSync(file, 'fred:{PLAIN}secret\nwilma:{PLAIN}secret\n');
  await using server = await TestServer.start({
    manifest: manifest(`  accounts-passwd-file: { file: ${file} }`),
  });
  const phone = addAppPassword(server, 'fred', '--services', 'imap', '--days', '30');
  const news = addAppPassword(server, 'fred', '--services', 'nntp');
  assert.equal(await login(server, 'fred', phone.password), 'OK');
  assert.equal(await login(server, 'fred', news.password), 'NO AUTHENTICATIONFAILED');
  assert.equal(await login(server, 'wilma', phone.password), 'NO AUTHENTICATIONFAILED');
  assert.equal(await login(server, 'fred', 'secret'), 'OK');
  assert.match(
    server.command(['users', 'app-password', 'list', 'fred']),
    new RegExp(`^${phone.id}  phone  imap  until .*\n${news.id}  phone  nntp  no expiry  never used`),
  );
  assert.match(server.command(['auth', 'test', 'fred', '--password-stdin'], `${phone.password}\n`), /WORKS/);

  enableSecondFactor(server, 'fred');
  assert.equal(await login(server, 'fred', 'secret'), 'NO AUTHENTICATIONFAILED');
  assert.equal(await login(server, 'fred', phone.password), 'OK');
  server.command(['users', 'app-password', 'remove', 'fred', phone.id]);
  assert.equal(await login(server, 'fred', phone.password), 'NO AUTHENTICATIONFAILED');

  const tablet = addAppPassword(server, 'fred');
  writeFileSync(file, 'wilma:{PLAIN}secret\n');
  await eventually(
    () =>
      /fred {2}no account {2}application passwords, second factor/.test(
        server.command(['users', 'leavers']),
      ) || undefined,
  );
  server.command(['users', 'leavers', 'fred', '--remove']);
  writeFileSync(file, 'fred:{PLAIN}other\nwilma:{PLAIN}secret\n');
  await eventually(async () => (await login(server, 'fred', 'other')) === 'OK' || undefined);
  assert.equal(await login(server, 'fred', tablet.password), 'NO AUTHENTICATIONFAILED');
  assert.match(server.command(['users', 'app-password', 'list', 'fred']), /no application passwords/);
  rmSync(folder, { recursive: true });
});

test('a later entry of a directory does not inherit those of an earlier one', {
  skip: without('slapd'),
}, async () => {
  await using slapd = await Slapd.start();
  await using server = await TestServer.start({
    manifest: manifest(`  accounts-ldap:
    urls: ["${slapd.url}"]
    bindDn: cn=admin,dc=example,dc=org
    bindPassword: { $secret: "env:LDAP_PASSWORD" }
    base: ou=people,dc=example,dc=org
    cacheSeconds: 0
`),
    env: { LDAP_PASSWORD: 'admin' },
  });
  const { password } = addAppPassword(server, 'fred');
  assert.equal(await login(server, 'fred', password), 'OK');
  await slapd.down();
  assert.equal(await login(server, 'fred', password), 'NO UNAVAILABLE');
  await slapd.recreate();
  await slapd.up();
  await eventually(async () => (await login(server, 'fred', 'secret')) === 'OK' || undefined);
  assert.equal(await login(server, 'fred', password), 'NO AUTHENTICATIONFAILED');
  assert.match(server.command(['users', 'leavers']), /^fred {2}another account has the name now/);
});

test('users remove takes them along, and the second factor: who has the name next begins anew', async () => {
  await using server = await startServer();
  enableSecondFactor(server, 'fred');
  const { password } = addAppPassword(server, 'fred');
  assert.equal(await login(server, 'fred', password), 'OK');
  server.command(['users', 'remove', 'fred']);
  assert.equal(await login(server, 'fred', password), 'NO AUTHENTICATIONFAILED');
  server.addUser('fred', 'new');
  assert.equal(await login(server, 'fred', password), 'NO AUTHENTICATIONFAILED');
  assert.equal(await login(server, 'fred', 'new'), 'OK');
  assert.match(server.command(['users', 'totp', 'status', 'fred']), /^fred: off/);
});
