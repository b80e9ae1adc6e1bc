/** The same local part in two domains is two users, in delivery and in IMAP alike. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImapTestClient, LmtpTestClient } from '@angarium/testing';
import { imapSession, subjects } from '../support/imap.js';
import { TestServer } from '../support/server.js';

const password = 'secret';
const users = [
  'fred@default.example',
  'fred@a.example',
  'fred@b.example',
  'boss@a.example',
  'admin@default.example',
];

async function start(more: Record<string, string> = {}): Promise<TestServer> {
  const virtual = {
    virtdomains: 'userid',
    defaultDomain: 'default.example',
    domains: {
      'a.example': { aliases: ['alias.example'], catchall: 'fred@a.example' },
      'b.example': { maxMailboxes: 2 },
      'closed.example': { disabled: 'logins' },
    },
  };
  return await TestServer.start({
    users: Object.fromEntries([...users, 'joe@closed.example'].map((user) => [user, password])),
    set: {
      workers: '1',
      'plugins.virtual-hosting': JSON.stringify(virtual),
      'plugins.authentication.admins': '["admin","boss@a.example"]',
      'plugins.authentication.failedLoginPause': '0',
      ...more,
    },
  });
}

test('mail, login and mailbox names agree on who is who', async () => {
  await using server = await start();
  const lmtp = await LmtpTestClient.connect(server.port('lmtp'));
  await lmtp.hello();
  const deliver = (to: string, subject: string) =>
    lmtp.deliver('s@x.example', [to], `Subject: ${subject}\r\n\r\nx\r\n`);
  const mail: readonly [string, string][] = [
    ['fred', 'unqualified'],
    ['FRED@Default.Example', 'default'],
    ['fred@a.example', 'a'],
    ['fred@ALIAS.example', 'alias'],
    ['nobody@a.example', 'catchall'],
    ['fred@b.example', 'b'],
  ];
  for (const [to, subject] of mail) assert.match((await deliver(to, subject))[0]!, /^250/, to);
  const refused = await deliver('fred@other.example', 'other');
  assert.match(refused[1]!, /^550 5\.1\.2/);
  lmtp.destroy();
  const inboxes: readonly [string, string[]][] = [
    ['fred', ['unqualified', 'default']],
    ['fred@default.example', ['unqualified', 'default']],
    ['"fred%default.example"', ['unqualified', 'default']],
    ['fred@a.example', ['a', 'alias', 'catchall']],
    ['Fred@alias.example', ['a', 'alias', 'catchall']],
    ['fred@b.example', ['b']],
  ];
  for (const [user, expected] of inboxes) {
    const client = await imapSession(server.port('imap'), user, password);
    assert.deepEqual(await subjects(client, 'INBOX'), expected, user);
    const { untagged } = await client.ok('LIST "" *');
    assert.deepEqual(
      untagged.map((line) => line.replace(/.* /, '')),
      ['INBOX'],
      'nobody sees mailboxes of the others',
    );
    for (const other of ['user.fred', 'user.fred@a^example', 'user.fred@b^example', 'user.fred@']) {
      const { status } = await client.command(`SELECT ${other}`);
      const isOwn = status === 'OK';
      if (isOwn) assert.deepEqual(await subjects(client, other), expected, `${other} of ${user}`);
    }
    await client.logout();
  }
});

test("a domain's administrator has his domain, and nothing of the others", async () => {
  await using server = await start();
  for (const user of ['fred', 'fred@a.example', 'fred@b.example']) {
    await (await imapSession(server.port('imap'), user, password)).logout();
  }
  const boss = await imapSession(server.port('imap'), 'boss@a.example', password);
  const names = async (client: ImapTestClient, pattern: string) =>
    (await client.ok(`LIST "" "${pattern}"`)).untagged.map((line) => line.replace(/.* /, ''));
  assert.deepEqual(await names(boss, '*'), ['user.fred']);
  await boss.ok('CREATE news');
  assert.deepEqual(await names(boss, '*'), ['news', 'user.fred']);
  for (const foreign of ['news@', 'news@b.example', 'user.new@b.example', 'user.new@']) {
    assert.equal((await boss.command(`CREATE ${foreign}`)).status, 'NO', foreign);
  }
  for (const foreign of ['user.fred@b.example', 'user.fred@']) {
    assert.equal((await boss.command(`DELETE ${foreign}`)).status, 'NO', foreign);
  }
  await boss.logout();
  const admin = await imapSession(server.port('imap'), 'admin', password);
  assert.deepEqual((await names(admin, '*')).sort(), [
    'news@a.example',
    'user.fred',
    'user.fred@a.example',
    'user.fred@b.example',
  ]);
  await admin.logout();
});

test('a domain may be closed, or be full; users without a domain belong to where they came in', async () => {
  await using server = await start({
    'plugins.virtual-hosting.virtdomains': 'on',
    'plugins.virtual-hosting.interfaces': '{"127.0.0.1":"b.example"}',
  });
  const closed = await ImapTestClient.connect(server.port('imap'));
  assert.equal((await closed.command(`LOGIN joe@closed.example ${password}`)).status, 'NO');
  closed.destroy();
  const lmtp = await LmtpTestClient.connect(server.port('lmtp'));
  await lmtp.hello();
  for (const to of ['fred@b.example', 'joe@closed.example']) {
    const [reply] = await lmtp.deliver('', [to], 'Subject: here\r\n\r\nx\r\n');
    assert.match(reply!, /^250/);
  }
  lmtp.destroy();
  const fred = await imapSession(server.port('imap'), 'fred', password);
  assert.deepEqual(await subjects(fred, 'INBOX'), ['here'], 'fred of 127.0.0.1 is fred@b.example');
  await fred.ok('CREATE INBOX.one');
  assert.match((await fred.command('CREATE INBOX.two')).text, /no more mailboxes/);
  await fred.logout();
});
