/** RFC 4422 over the wire: what each protocol makes of exchanges that are cancelled, broken, out of order, or endless. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { cramMd5Client, ImapTestClient, LmtpTestClient, plainClient, ScramClient } from '@angarium/testing';
import { authenticate, startServer } from './support.js';

const base64 = (text: string) => Buffer.from(text).toString('base64');

async function imap(port: number): Promise<ImapTestClient> {
  const client = await ImapTestClient.connect(port);
  await client.expect(/^\* OK/);
  return client;
}

test('IMAP: exchanges with and without an initial response, as oneself and as another', async () => {
  await using server = await startServer();
  const port = server.port('imap');
  const login = async (mechanism: string, sasl: Parameters<typeof authenticate>[2], isInitial: boolean) => {
    const client = await imap(port);
    const answer = await authenticate(client, mechanism, sasl, { isInitial });
    client.destroy();
    return answer;
  };
  for (const isInitial of [true, false]) {
    assert.match(await login('PLAIN', plainClient('fred', 'secret'), isInitial), /^OK/);
    for (const hash of ['SHA-1', 'SHA-256', 'SHA-512'] as const) {
      const scram = new ScramClient({ user: 'Fred', password: 'secret', hash });
      assert.match(await login(`SCRAM-${hash}`, scram, isInitial), /^OK/);
      assert.equal(scram.isServerVerified, true);
    }
    assert.match(await login('CRAM-MD5', cramMd5Client('fred', 'secret'), isInitial), /^OK/);
  }
  assert.match(await login('PLAIN', plainClient('admin', 'secret', 'fred'), true), /^OK/);
  assert.match(
    await login('PLAIN', plainClient('fred', 'secret', 'admin'), true),
    /^NO \[AUTHORIZATIONFAILED\]/,
  );
  assert.match(
    await login('PLAIN', plainClient('admin', 'secret', 'nobody'), true),
    /^NO \[AUTHORIZATIONFAILED\]/,
  );
  assert.match(
    await login('PLAIN', plainClient('nobody', 'secret'), true),
    /^NO \[AUTHENTICATIONFAILED\] Authentication failed$/,
  );
  const unknown = new ScramClient({ user: 'nobody', password: 'secret', hash: 'SHA-256' });
  assert.match(
    await login('SCRAM-SHA-256', unknown, true),
    /^NO \[AUTHENTICATIONFAILED\] Authentication failed$/,
  );
});

test('IMAP: cancelled, broken, unexpected; the session goes on', async () => {
  await using server = await startServer();
  const port = server.port('imap');
  const scripts: [string, string[], RegExp][] = [
    ['cancelled', ['AUTHENTICATE PLAIN', '*'], /^a BAD/],
    ['cancelled in the middle', ['AUTHENTICATE CRAM-MD5', '*'], /^a BAD/],
    ['no base64', ['AUTHENTICATE PLAIN', 'A*==B'], /^a BAD/],
    ['cut base64', ['AUTHENTICATE PLAIN', 'AAA'], /^a BAD/],
    ['no base64 in the command', ['AUTHENTICATE PLAIN AAA'], /^a BAD/],
    ['an initial response of no octets', ['AUTHENTICATE PLAIN ='], /^a (NO|BAD)/],
    ['one where none may be', [`AUTHENTICATE CRAM-MD5 ${base64('x')}`], /^a BAD/],
    ['an unknown mechanism', ['AUTHENTICATE X-NONE'], /^a NO/],
    ['-PLUS without TLS', ['AUTHENTICATE SCRAM-SHA-256-PLUS'], /^a NO/],
    ['EXTERNAL without a certificate', ['AUTHENTICATE EXTERNAL ='], /^a NO/],
    [
      'the last message first',
      [`AUTHENTICATE SCRAM-SHA-256 ${base64('c=biws,r=abc,p=AAAA')}`],
      /^a (NO|BAD)/,
    ],
    [
      'the first message twice',
      ['AUTHENTICATE SCRAM-SHA-256', base64('n,,n=fred,r=abc'), base64('n,,n=fred,r=abc')],
      /^a (NO|BAD)/,
    ],
    ['a response of a megabyte', ['AUTHENTICATE PLAIN', 'A'.repeat(1 << 20)], /^a BAD/],
  ];
  for (const [what, lines, expected] of scripts) {
    const client = await imap(port);
    client.sendLine(`a ${lines[0]}`);
    for (const line of lines.slice(1)) {
      assert.match(await client.line(), /^\+ /, what);
      client.sendLine(line);
    }
    assert.match(await client.line(), expected, what);
    assert.match(await authenticate(client, 'PLAIN', plainClient('fred', 'secret')), /^OK/, what);
    client.destroy();
  }
});

test('IMAP: mutt leaves a blank where an initial response might be', async () => {
  await using server = await startServer();
  const client = await imap(server.port('imap'));
  client.sendLine('a AUTHENTICATE CRAM-MD5 ');
  const challenge = Buffer.from((await client.line()).slice(2), 'base64');
  client.sendLine(cramMd5Client('fred', 'secret').respond(challenge).toString('base64'));
  assert.match(await client.line(), /^a OK/);
  client.destroy();
});

test('IMAP: a command with a token of a megabyte is refused, and memory stays', async () => {
  await using server = await startServer();
  const client = await imap(server.port('imap'));
  client.sendLine(`a AUTHENTICATE PLAIN ${'A'.repeat(1 << 20)}`);
  assert.match(await client.line(), /^(a|\*) (BAD|BYE)/);
  client.destroy();
});

test('a client that was talked out of channel binding is refused over TLS', async () => {
  await using server = await startServer();
  const client = await ImapTestClient.connectTls(server.port('imap', 1));
  const socket = client.stream as TLSSocket;
  const greeting = await client.line();
  assert.match(greeting, /AUTH=SCRAM-SHA-256-PLUS/);
  const options = { user: 'fred', password: 'secret', hash: 'SHA-256' } as const;
  const downgraded = new ScramClient({ ...options, binding: 'y' });
  assert.match(await authenticate(client, 'SCRAM-SHA-256', downgraded), /^NO \[AUTHENTICATIONFAILED\]/);
  const data = socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
  const foreign = new ScramClient({ ...options, binding: { type: 'tls-exporter', data: Buffer.alloc(32) } });
  assert.match(await authenticate(client, 'SCRAM-SHA-256-PLUS', foreign), /^NO \[AUTHENTICATIONFAILED\]/);
  const bound = new ScramClient({ ...options, binding: { type: 'tls-exporter', data } });
  assert.match(await authenticate(client, 'SCRAM-SHA-256-PLUS', bound), /^OK/);
  assert.equal(bound.isServerVerified, true);
  client.destroy();
});

test("a client binds to the server's certificate (tls-server-end-point, RFC 5929 §4)", async () => {
  await using server = await startServer();
  const login = async (dataOf: (certificate: Buffer) => Buffer) => {
    const client = await ImapTestClient.connectTls(server.port('imap', 1));
    await client.line();
    const data = dataOf((client.stream as TLSSocket).getPeerCertificate().raw);
    const binding = { type: 'tls-server-end-point', data } as const;
    const scram = new ScramClient({ user: 'fred', password: 'secret', hash: 'SHA-512', binding });
    const answer = await authenticate(client, 'SCRAM-SHA-512-PLUS', scram);
    client.destroy();
    return answer;
  };
  const sha256 = (octets: Buffer) => createHash('sha256').update(octets).digest();
  assert.match(await login(sha256), /^OK/);
  assert.match(await login((octets) => sha256(sha256(octets))), /^NO \[AUTHENTICATIONFAILED\]/);
});

test('the list of mechanisms is right for the connection', async () => {
  const listOf = (text: string) => [...text.matchAll(/AUTH=([A-Z0-9-]+)/g)].map(([, name]) => name);
  await using server = await startServer({
    set: { 'plugins.accounts-local.plainSecrets': 'false', 'plugins.accounts-local.scram': '["SHA-256"]' },
  });
  const client = await ImapTestClient.connect(server.port('imap'));
  assert.deepEqual(listOf(await client.line()), ['SCRAM-SHA-256', 'PLAIN', 'LOGIN', 'ANONYMOUS']);
  client.destroy();
  const secured = await ImapTestClient.connectTls(server.port('imap', 1));
  assert.deepEqual(listOf(await secured.line()), [
    'SCRAM-SHA-256-PLUS',
    'SCRAM-SHA-256',
    'PLAIN',
    'LOGIN',
    'ANONYMOUS',
  ]);
  secured.destroy();
});

test('LMTP: administrators log in; cancelled, broken and endless exchanges leave the session', async () => {
  await using server = await startServer();
  const client = await LmtpTestClient.connect(server.port('lmtp'));
  const hello = await client.hello();
  assert.match(hello, /AUTH .*SCRAM-SHA-256 .*PLAIN/);
  assert.doesNotMatch(hello, /ANONYMOUS|PLUS/);
  const scripts: [string[], RegExp][] = [
    [['AUTH PLAIN', '*'], /^501 /],
    [['AUTH PLAIN', '?'], /^501 /],
    [['AUTH PLAIN AAA'], /^501 /],
    [['AUTH CRAM-MD5 AAAA'], /^501 /],
    [['AUTH X-NONE'], /^504 /],
    [['AUTH PLAIN', 'A'.repeat(1 << 20)], /^50[01] /],
    [[`AUTH PLAIN ${base64('\0admin\0wrong')}`], /^535 5\.7\.8 Authentication failed/],
    [[`AUTH PLAIN ${base64('\0fred\0secret')}`], /^535 5\.7\.8 You may not/],
    [['AUTH PLAIN ='], /^5/],
  ];
  for (const [[command = '', ...responses], expected] of scripts) {
    let reply = await client.command(command);
    for (const response of responses) {
      assert.match(reply, /^334 /, command);
      reply = await client.command(response);
    }
    assert.match(reply, expected, command);
  }
  const scram = new ScramClient({ user: 'admin', password: 'secret', hash: 'SHA-512' });
  let reply = await client.command(`AUTH SCRAM-SHA-512 ${scram.initial.toString('base64')}`);
  for (let n = 0; n < 2; n++) {
    assert.match(reply, /^334 /);
    reply = await client.command(scram.respond(Buffer.from(reply.slice(4), 'base64')).toString('base64'));
  }
  assert.match(reply, /^235 /);
  assert.equal(scram.isServerVerified, true);
  assert.match(await client.command('AUTH PLAIN'), /^503 /);
  client.destroy();
});
