import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConnectionOptions, TLSSocket } from 'node:tls';
import { type Connecting, far, setUp } from './server.test.support.js';

/** A shared key instead of a certificate: nothing to generate, nothing to expire. */
const psk = Buffer.from('0123456789abcdef');
const cipher = { ciphers: 'PSK-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } as const;
const clientOptions: ConnectionOptions = {
  ...cipher,
  pskCallback: () => ({ psk, identity: 'test' }),
  checkServerIdentity: () => undefined,
};
const serverOptions = { isServer: true, ...cipher, pskCallback: () => psk };
const withTls: Connecting = {
  ...far,
  tls: { wrap: (stream: ConstructorParameters<typeof TLSSocket>[0]) => new TLSSocket(stream, serverOptions) },
};

/** Until the server has thrown away what came in the clear: over a pair of streams the client could be faster. */
async function serverIsReady(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test('STARTTLS: capabilities are sent again, nothing sent in the clear comes after it (RFC 5804 §2.2)', async () => {
  await using server = await setUp();
  const client = await server.connect(withTls);
  assert.match(client.greeting, /^"STARTTLS"$/m);
  assert.match(client.greeting, /^"SASL" "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5"$/m);
  assert.equal(await client.command('STARTTLS "x"'), 'NO "Too many arguments"');
  client.send('STARTTLS\r\nNOOP "injected"\r\n');
  assert.equal(await client.answer(), 'OK "Begin TLS negotiation now"');
  await serverIsReady();
  await client.startTls(clientOptions);
  const again = await client.answer();
  assert.doesNotMatch(again, /STARTTLS/);
  assert.match(again, /^"SASL" ".*PLAIN.*"$/m);
  assert.match(again, /\nOK$/);
  assert.equal(await client.command('STARTTLS'), 'NO "TLS is in place already"');
  assert.equal(await client.logIn(), 'OK');
  assert.equal(await client.command('UNAUTHENTICATE'), 'OK');
  assert.doesNotMatch(await client.command('CAPABILITY'), /STARTTLS/);
});

test('after a login without TLS it is neither offered nor done', async () => {
  await using server = await setUp();
  const client = await server.loggedIn('fred', { tls: withTls!.tls! });
  assert.doesNotMatch(await client.command('CAPABILITY'), /STARTTLS/);
  assert.equal(await client.command('STARTTLS'), 'NO "Already authenticated"');
});

test('where there is no certificate it is NO', async () => {
  await using server = await setUp();
  assert.equal(await (await server.connect()).command('STARTTLS'), 'NO "TLS is not offered here"');
});

test('a handshake that fails ends the connection', async () => {
  await using server = await setUp();
  const client = await server.connect(withTls);
  assert.match(await client.command('STARTTLS'), /^OK/);
  await serverIsReady();
  client.send('this is no TLS at all\r\n'.repeat(20));
  await client.end();
});
