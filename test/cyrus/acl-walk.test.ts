/** The walk of a classic introduction to Cyrus, its part about access control, with Cyrus's own cyradm. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ImapTestClient } from '@angarium/testing';
import { imapSession } from '../support/imap.js';
import { plainMessage } from '../support/mail.js';
import { TestServer } from '../support/server.js';
import { run, without } from '../support/tools.js';

/** What cyradm printed, without its prompts. */
async function cyradm(server: TestServer, ...commands: string[]): Promise<string[]> {
  const login = ['--user', 'admin', '--auth', 'PLAIN', '--notls', '--password', 'secret'];
  const { output, code } = await run(
    'cyradm',
    [...login, '--port', String(server.port('imap')), '127.0.0.1'],
    {
      input: `${commands.join('\n')}\n`,
      timeoutMs: 30_000,
    },
  );
  assert.equal(code, 0, output);
  return output
    .replaceAll('127.0.0.1> ', '')
    .split('\n')
    .map((line) => line.trim().replace(/ {2,}/g, '\n'))
    .flatMap((line) => line.split('\n'))
    .filter((line) => line !== '');
}

async function started(): Promise<TestServer> {
  const server = new TestServer({ users: { admin: 'secret', joe: 'secret', fred: 'secret' } });
  for (const user of ['wcooley', 'friend'])
    server.command(['users', 'add', user, '--groups', 'wcooley', '--password-stdin'], 'secret\n');
  await server.start();
  return server;
}

async function says(client: ImapTestClient, command: string): Promise<string> {
  const { status, text } = await client.command(command);
  return `${status} ${text}`;
}

const skip = without('cyradm');

test('cyradm: a user’s mailbox, its ACL, and that it is not deleted without the right', {
  skip,
}, async () => {
  await using server = await started();
  assert.deepEqual(await cyradm(server, 'cm user.wcooley', 'lm', 'lam user.wcooley'), [
    'user.wcooley (\\HasNoChildren)',
    'wcooley lrswipkxtecdan',
  ]);
  assert.deepEqual(await cyradm(server, 'cm user.wcooley', 'dm user.wcooley', 'dm user.nobody'), [
    'createmailbox: [ALREADYEXISTS] Mailbox already exists',
    'deletemailbox: [NOPERM] Permission denied',
    'deletemailbox: [NONEXISTENT] Mailbox does not exist',
  ]);
  const test = 'user.wcooley.test';
  assert.deepEqual(await cyradm(server, `cm ${test}`, `dm ${test}`, 'lm'), [
    'deletemailbox: [NOPERM] Permission denied',
    'user.wcooley (\\HasChildren)',
    'user.wcooley.test (\\HasNoChildren)',
  ]);
  // `cyrus` in the old manuals: whoever has the right may delete, and the administrator who asks is admin here.
  const acl = await cyradm(server, `sam ${test} cyrus c`, `dm ${test}`, `sam ${test} admin c`, `lam ${test}`);
  assert.equal(acl[0], 'deletemailbox: [NOPERM] Permission denied');
  assert.deepEqual(acl.slice(1).sort(), ['admin kxc', 'cyrus kxc', 'wcooley lrswipkxtecdan']);
  assert.deepEqual(await cyradm(server, `dm ${test}`, 'lm'), ['user.wcooley (\\HasNoChildren)']);
});

test('cyradm: a shared mailbox for a group: its members read, others do not know of it', {
  skip,
}, async () => {
  await using server = await started();
  const box = 'shared.announcements';
  assert.deepEqual((await cyradm(server, `cm ${box}`, `lam ${box}`)).sort(), ['anyone lrs']);
  const acl = await cyradm(
    server,
    `sam ${box} group:wcooley all`,
    `sam ${box} anyone none`,
    `lam ${box}`,
    'lm shared*',
  );
  assert.deepEqual(acl, [
    'group:wcooley lrswipkxtecda',
    'shared (\\HasChildren)',
    'shared.announcements (\\HasNoChildren)',
  ]);
  const [member, other, stranger] = await Promise.all(
    ['wcooley', 'friend', 'joe'].map((user) => imapSession(server.port('imap'), user, 'secret')),
  );
  await member!.append(box, plainMessage(1));
  assert.match((await other!.ok(`STATUS ${box} (MESSAGES)`)).untagged.join(), /MESSAGES 1/);
  assert.equal(await says(other!, `SELECT ${box}`), 'OK [READ-WRITE] Completed');
  assert.match((await other!.ok('FETCH 1 BODY.PEEK[HEADER.FIELDS (SUBJECT)]')).untagged.join(), /Subject: /);
  const hidden = 'NO [NONEXISTENT] Mailbox does not exist';
  for (const command of [`SELECT ${box}`, `STATUS ${box} (MESSAGES)`, `GETACL ${box}`, `SUBSCRIBE ${box}`])
    assert.equal(await says(stranger!, command), hidden);
  assert.deepEqual((await stranger!.ok(`LIST "" ${box}`)).untagged, []);
});

test('cyradm: words for rights, patterns, taking entries out, what is wrong', { skip }, async () => {
  await using server = await started();
  const words = 'joe read fred post friend append wcooley write admin delete';
  const acl = await cyradm(server, 'cm box', 'dam box anyone', `sam box ${words}`, 'lam box');
  assert.deepEqual(acl.sort(), [
    'admin lrxtecd',
    'fred lrsp',
    'friend lrsip',
    'joe lrs',
    'wcooley lrswipkxtecd',
  ]);
  assert.deepEqual(
    (await cyradm(server, 'sam box -joe s', 'dam box fred friend wcooley admin', 'lam box')).sort(),
    ['-joe s', 'joe lrs'],
  );
  const all = await cyradm(
    server,
    'cm user.joe',
    'cm user.joe.a',
    'sam user.joe* fred lrs',
    'lam user.joe.a',
  );
  assert.deepEqual(all.slice(0, 2), ['Setting ACL on user.joe...OK.', 'Setting ACL on user.joe.a...OK.']);
  assert.deepEqual(all.slice(2).sort(), ['fred lrs', 'joe lrswipkxtecdan']);
  assert.deepEqual(await cyradm(server, 'sam box joe z', 'sam nosuch joe l', 'sam box a:b l', 'lam nosuch'), [
    'setaclmailbox: joe: z: [CLIENTBUG] The z right is not supported',
    'setaclmailbox: joe: l: [NONEXISTENT] Mailbox does not exist',
    'setaclmailbox: a:b: l: [CANNOT] Invalid identifier',
    '[NONEXISTENT] Mailbox does not exist',
  ]);
});
