import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ImapTestClient } from '@angarium/testing';
import { TestServer } from '../support/server.js';
import { startServer } from './support.js';

async function login(server: TestServer, user: string, password: string): Promise<string> {
  const client = await ImapTestClient.connect(server.port('imap'));
  await client.line();
  const { status, text } = await client.command(`LOGIN ${user} ${password}`);
  client.destroy();
  return `${status} ${text}`;
}

/** stdout, whatever the exit status. */
function failing(server: TestServer, args: string[], input: string): string {
  try {
    server.command(args, input);
  } catch (error) {
    return String((error as { stdout: unknown }).stdout);
  }
  return assert.fail(`${args.join(' ')} succeeded`);
}

test('angarium auth test tells what the server will say', async () => {
  await using server = await startServer();
  const ask = ['auth', 'test', 'fred', '--password-stdin'];
  assert.match(
    server.command(ask, 'secret\n'),
    /passwords local +the password is right[\s\S]*WORKS: the login works/,
  );
  assert.match(
    failing(server, ask, 'wrong\n'),
    /FAILS: passwords local: it knows the user, and the password is wrong/,
  );
  const json = JSON.parse(failing(server, [...ask, '--json', '--mechanism', 'GSSAPI'], 'secret\n'));
  assert.equal(json.succeeds, false);
  assert.match(json.reason, /no enabled plugin brings it/);
  server.command(['users', 'change', 'fred', '--disable']);
  assert.match(failing(server, ask, 'secret\n'), /FAILS: the account fred is disabled/);
  assert.match(await login(server, 'fred', 'secret'), /^NO \[AUTHENTICATIONFAILED\]/);
});

test('imported accounts and application passwords work at once in a running server', async () => {
  await using server = await startServer();
  const file = join(server.data, 'passwd');
  writeFileSync(
    file,
    'wilma:{SSHA}NjAx8p+wNxhoZPOde5EN5Hm+H9l2j77J\nbetty:$1$WvqUKEFy$/FZcdsCYOE5.8qNYZ2Yv3/\n',
  );
  assert.match(server.command(['users', 'import', file]), /added 2, changed 0, problems 0/);
  for (const user of ['wilma', 'betty']) {
    assert.match(await login(server, user, 'wrong'), /^NO/);
    assert.match(await login(server, user, 'secret'), /^OK/);
  }
  const added = server.command([
    'users',
    'app-password',
    'add',
    'wilma',
    '--label',
    'phone',
    '--services',
    'imap',
    '--json',
  ]);
  const { password, added: appPassword } = JSON.parse(added);
  assert.match(await login(server, 'wilma', password), /^OK/);
  server.command(['users', 'app-password', 'remove', 'wilma', appPassword.id]);
  assert.match(await login(server, 'wilma', password), /^NO/);
  const elsewhere = server.command([
    'users',
    'app-password',
    'add',
    'wilma',
    '--label',
    'news',
    '--services',
    'nntp',
    '--json',
  ]);
  assert.match(await login(server, 'wilma', JSON.parse(elsewhere).password), /^NO/);
  assert.match(server.command(['users', 'groups', 'wilma', '--add', 'quarry']), /wilma: quarry/);
});
