import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LineClient } from '@angarium/testing';
import { startServer } from '../auth/support.js';
import { imapSession } from '../support/imap.js';
import { plainMessage } from '../support/mail.js';
import { TestServer } from '../support/server.js';
import { run, without } from '../support/tools.js';

/** Three messages in fred's INBOX. */
async function filled(): Promise<TestServer> {
  const server = await TestServer.start({ users: { fred: 'secret' } });
  await fill(server);
  return server;
}

async function fill(server: TestServer, from = 1, to = 3): Promise<void> {
  const client = await imapSession(server.port('imap'), 'fred', 'secret');
  for (let n = from; n <= to; n++) await client.append('INBOX', plainMessage(n));
  await client.logout();
}

async function left(server: TestServer): Promise<number> {
  const client = await imapSession(server.port('imap'), 'fred', 'secret');
  const { untagged } = await client.ok('STATUS INBOX (MESSAGES)');
  await client.logout();
  return Number(/MESSAGES (\d+)/.exec(untagged.join())?.[1]);
}

const counts = (text: string, upTo: number): number[] =>
  Array.from({ length: upTo }, (_, i) => text.split(`Subject: Relay ${i + 1} of`).length - 1);

/**
 * The others are in auth/matrix.test.ts. `user` is in neither: pop3test takes the capability `UTF8 USER` (RFC 6856 §2.2) for
 * one that is not `USER`.
 */
const mechanisms = ['PLAIN', 'apop'];

test("Cyrus's pop3test logs in with APOP, with STLS, and on the port of its own for TLS", {
  skip: without('pop3test'),
}, async () => {
  await using server = await startServer({ set: { 'plugins.pop3.apop': 'true' } });
  const speak = async (mechanism: string, password: string, port: number, ...more: string[]) => {
    const login = ['-m', mechanism, '-a', 'fred', '-u', 'fred', '-w', password];
    const { output } = await run('pop3test', ['-p', String(port), ...login, ...more, 'localhost'], {
      input: 'STAT\r\nQUIT\r\n',
    });
    return output;
  };
  for (const mechanism of mechanisms) {
    const output = await speak(mechanism, 'secret', server.port('pop3'));
    assert.match(output, /^Authenticated\.$/m, `${mechanism}\n${output}`);
    assert.match(output, /^\+OK 0 0/m, `${mechanism}\n${output}`);
    const refused = await speak(mechanism, 'wrong', server.port('pop3'));
    assert.match(refused, /^Authentication failed\./m, `${mechanism}\n${refused}`);
    if (mechanism === 'apop') continue;
    const secured = await speak(mechanism, 'secret', server.port('pop3'), '-t', '');
    assert.match(secured, /^S: \+OK Begin TLS/m, secured);
    assert.match(secured, /^Authenticated\.$/m, `${mechanism}\n${secured}`);
  }
  const implicit = await speak('PLAIN', 'secret', server.port('pop3', 1), '-s');
  assert.match(implicit, /^Authenticated\.$/m, implicit);
});

test('fetchmail keeps what it has seen by UIDL, and then takes all', {
  skip: without('fetchmail'),
}, async () => {
  await using server = await filled();
  const folder = join(server.data, 'fetchmail');
  mkdirSync(folder);
  const control = join(folder, 'rc');
  const fetch = async (options: string) => {
    const script = `poll 127.0.0.1 protocol pop3 port ${server.port('pop3')} uidl user fred password secret mda "cat >> ${folder}/out" ${options}`;
    writeFileSync(control, script, { mode: 0o600 });
    const { output } = await run('fetchmail', ['-f', control, '-i', join(folder, 'ids'), '-N', '-v'], {
      env: { HOME: folder, FETCHMAILHOME: folder },
    });
    return output;
  };
  const first = await fetch('keep sslproto ""');
  const outFile = join(folder, 'out');
  assert.ok(existsSync(outFile), first);
  assert.deepEqual(counts(readFileSync(outFile, 'latin1'), 4), [1, 1, 1, 0], first);
  await fill(server, 4, 4);
  await fetch('keep sslproto ""');
  assert.deepEqual(counts(readFileSync(outFile, 'latin1'), 4), [1, 1, 1, 1], 'the ids are the same');
  assert.equal(await left(server), 4);
  // With STLS, since it asks for it by itself.
  await fetch('nokeep fetchall sslproto "auto" no sslcertck');
  assert.deepEqual(counts(readFileSync(outFile, 'latin1'), 4), [2, 2, 2, 2]);
  assert.equal(await left(server), 0);
});

