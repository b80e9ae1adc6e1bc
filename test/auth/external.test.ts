import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ImapTestClient, type SaslClient } from '@angarium/testing';
import { run, without } from '../support/tools.js';
import { authenticate, startServer } from './support.js';

const skip = without('openssl');
const folder = mkdtempSync(join(tmpdir(), 'external-'));
const file = (name: string) => join(folder, name);
after(() => rmSync(folder, { recursive: true }));

const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** `NAME.key` and `NAME.pem`, signed by the authority. */
function certificate(name: string, authority: string, subject: string, email: string): void {
  openssl(
    'req',
    ...key,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.csr`,
    '-subj',
    subject,
    '-addext',
    `subjectAltName=email:${email}`,
  );
  openssl(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    '-CA',
    `${authority}.pem`,
    '-CAkey',
    `${authority}.key`,
    '-days',
    '2',
    '-copy_extensions',
    'copy',
    '-out',
    `${name}.pem`,
  );
}

before(() => {
  if (skip) return;
  for (const name of ['ca', 'evil']) {
    openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    );
  }
  certificate('fred', 'ca', '/CN=Fred', 'fred@example.org');
  certificate('admin', 'ca', '/O=Slate/CN=Boss', 'boss@example.com');
  certificate('stranger', 'evil', '/CN=Fred', 'fred@example.org');
});

const external = (authzid = ''): SaslClient => ({
  initial: Buffer.from(authzid),
  respond: () => Buffer.from(authzid),
});

const set = () => ({
  'tls.clientAuthorities': file('ca.pem'),
  'plugins.authentication.defaultDomain': 'example.org',
  'plugins.sasl-external': '{"map":[{"subject":"CN=Boss,O=Slate","user":"admin"}]}',
});

test('a client certificate of an accepted authority logs its user in', { skip }, async () => {
  await using server = await startServer({ set: set() });
  const login = async (name: string | undefined, authzid?: string) => {
    const pair =
      name === undefined
        ? {}
        : { cert: readFileSync(file(`${name}.pem`)), key: readFileSync(file(`${name}.key`)) };
    const client = await ImapTestClient.connectTls(server.port('imap', 1), pair);
    const greeting = await client.line();
    const answer = await authenticate(client, 'EXTERNAL', external(authzid));
    client.destroy();
    return { isOffered: greeting.includes('AUTH=EXTERNAL '), answer };
  };
  const fred = await login('fred');
  assert.ok(fred.isOffered);
  assert.match(fred.answer, /^OK/);
  assert.match((await login('fred', 'fred')).answer, /^OK/);
  assert.match((await login('fred', 'admin')).answer, /^NO \[AUTHORIZATIONFAILED\]/);
  assert.match((await login('admin')).answer, /^OK/);
  assert.match((await login('admin', 'fred')).answer, /^OK/);
  for (const name of ['stranger', undefined]) {
    const refused = await login(name);
    assert.equal(refused.isOffered, false, String(name));
    assert.match(refused.answer, /^NO/);
  }
  assert.match(server.output, /"mechanism":"EXTERNAL".*"user":"fred","actingFor":"admin","msg":"login"/);
});

test('GNU SASL logs in with a certificate', { skip: skip || without('gsasl') }, async () => {
  await using server = await startServer({ set: set() });
  const { code, output } = await run('gsasl', [
    '--imap',
    `--connect=localhost:${server.port('imap')}`,
    '--starttls',
    '--x509-ca-file=',
    `--x509-cert-file=${file('fred.pem')}`,
    `--x509-key-file=${file('fred.key')}`,
    '--mechanism=EXTERNAL',
    '--authorization-id=fred',
  ]);
  assert.equal(code, 0, output);
  assert.match(output, /Client authentication finished/);
});
