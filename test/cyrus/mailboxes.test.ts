/** Cyrus's own cyradm: mailboxes, partitions, settings. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imapSession } from '../support/imap.js';
import { TestServer } from '../support/server.js';
import { without } from '../support/tools.js';
import { password, theirCyradm } from './support.js';

test('cyradm makes, renames, moves, lists and configures', { skip: without('cyradm') }, async () => {
  await using server = await TestServer.start({ users: { admin: password, fred: password } });
  /** What all of them said. */
  const run = async (...lines: string[]) => (await theirCyradm(server, ...lines)).flat();
  const made = ['cm user.fred', 'cm user.fred.Work', 'cm news.misc', 'cm news.here default'];
  assert.deepEqual(await run(...made), []);
  assert.deepEqual(await run('cm news.there nowhere'), ['createmailbox: [CANNOT] Unknown partition']);
  assert.deepEqual(await run('renm news.misc news.more', 'renm news.more news.more default'), []);
  const listed = (await run('lm news*')).join(' ');
  for (const name of ['news (\\HasChildren)', 'news.here (\\HasNoChildren)', 'news.more (\\HasNoChildren)'])
    assert.ok(listed.includes(name), listed);
  assert.deepEqual(await run('mboxcfg user.fred.Work comment hello', 'mboxcfg user.fred.Work expire 7'), []);
  assert.deepEqual(await run('mboxcfg user.fred.Work squat sometimes'), [
    'mboxconfig: [CANNOT] Invalid annotation value',
  ]);
  const info = (await run('info user.fred.Work')).join('\n');
  assert.match(info, /^\{user\.fred\.Work\}:\n {2}private:\n {4}comment: NIL\n/);
  assert.match(info, /\n {2}shared:\n {4}comment: hello\n/);
  for (const line of ['expire: 7', 'partition: default', 'sieve: NIL', 'squat: NIL'])
    assert.ok(info.includes(`\n    ${line}`), info);
  assert.doesNotMatch(info, /(private|shared): NIL/);
  assert.deepEqual(await run('setinfo comment welcome'), []);
  assert.match((await run('info')).join('\n'), /comment: welcome/);
  const client = await imapSession(server.port('imap'), 'fred', password);
  await client.ok('CREATE INBOX.Sent (USE (\\Sent))');
  await client.ok('SUBSCRIBE INBOX.Work');
  assert.match((await run('lm -specialuse')).join('\n'), /user\.fred\.Sent \(.*\\Sent/);
  assert.deepEqual((await client.ok('LIST (SUBSCRIBED) "" *')).untagged.length, 1);
  await client.logout();
  const mine = ['sam news.more admin c', 'sam news.here admin c', 'dm news.more', 'dm news.here'];
  assert.deepEqual(await run(...mine), []);
  assert.deepEqual(await run('dm news.more'), ['deletemailbox: [NONEXISTENT] Mailbox does not exist']);
});
