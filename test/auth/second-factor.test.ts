import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImapTestClient, plainClient, ScramClient } from '@angarium/testing';
import { authenticate, codeNow, startServer } from './support.js';

test('with a second factor IMAP takes application passwords alone, at once, and `auth test` says so', async () => {
  await using server = await startServer();
  const tryIt = async (mechanism: string, sasl: Parameters<typeof authenticate>[2]) => {
    const client = await ImapTestClient.connect(server.port('imap'));
    await client.line();
    const answer = await authenticate(client, mechanism, sasl);
    client.destroy();
    return answer.split(' ').slice(0, 2).join(' ');
  };
  const plain = (password: string) => tryIt('PLAIN', plainClient('fred', password));
  const scram = () =>
    tryIt('SCRAM-SHA-256', new ScramClient({ user: 'fred', password: 'secret', hash: 'SHA-256' }));
  assert.match(await plain('secret'), /^OK/);
  assert.match(await scram(), /^OK/);

  const enabled = JSON.parse(server.command(['users', 'totp', 'enable', 'fred', '--json']));
  assert.match(await plain('secret'), /^OK/, 'not before it is confirmed');
  server.command(['users', 'totp', 'confirm', 'fred', codeNow(enabled.secret)]);
  assert.equal(await plain('secret'), 'NO [AUTHENTICATIONFAILED]');
  assert.equal(await scram(), 'NO [AUTHENTICATIONFAILED]');

  const added = JSON.parse(
    server.command(['users', 'app-password', 'add', 'fred', '--label', 'phone', '--json']),
  );
  assert.match(await plain(added.password), /^OK/);
  const asked = ['auth', 'test', 'fred', '--password-stdin', '--mechanism', 'PLAIN'];
  assert.match(
    server.command(asked, `${added.password}\n`),
    /application passwords +it is one of them[\s\S]*WORKS/,
  );
  assert.throws(
    () => server.command(asked, 'secret\n'),
    ({ stdout }: { stdout: string }) =>
      /fred has a second factor: imap takes application passwords only/.test(stdout),
  );

  server.command(['users', 'totp', 'disable', 'fred']);
  assert.match(await plain('secret'), /^OK/);
});
