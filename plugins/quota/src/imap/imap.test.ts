import assert from 'node:assert/strict';
import { test } from 'node:test';
import { letter, QuotaServer } from '../server.test.support.js';

async function transcript(
  server: QuotaServer,
  user: string,
  lines: readonly (readonly [command: string, ...answer: string[]])[],
): Promise<void> {
  const client = await server.imap(user);
  for (const [command, ...expected] of lines) {
    const { status, text, untagged } = await client.command(command);
    // RFC 8474 §4.1: CREATE tells an id of its own each time.
    const tagged = `${status} ${text.replace(/^\[MAILBOXID \(\S+\)\] /, '')}`;
    assert.deepEqual([...untagged, tagged], expected, command);
  }
  await client.logout();
}

test('what is offered, and what SETQUOTA, GETQUOTA and GETQUOTAROOT answer an administrator', async () => {
  await using server = await QuotaServer.start();
  const client = await server.imap('cyrus');
  const [words] = (await client.ok('CAPABILITY')).untagged;
  for (const word of [
    'QUOTA',
    'QUOTASET',
    'QUOTA=RES-STORAGE',
    'QUOTA=RES-MESSAGE',
    'QUOTA=RES-MAILBOX',
    'QUOTA=RES-ANNOTATION-STORAGE',
  ])
    assert.ok(words!.split(' ').includes(word), word);
  await transcript(server, 'cyrus', [
    ['GETQUOTA user.fred', 'NO [NONEXISTENT] Quota root does not exist'],
    ['GETQUOTA ""', 'NO [NONEXISTENT] Quota root does not exist'],
    ['GETQUOTAROOT user.fred', 'QUOTAROOT user.fred', 'OK Completed'],
    ['SETQUOTA user.fred (STORAGE 10240)', 'QUOTA user.fred (STORAGE 0 10240)', 'OK Completed'],
    ['GETQUOTA user.fred', 'QUOTA user.fred (STORAGE 0 10240)', 'OK Completed'],
    [
      'GETQUOTAROOT user.fred',
      'QUOTAROOT user.fred user.fred',
      'QUOTA user.fred (STORAGE 0 10240)',
      'OK Completed',
    ],
    ['CREATE user.fred.a.b', 'OK Completed'],
    [
      'SETQUOTA user.fred.a (message 5 STORAGE 50 X-NUM-FOLDERS 7 annotation-storage 3)',
      'QUOTA user.fred.a (STORAGE 0 50 MESSAGE 0 5 ANNOTATION-STORAGE 0 3 MAILBOX 2 7)',
      'OK Completed',
    ],
    [
      'GETQUOTAROOT user.fred.a.b',
      'QUOTAROOT user.fred.a.b user.fred.a',
      'QUOTA user.fred.a (STORAGE 0 50 MESSAGE 0 5 ANNOTATION-STORAGE 0 3 MAILBOX 2 7)',
      'OK Completed',
    ],
    ['SETQUOTA user.fred.a ()', 'QUOTA user.fred.a ()', 'OK Completed'],
    ['GETQUOTA user.fred.a', 'QUOTA user.fred.a ()', 'OK Completed'],
    ['SETQUOTA user.fred.a (FOO 1)', 'NO [CANNOT] Unsupported quota resource'],
    ['SETQUOTA user.fred.nope (STORAGE 1)', 'NO [NONEXISTENT] Mailbox does not exist'],
    ['SETQUOTA user (STORAGE 1)', 'NO [CANNOT] This mailbox name is reserved'],
    ['SETQUOTA "" (STORAGE 1)', 'NO [NONEXISTENT] Quota root does not exist'],
    ['SETQUOTA +user.fred.zz (STORAGE 1)', 'QUOTA user.fred.zz (STORAGE 0 1)', 'OK Completed'],
    [
      'GETQUOTAROOT user.fred.zz.below',
      'QUOTAROOT user.fred.zz.below user.fred.zz',
      'QUOTA user.fred.zz (STORAGE 0 1)',
      'OK Completed',
    ],
    ['SETQUOTA example.org! (STORAGE 5)', 'QUOTA example.org! (STORAGE 0 5)', 'OK Completed'],
    [
      'GETQUOTAROOT news@example.org',
      'QUOTAROOT news@example.org example.org!',
      'QUOTA example.org! (STORAGE 0 5)',
      'OK Completed',
    ],
  ]);
});

