import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ImapTestClient, type SaslClient } from '@angarium/testing';
import { run, without } from '../support/tools.js';
import { Authority } from './certificates.test.support.js';
import { authenticate, startServer } from './support.js';

const skip = without('openssl');
let authority: Authority;
before(() => {
  if (skip) return;
  authority = new Authority();
  authority.issue('fred', '/CN=Fred', 'fred@example.org');
  authority.issue('admin', '/O=Slate/CN=Boss', 'boss@example.com');
  authority.issueFrom('evil', 'stranger', '/CN=Fred', 'fred@example.org');
});
after(() => authority?.[Symbol.dispose]());

const external = (authzid = ''): SaslClient => ({
  initial: Buffer.from(authzid),
  respond: () => Buffer.from(authzid),
});

const set = () => ({
  'tls.clientAuthorities': authority.file('ca.pem'),
  'plugins.authentication.defaultDomain': 'example.org',
  'plugins.sasl-external': '{"map":[{"subject":"CN=Boss,O=Slate","user":"admin"}]}',
});

test('a client certificate of an accepted authority logs its user in', { skip }, async () => {
  await using server = await startServer({ set: set() });
  const login = async (name: string | undefined, authzid?: string) => {
    const pair = name === undefined ? {} : authority.pair(name);
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

const programs = ['gsasl', 'curl', 'sieve-connect'];

test('GNU SASL, curl and sieve-connect log in with a certificate', {
  skip: skip || programs.map(without).find(Boolean),
}, async () => {
  await using server = await startServer({ set: set() });
  const gsasl = await run('gsasl', [
    ...['--imap', `--connect=localhost:${server.port('imap')}`, '--starttls', '--x509-ca-file='],
    ...[`--x509-cert-file=${authority.file('fred.pem')}`, `--x509-key-file=${authority.file('fred.key')}`],
    ...['--mechanism=EXTERNAL', '--authorization-id=fred'],
  ]);
  assert.equal(gsasl.code, 0, gsasl.output);
  assert.match(gsasl.output, /Client authentication finished/);
  for (const scheme of ['imap', 'pop3']) {
    const curl = (name: string) =>
      run('curl', [
        ...['--silent', '--show-error', '--insecure', '--cert', authority.file(`${name}.both.pem`)],
        ...['--user', 'fred:', '--login-options', 'AUTH=EXTERNAL'],
        `${scheme}s://127.0.0.1:${server.port(scheme, 1)}/`,
      ]);
    const { code, output } = await curl('fred');
    assert.equal(code, 0, output);
    assert.notEqual((await curl('stranger')).code, 0, scheme);
  }
  const { code, output } = await run('sieve-connect', [
    ...['--notlsverify', '--server', 'localhost', '--port', String(server.port('sieve')), '--user', 'fred'],
    ...['--clientkeycert', authority.file('fred.both.pem'), '--authmech', 'EXTERNAL', '--list', '--debug'],
  ]);
  assert.equal(code, 0, output);
  assert.match(output, /AUTHENTICATE "EXTERNAL"/);
});
