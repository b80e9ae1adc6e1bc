import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { run, without } from '../support/tools.js';
import { Realm, skipWithoutKerberos } from './realm.test.support.js';
import { startServer } from './support.js';

const skip = skipWithoutKerberos || without('gsasl');

test('Kerberos tickets log in by GNU SASL', { skip }, async () => {
  await using realm = await Realm.start();
  const config = { realms: { 'EXAMPLE.ORG': '' }, keytab: realm.keytab };
  await using server = await startServer({
    set: { 'plugins.sasl-gssapi': JSON.stringify(config) },
    env: realm.env as Record<string, string>,
  });
  const gsasl = async (authzid: string) =>
    run(
      'gsasl',
      [
        ...['--imap', `--connect=localhost:${server.port('imap')}`, '--no-starttls', '--mechanism=GSSAPI'],
        ...[
          '--authentication-id=fred',
          `--authorization-id=${authzid}`,
          '--service=imap',
          '--hostname=localhost',
        ],
      ],
      { env: realm.env },
    );
  assert.equal(await realm.kinit('fred'), true);
  const fred = await gsasl('fred');
  assert.equal(fred.code, 0, fred.output + server.output.slice(-2000));
  assert.match(server.output, /"mechanism":"GSSAPI".*"user":"fred","msg":"login"/);
  assert.match((await gsasl('admin')).output, /NO \[AUTHORIZATIONFAILED\]/);
  assert.equal(await realm.kinit('admin'), true);
  assert.equal((await gsasl('fred')).code, 0);
  assert.match(server.output, /"user":"fred","actingFor":"admin","msg":"login"/);
  // fred/admin is an instance, and no user.
  assert.equal(await realm.kinit('fred/admin'), true);
  assert.match((await gsasl('fred')).output, /NO \[AUTHENTICATIONFAILED\]/);
});

test('tokens that are none, and a keytab that is not there', { skip }, async () => {
  await using realm = await Realm.start();
  const config = { realms: { 'EXAMPLE.ORG': '' }, keytab: join(tmpdir(), 'no-such-keytab') };
  await using server = await startServer({
    set: { 'plugins.sasl-gssapi': JSON.stringify(config) },
    env: realm.env as Record<string, string>,
  });
  const { code, output } = await run(
    'gsasl',
    [
      ...['--imap', `--connect=localhost:${server.port('imap')}`, '--no-starttls', '--mechanism=GSSAPI'],
      ...['--authentication-id=fred', '--authorization-id=fred', '--service=imap', '--hostname=localhost'],
    ],
    { env: realm.env },
  );
  assert.notEqual(code, 0);
  assert.match(output, /NO \[UNAVAILABLE\]/);
});