test('getmail takes what is new, and deletes', { skip: without('getmail') }, async () => {
  await using server = await filled();
  const folder = join(server.data, 'getmail');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'getmailrc'),
    `[retriever]
type = SimplePOP3SSLRetriever
server = 127.0.0.1
port = ${server.port('pop3', 1)}
username = fred
password = secret
[destination]
type = MDA_external
path = /bin/sh
arguments = ("-c", "cat >> ${folder}/out")
allow_root_commands = true
[options]
delete = true
read_all = false
`,
  );
  const { code, output } = await run('getmail', ['--getmaildir', folder, '-v']);
  assert.equal(code, 0, output);
  assert.deepEqual(counts(readFileSync(join(folder, 'out'), 'latin1'), 3), [1, 1, 1]);
  assert.equal(await left(server), 0);
});

test('curl lists, fetches, and deletes, over STLS and POP3S', { skip: without('curl') }, async () => {
  await using server = await filled();
  const curl = async (port: number, path: string, ...more: string[]) => {
    const url = `${port === server.port('pop3') ? 'pop3' : 'pop3s'}://127.0.0.1:${port}/${path}`;
    const { code, output } = await run('curl', ['-sS', '-k', '--user', 'fred:secret', url, ...more]);
    assert.equal(code, 0, output);
    return output;
  };
  const clear = server.port('pop3');
  const secure = server.port('pop3', 1);
  assert.equal((await curl(clear, '')).trim().split(/\r?\n/).length, 3);
  assert.equal((await curl(secure, '', '-X', 'UIDL')).trim().split(/\r?\n/).length, 3);
  assert.deepEqual(counts(await curl(clear, '2', '--ssl-reqd'), 3), [0, 1, 0]);
  assert.deepEqual(counts(await curl(secure, '3', '--login-options', 'AUTH=PLAIN'), 3), [0, 0, 1]);
  await curl(secure, '1', '-X', 'DELE', '--list-only');
  assert.equal(await left(server), 2);
});

test('mpop pipelines, keeps, and deletes', { skip: without('mpop') }, async () => {
  await using server = await filled();
  const folder = join(server.data, 'mpop');
  mkdirSync(join(folder, 'mail'), { recursive: true });
  const fetch = async (keep: 'on' | 'off') => {
    const { code, output } = await run('mpop', [
      ...['--host=127.0.0.1', `--port=${server.port('pop3')}`, '--user=fred', '--passwordeval=echo secret'],
      ...[`--keep=${keep}`, '--auth=on', '--tls=on', '--tls-starttls=on', '--tls-certcheck=off'],
      ...['--pipelining=on', `--delivery=mbox,${folder}/mail/box`, `--uidls-file=${folder}/uidls`],
    ]);
    assert.equal(code, 0, output);
    return readFileSync(join(folder, 'mail', 'box'), 'latin1');
  };
  assert.deepEqual(counts(await fetch('on'), 3), [1, 1, 1]);
  assert.deepEqual(counts(await fetch('on'), 3), [1, 1, 1], 'it knows them by their ids');
  assert.equal(await left(server), 3);
  await fetch('off');
  assert.equal(await left(server), 0);
});

test("Python's poplib", { skip: without('python3') }, async () => {
  await using server = await filled();
  const script = `
import poplib, ssl, sys
context = ssl._create_unverified_context()
p = poplib.POP3('127.0.0.1', ${server.port('pop3')})
print(sorted(p.capa()))
p.stls(context=context)
p.utf8()
p.user('fred'); p.pass_('secret')
print(p.stat()[0], len(p.list()[1]), len(p.uidl()[1]))
for n in (1, 2, 3): assert ('Subject: Relay %d of' % n).encode() in b'\\n'.join(p.retr(n)[1])
assert b'' in p.top(1, 0)[1]
p.dele(1); p.rset(); p.dele(2); p.noop(); p.quit()
p = poplib.POP3_SSL('127.0.0.1', ${server.port('pop3', 1)}, context=context)
p.user('fred'); p.pass_('secret')
print(p.stat()[0]); p.quit()
`;
  const { code, output } = await run('python3', ['-c', script]);
  assert.equal(code, 0, output);
  assert.match(output, /^3 3 3\r?\n2\r?$/m);
});

test('`angarium auth test --service pop3`, and rules for pop3', async () => {
  await using server = await TestServer.start({
    users: { fred: 'secret' },
    set: {
      'plugins.auth-networks.rules': '[{"users":["*"],"services":["pop3"],"networks":["192.0.2.0/24"]}]',
    },
  });
  const ask = (...more: string[]) =>
    server.command(['auth', 'test', 'fred', '--password-stdin', ...more], 'secret\n');
  assert.match(ask('--service', 'pop3', '--from', '192.0.2.7'), /fred/);
  assert.throws(() => ask('--service', 'pop3', '--from', '198.51.100.7'));
  const client = await LineClient.connect(server.port('pop3'));
  await client.expect(/^\+OK/);
  client.send('USER fred\r\nPASS secret\r\n');
  await client.expect(/^\+OK/);
  assert.match(await client.line(), /^-ERR \[(AUTH|SYS\/PERM)\]/);
  client.destroy();
  await (await imapSession(server.port('imap'), 'fred', 'secret')).logout();
});