test('wrong syntax is BAD and says where; the session goes on', async () => {
  await using server = await QuotaServer.start();
  const client = await server.imap('cyrus');
  for (const command of [
    'GETQUOTA',
    'GETQUOTAROOT',
    'SETQUOTA user.fred',
    'SETQUOTA user.fred (STORAGE)',
    'SETQUOTA user.fred (STORAGE -1)',
    'SETQUOTA user.fred (STORAGE 1 MESSAGE)',
    'SETQUOTA user.fred STORAGE 1',
    'SETQUOTA user.fred (STORAGE 99999999999999999999999)',
    'SETQUOTA user.fred ((STORAGE 1))',
  ])
    assert.equal((await client.command(command)).status, 'BAD', command);
  const { untagged } = await client.ok('SETQUOTA user.fred (STORAGE 9223372036854775807)');
  assert.match(untagged[0]!, /^QUOTA user\.fred \(STORAGE 0 8796093022207\)$/, 'capped, and told');
});

test('a user sees his own, changes nothing, and learns nothing of others', async () => {
  await using server = await QuotaServer.start();
  const admin = await server.imap('cyrus');
  await admin.ok('SETQUOTA user.fred (STORAGE 100 MESSAGE 10)');
  await admin.ok('SETQUOTA user.wilma (STORAGE 100)');
  const fred = await server.imap('fred');
  await fred.append('INBOX', letter(2500));
  await transcript(server, 'fred', [
    [
      'GETQUOTAROOT INBOX',
      'QUOTAROOT INBOX INBOX',
      'QUOTA INBOX (STORAGE 2 100 MESSAGE 1 10)',
      'OK Completed',
    ],
    ['GETQUOTA INBOX', 'QUOTA INBOX (STORAGE 2 100 MESSAGE 1 10)', 'OK Completed'],
    [
      'GETQUOTAROOT INBOX.not.yet',
      'QUOTAROOT INBOX.not.yet INBOX',
      'QUOTA INBOX (STORAGE 2 100 MESSAGE 1 10)',
      'OK Completed',
    ],
    ['GETQUOTA user.wilma', 'NO [NOPERM] Permission denied'],
    ['GETQUOTA user.nobody', 'NO [NOPERM] Permission denied'],
    ['GETQUOTA example.org!', 'NO [NOPERM] Permission denied'],
    ['GETQUOTAROOT user.wilma', 'NO [NONEXISTENT] Mailbox does not exist'],
    ['GETQUOTAROOT user.nobody', 'NO [NONEXISTENT] Mailbox does not exist'],
    ['SETQUOTA INBOX (STORAGE 1000)', 'NO [NOPERM] Permission denied'],
    ['SETQUOTA user.wilma (STORAGE 1000)', 'NO [NOPERM] Permission denied'],
  ]);
});

test('STATUS tells what an expunge would free (RFC 9208 §4.1.4)', async () => {
  await using server = await QuotaServer.start();
  const fred = await server.imap('fred');
  for (const size of [100, 200, 300]) await fred.append('INBOX', letter(size));
  await fred.ok('SELECT INBOX');
  await fred.ok('STORE 2:3 +FLAGS.SILENT (\\Deleted)');
  const { untagged } = await fred.ok('STATUS INBOX (MESSAGES DELETED DELETED-STORAGE)');
  assert.ok(
    untagged.includes('STATUS INBOX (MESSAGES 3 DELETED 2 DELETED-STORAGE 500)'),
    untagged.join('\n'),
  );
});

test('SELECT warns as Cyrus does: above the percentage, of what is over, at most every ten minutes', async () => {
  await using server = await QuotaServer.start({ quotawarnpercent: 50, quotawarnmsg: 2 });
  const admin = await server.imap('cyrus');
  const fred = await server.imap('fred');
  const alerts = async () =>
    (await fred.ok('SELECT INBOX')).untagged.filter((line) => line.includes('[ALERT]'));
  await fred.append('INBOX', letter(1024));
  await fred.append('INBOX', letter(1024));
  await admin.ok('SETQUOTA user.fred (STORAGE 4 MESSAGE 4)');
  assert.deepEqual(await alerts(), [], 'half is not more than half');
  await admin.ok('SETQUOTA user.fred (STORAGE 3 MESSAGE 3)');
  assert.deepEqual(await alerts(), [], 'it was looked at a moment ago');
  await server.clock.advance(10 * 60_000);
  assert.deepEqual(await alerts(), [
    'NO [ALERT] Mailbox is at 66% of STORAGE quota',
    'NO [ALERT] Mailbox is at 66% of MESSAGE quota',
  ]);
  assert.deepEqual(await alerts(), []);
  await admin.ok('SETQUOTA user.fred (STORAGE 1 MESSAGE 0 MAILBOX 0)');
  await server.clock.advance(10 * 60_000);
  assert.deepEqual(await alerts(), [
    'NO [ALERT] Mailbox is over STORAGE quota',
    'NO [ALERT] Mailbox is over MESSAGE quota',
  ]);
});
