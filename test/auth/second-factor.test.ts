import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { ImapTestClient, plainClient, ScramClient } from '@angarium/testing';
import { authenticate, startServer } from './support.js';

/** What an authenticator shows (RFC 6238), written for this test alone. */
function codeNow(base32: string): string {
  const bits = [...base32].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  );
  const octets = bits
    .join('')
    .match(/.{8}/g)!
    .map((octet) => Number.parseInt(octet, 2));
  const counter = Buffer.alloc(8);
  counter.writeUInt32BE(Math.floor(Date.now() / 30_000), 4);
  const mac = createHmac('sha1', Buffer.from(octets)).update(counter).digest();
  const at = mac[19]! & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

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
  assert.match(server.command(asked, `${added.password}\n`), /it is an application password[\s\S]*WORKS/);
  assert.throws(
    () => server.command(asked, 'secret\n'),
    ({ stdout }: { stdout: string }) =>
      /fred has a second factor: imap takes application passwords only/.test(stdout),
  );

  server.command(['users', 'totp', 'disable', 'fred']);
  assert.match(await plain('secret'), /^OK/);
});
