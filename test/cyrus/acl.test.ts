/** Access control with Cyrus's own cyradm: words for rights, patterns, and what is wrong. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestServer } from '../support/server.js';
import { without } from '../support/tools.js';
import { password, theirCyradm } from './support.js';

/** Of the last line: the order of a list's entries is nobody's promise. */
async function lastOf(server: TestServer, ...lines: string[]): Promise<string[]> {
  return (await theirCyradm(server, ...lines)).at(-1)!.sort();
}

test('words for rights, patterns, taking entries out, what is wrong', {
  skip: without('cyradm'),
}, async () => {
  await using server = await TestServer.start({ users: { admin: password, joe: password, fred: password } });
  const words = 'joe read fred post friend append wcooley write admin delete';
  assert.deepEqual(await lastOf(server, 'cm box', 'dam box anyone', `sam box ${words}`, 'lam box'), [
    'admin lrxtecd',
    'fred lrsp',
    'friend lrsip',
    'joe lrs',
    'wcooley lrswipkxtecd',
  ]);
  const fewer = await lastOf(server, 'sam box -joe s', 'dam box fred friend wcooley admin', 'lam box');
  assert.deepEqual(fewer, ['-joe s', 'joe lrs']);
  assert.deepEqual(await theirCyradm(server, 'cm user.joe', 'cm user.joe.a', 'sam user.joe* fred lrs'), [
    [],
    [],
    ['Setting ACL on user.joe...OK.', 'Setting ACL on user.joe.a...OK.'],
  ]);
  assert.deepEqual(await lastOf(server, 'lam user.joe.a'), ['fred lrs', 'joe lrswipkxtecdan']);
  assert.deepEqual(
    await theirCyradm(server, 'sam box joe z', 'sam nosuch joe l', 'sam box a:b l', 'lam nosuch'),
    [
      ['setaclmailbox: joe: z: [CLIENTBUG] The z right is not supported'],
      ['setaclmailbox: joe: l: [NONEXISTENT] Mailbox does not exist'],
      ['setaclmailbox: a:b: l: [CANNOT] Invalid identifier'],
      ['[NONEXISTENT] Mailbox does not exist'],
    ],
  );
});
