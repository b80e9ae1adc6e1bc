import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run, without } from '../support/tools.js';
import { startServer } from './support.js';

const skip = without('gsasl');
const plain = ['PLAIN', 'LOGIN', 'CRAM-MD5', 'DIGEST-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256'];

test('GNU SASL logs in with each mechanism it knows, and is refused with a wrong password', {
  skip,
}, async () => {
  await using server = await startServer();
  const gsasl = async (mechanism: string, password: string, ...more: string[]) => {
    const { code, output } = await run('gsasl', [
      '--imap',
      `--connect=localhost:${server.port('imap')}`,
      `--mechanism=${mechanism}`,
      '--authentication-id=fred',
      '--authorization-id=',
      `--password=${password}`,
      '--realm=example.org',
      '--quality-of-protection=qop-auth',
      '--anonymous-token=me@example.org',
      ...more,
    ]);
    return { code, output: `${mechanism} ${more.join(' ')}\n${output}` };
  };
  for (const mechanism of [...plain, 'ANONYMOUS']) {
    const { code, output } = await gsasl(mechanism, 'secret', '--no-starttls');
    assert.equal(code, 0, output);
    assert.match(output, /Client authentication finished/);
  }
  for (const mechanism of plain) {
    const { code, output } = await gsasl(mechanism, 'wrong', '--no-starttls');
    assert.notEqual(code, 0, output);
    assert.match(output, /NO \[AUTHENTICATIONFAILED\] Authentication failed/);
  }
  // TLS 1.3 binds with tls-exporter, TLS 1.2 with tls-unique.
  for (const priority of ['NORMAL', 'NORMAL:-VERS-TLS1.3']) {
    const tls = ['--starttls', '--x509-ca-file=', `--priority=${priority}`];
    for (const mechanism of ['SCRAM-SHA-1-PLUS', 'SCRAM-SHA-256-PLUS']) {
      const { code, output } = await gsasl(mechanism, 'secret', ...tls);
      assert.equal(code, 0, output);
      const refused = await gsasl(mechanism, 'wrong', ...tls);
      assert.match(refused.output, /AUTHENTICATIONFAILED/);
    }
  }
});
