import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { imapSession } from '../support/imap.js';
import { plainMessage } from '../support/mail.js';
import type { TestServer } from '../support/server.js';
import { run, without } from '../support/tools.js';
import { startServer } from './support.js';

/** One message in fred's INBOX. */
async function withMail(): Promise<TestServer> {
  const server = await startServer();
  const client = await imapSession(server.port('imap'), 'fred', 'secret');
  await client.append('INBOX', plainMessage(1));
  await client.logout();
  return server;
}

test('mbsync', { skip: without('mbsync') }, async () => {
  await using server = await withMail();
  for (const mechanism of ['PLAIN', 'LOGIN', 'CRAM-MD5', 'DIGEST-MD5', 'SCRAM-SHA-256']) {
    const folder = join(server.data, `mbsync-${mechanism}`);
    mkdirSync(folder);
    const config = join(folder, 'rc');
    const lines = (password: string) => `IMAPAccount a
Host localhost
Port ${server.port('imap')}
User fred
Pass ${password}
SSLType None
AuthMechs ${mechanism}

IMAPStore far
Account a

MaildirStore near
Path ${folder}/
Inbox ${folder}/INBOX

Channel all
Far :far:
Near :near:
Patterns INBOX
Create Near
SyncState *
`;
    writeFileSync(config, lines('wrong'));
    const refused = await run('mbsync', ['-c', config, 'all']);
    assert.notEqual(refused.code, 0, `${mechanism}\n${refused.output}`);
    writeFileSync(config, lines('secret'));
    const { code, output } = await run('mbsync', ['-c', config, 'all']);
    assert.equal(code, 0, `${mechanism}\n${output}`);
    assert.equal(readdirSync(join(folder, 'INBOX', 'new')).length, 1, mechanism);
  }
});

test('fetchmail', { skip: without('fetchmail') }, async () => {
  await using server = await withMail();
  const env = { ...process.env, HOME: server.data, FETCHMAILHOME: server.data };
  for (const auth of ['password', 'cram-md5']) {
    const rc = join(server.data, `fetchmailrc-${auth}`);
    const lines = (password: string) =>
      `poll 127.0.0.1 service ${server.port('imap')} protocol IMAP auth ${auth} user "fred" password "${password}" sslproto ""\n`;
    for (const [password, expected] of [
      ['secret', 0],
      ['wrong', 3],
    ] as const) {
      writeFileSync(rc, lines(password));
      chmodSync(rc, 0o600);
      const { code, output } = await run('fetchmail', ['-f', rc, '--check', '--nosyslog', '-v'], { env });
      assert.equal(code, expected, `${auth}\n${output}`);
    }
  }
});

const authenticators = {
  mutt: ['plain', 'cram-md5', 'digest-md5', 'scram-sha-256', 'scram-sha-1'],
  // Debian's knows no more.
  neomutt: ['plain', 'login'],
};
for (const [program, known] of Object.entries(authenticators)) {
  test(program, { skip: without(program) || without('script') }, async () => {
    await using server = await withMail();
    const env = { ...process.env, TERM: 'xterm', HOME: server.data };
    for (const authenticator of known) {
      const rc = join(server.data, `${program}rc`);
      const url = `imap://fred@127.0.0.1:${server.port('imap')}/INBOX`;
      writeFileSync(
        rc,
        `set imap_pass=secret ssl_starttls=no ssl_force_tls=no imap_authenticators="${authenticator}" spoolfile="${url}"
set folder="imap://fred@127.0.0.1:${server.port('imap')}/" quit=yes header_cache="" move=no record="" postponed=""
push "<quit>"
`,
      );
      const { output } = await run('script', ['-qec', `${program} -n -F ${rc} -f ${url}`, '/dev/null'], {
        env,
        timeoutMs: 20_000,
      });
      const login = new RegExp(`"mechanism":"${authenticator.toUpperCase()}".*"msg":"login"`);
      assert.match(server.output, login, output.slice(-1500));
    }
  });
}

test('swaks hands mail over after logging in', { skip: without('swaks') }, async () => {
  await using server = await startServer();
  const swaks = async (mechanism: string, password: string) =>
    run('swaks', [
      '--protocol',
      'LMTP',
      '--server',
      '127.0.0.1',
      '--port',
      String(server.port('lmtp')),
      '--helo',
      'client.example',
      '--from',
      'me@example.org',
      '--to',
      'fred',
      '--auth',
      mechanism,
      '--auth-user',
      'admin',
      '--auth-password',
      password,
    ]);
  for (const mechanism of ['PLAIN', 'LOGIN', 'CRAM-MD5', 'DIGEST-MD5']) {
    const { code, output } = await swaks(mechanism, 'secret');
    // DIGEST-MD5 needs a Perl module that Debian leaves out.
    if (output.includes(`AUTH ${mechanism} not available`)) continue;
    assert.equal(code, 0, `${mechanism}\n${output}`);
    assert.match(output, /235 2\.7\.0 Authenticated/);
    const refused = await swaks(mechanism, 'wrong');
    assert.notEqual(refused.code, 0, refused.output);
    assert.match(refused.output, /535 5\.7\.8 Authentication failed/);
  }
});
