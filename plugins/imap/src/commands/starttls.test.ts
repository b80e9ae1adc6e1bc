import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConnectionOptions, TLSSocket } from 'node:tls';
import { ImapTestClient } from '@angarium/testing';
import { TestServer } from '../server.test.support.js';

/** A shared key instead of a certificate: nothing to generate, nothing to expire. */
const psk = Buffer.from('0123456789abcdef');
const cipher = { ciphers: 'PSK-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } as const;
const clientOptions: ConnectionOptions = {
  ...cipher,
  pskCallback: () => ({ psk, identity: 'test' }),
  checkServerIdentity: () => undefined,
};

function connect(server: TestServer): ImapTestClient {
  const options = { isServer: true, ...cipher, pskCallback: () => psk };
  const tls = {
    wrap: (stream: ConstructorParameters<typeof TLSSocket>[0]) => new TLSSocket(stream, options),
  };
  return new ImapTestClient(server.kernel.connect('imap', { tls }));
}

/** Until the server has thrown away what came in the clear: over a pair of streams the client could be faster. */
async function serverIsReady(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

test('STARTTLS: offered, done once, and nothing sent in the clear comes after it (RFC 3501 §6.2.1)', async () => {
  await using server = await TestServer.start();
  const client = connect(server);
  assert.match(await client.line(), / STARTTLS /);
  client.send('a STARTTLS\r\nb LOGIN fred secret\r\n');
  await client.expect(/^a OK Begin TLS negotiation now$/);
  await serverIsReady();
  await client.startTls(clientOptions);
  const { untagged } = await client.ok('CAPABILITY');
  assert.ok(!untagged[0]!.includes('STARTTLS'));
  assert.equal((await client.command('STARTTLS')).text, '[CANNOT] TLS is in place already');
  await client.ok('LOGIN fred secret');
});

test('STARTTLS where there is no certificate is NO', async () => {
  await using server = await TestServer.start();
  const client = await server.greeted();
  assert.equal((await client.command('STARTTLS')).text, '[CANNOT] TLS is not offered here');
  assert.equal((await client.command('STARTTLS x')).status, 'BAD');
});

test('a handshake that fails ends the connection', async () => {
  await using server = await TestServer.start();
  const client = connect(server);
  await client.line();
  client.sendLine('a STARTTLS');
  await client.expect(/^a OK/);
  await serverIsReady();
  client.send('this is no TLS at all\r\n'.repeat(10));
  await client.end().catch(() => {});
  assert.ok(client.stream.readableEnded || client.stream.destroyed);
  await serverIsReady();
  assert.deepEqual(server.faults, []);
  assert.ok(server.kernel.log.lines.some(({ text }) => text === 'TLS negotiation failed'));
});
