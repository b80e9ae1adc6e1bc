/** cyradm of Cyrus, as administrators know it: mailboxes, partitions, settings. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { imapSession } from '../support/imap.js';
import { TestServer } from '../support/server.js';

const cyradm = '/usr/bin/cyradm';
const isThere = spawnSync(cyradm, ['--help'], { encoding: 'utf8' }).error === undefined;

/** What it prints, without prompts and padding; complaints come among it. */
function run(server: TestServer, ...commands: string[]): string[] {
  const port = String(server.port('imap'));
  const options = ['--user', 'admin', '--password', 'secret', '--auth', 'PLAIN', '--notls', '--port', port];
  const { stdout, stderr } = spawnSync(cyradm, [...options, '127.0.0.1'], {
    input: `${commands.join('\n')}\n`,
    encoding: 'utf8',
    timeout: 30_000,
  });
  return `${stdout}\n${stderr}`
    .replaceAll('127.0.0.1> ', '\n')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

test('cyradm makes, renames, moves, lists and configures', {
  skip: isThere ? false : 'no cyradm',
}, async () => {
  await using server = await TestServer.start({ users: { admin: 'secret', fred: 'secret' } });
  const made = ['cm user.fred', 'cm user.fred.Work', 'cm news.misc', 'cm news.here default'];
  assert.deepEqual(run(server, ...made), []);
  assert.deepEqual(run(server, 'cm news.there nowhere'), ['createmailbox: [CANNOT] Unknown partition']);
  assert.deepEqual(run(server, 'renm news.misc news.more', 'renm news.more news.more default'), []);
  const listed = run(server, 'lm news*').join(' ');
  for (const name of ['news (\\HasChildren)', 'news.here (\\HasNoChildren)', 'news.more (\\HasNoChildren)'])
    assert.ok(listed.includes(name), listed);
  assert.deepEqual(
    run(server, 'mboxcfg user.fred.Work comment hello', 'mboxcfg user.fred.Work expire 7'),
    [],
  );
  assert.deepEqual(run(server, 'mboxcfg user.fred.Work squat sometimes'), [
    'mboxconfig: [CANNOT] Invalid annotation value',
  ]);
  const info = run(server, 'info user.fred.Work').join('\n');
  assert.match(info, /comment: hello/);
  assert.match(info, /expire: 7/);
  assert.match(info, /partition: default/);
  assert.deepEqual(run(server, 'setinfo comment welcome'), []);
  assert.match(run(server, 'info').join('\n'), /comment: welcome/);
  const client = await imapSession(server.port('imap'), 'fred', 'secret');
  await client.ok('CREATE INBOX.Sent (USE (\\Sent))');
  await client.ok('SUBSCRIBE INBOX.Work');
  assert.match(run(server, 'lm -specialuse').join('\n'), /user\.fred\.Sent \(.*\\Sent/);
  assert.deepEqual((await client.ok('LIST (SUBSCRIBED) "" *')).untagged.length, 1);
  await client.logout();
  assert.deepEqual(run(server, 'dm news.more', 'dm news.here'), []);
  assert.deepEqual(run(server, 'dm news.more'), ['deletemailbox: [NONEXISTENT] Mailbox does not exist']);
});
