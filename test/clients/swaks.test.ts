import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imapSession, subjects } from '../support/imap.js';
import { TestServer } from '../support/server.js';
import { run, without } from '../support/tools.js';

test('swaks hands over by TCP with STARTTLS and by the unix socket, and is told of unknown users', {
  skip: without('swaks'),
}, async () => {
  await using server = await TestServer.start({ users: { fred: 'secret', ann: 'secret' } });
  const swaks = (...args: string[]) =>
    run('swaks', ['--protocol', 'LMTP', '--from', 'me@example.org', '--helo', 'client.example', ...args]);
  const tcp = ['--server', '127.0.0.1', '--port', String(server.port('lmtp'))];
  const secured = await swaks(
    ...tcp,
    '--tls',
    '--to',
    'fred@example.net,ann@example.net',
    '--header',
    'Subject: both',
  );
  assert.equal(secured.code, 0, secured.output);
  assert.match(secured.output, /TLS started/);
  const local = await swaks('--socket', server.lmtpSocket, '--to', 'fred', '--header', 'Subject: socket');
  assert.equal(local.code, 0, local.output);
  const unknown = await swaks(...tcp, '--to', 'nobody@example.net');
  assert.notEqual(unknown.code, 0);
  assert.match(unknown.output, /550 5\.1\.1/);
  const client = await imapSession(server.port('imap'), 'fred', 'secret');
  assert.deepEqual(await subjects(client, 'INBOX'), ['both', 'socket']);
  await client.logout();
});
