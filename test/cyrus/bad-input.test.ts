/** What goes wrong in an administrator's day, at a server of several workers: it is refused, said clearly, and nothing is lost. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LmtpTestClient } from '@angarium/testing';
import { imapSession, subjects } from '../support/imap.js';
import { plainMessage } from '../support/mail.js';
import { TestServer } from '../support/server.js';
import { without } from '../support/tools.js';
import { ourCyradm, password, theirCyradm } from './support.js';

let server: TestServer;

before(async () => {
  server = await TestServer.start({
    users: { admin: password, fred: password, joe: password },
    set: { workers: '2' },
  });
});
after(() => server[Symbol.asyncDispose]());

const session = (user: string) => imapSession(server.port('imap'), user, password);

/** One in each worker, perhaps: connections go round. */
const sessions = (user: string, count: number) =>
  Promise.all(Array.from({ length: count }, () => session(user)));

test('a quota below the use: nothing comes in, everything can go, in every protocol', async () => {
  const fred = await session('fred');
  const big = plainMessage(1, 8000);
  await fred.append('INBOX', big);
  await fred.ok('CREATE INBOX.old');
  assert.deepEqual(await ourCyradm(server, 'sq user.fred 4', 'lq user.fred', 'lqr user.fred.old'), [
    ['quota:4'],
    [' STORAGE 7/4 (175%)'],
    ['user.fred STORAGE 7/4 (175%)'],
  ]);
  const { untagged } = await fred.ok('SELECT INBOX');
  assert.ok(untagged.includes('NO [ALERT] Mailbox is over STORAGE quota'), untagged.join('\n'));
  assert.match((await fred.command('APPEND INBOX {1+}\r\nx')).text, /^\[OVERQUOTA\] /);
  assert.match((await fred.command('COPY 1 INBOX.old')).text, /^\[OVERQUOTA\] /);
  const lmtp = await LmtpTestClient.connect(server.port('lmtp'));
  await lmtp.hello();
  assert.match((await lmtp.command('MAIL FROM:<>')) ?? '', /^250 /);
  assert.match(await lmtp.command('RCPT TO:<fred@example.org>'), /^452 4\.2\.2 Over quota/);
  lmtp.destroy();
  // Within one root nothing grows.
  await fred.ok('MOVE 1 INBOX.old');
  await fred.ok('SELECT INBOX.old');
  await fred.ok('STORE 1 +FLAGS (\\Deleted)');
  await fred.ok('EXPUNGE');
  assert.deepEqual((await ourCyradm(server, 'lq user.fred'))[0], [' STORAGE 0/4 (0%)']);
  await fred.append('INBOX', 'Subject: fits again\r\n\r\n');
  assert.deepEqual(await subjects(fred, 'INBOX'), ['fits again']);
  await ourCyradm(server, 'sq user.fred none');
  await fred.logout();
});

test('wrong rights, rights for nobody, rights on nothing', async () => {
  const said = await ourCyradm(
    server,
    'cm box',
    'sam box joe lrq',
    'sam box joe LRS',
    'sam box nobody.of.that.name lrs',
    'sam box joe +',
    'sam nothing joe lrs',
    'sam box joe/x lrs',
    'dam box joe',
    'lam box',
  );
  assert.deepEqual(
    said.map((lines) => lines.sort()),
    [
      [],
      ['setaclmailbox: joe: lrq: The q right is not supported'],
      ['setaclmailbox: joe: LRS: The L right is not supported'],
      [],
      [],
      ['setaclmailbox: joe: lrs: Mailbox does not exist'],
      ['setaclmailbox: joe/x: lrs: Invalid identifier'],
      [],
      ['anyone lrs', 'nobody.of.that.name lrs'],
    ],
  );
});

test('renamed while it is selected, deleted while sessions idle in it', async () => {
  await ourCyradm(server, 'cm shared.plans', 'sam shared.plans joe lrswite admin c');
  const clients = await sessions('joe', 3);
  await clients[0]!.append('shared.plans', plainMessage(2));
  for (const client of clients) await client.ok('SELECT shared.plans');
  assert.deepEqual(await ourCyradm(server, 'renm shared.plans shared.done'), [[]]);
  for (const client of clients) {
    assert.match((await client.ok('FETCH 1 FLAGS')).untagged.join(), /^1 FETCH /);
    assert.match((await client.command('STATUS shared.plans (MESSAGES)')).text, /^\[NONEXISTENT\]/);
    assert.deepEqual((await client.ok('LIST "" shared.%')).untagged, [
      'LIST (\\HasNoChildren) "." shared.done',
    ]);
  }
  for (const client of clients) {
    client.start('IDLE');
    assert.match(await client.response(), /^\+ /);
  }
  assert.deepEqual(await ourCyradm(server, 'dm shared.done'), [[]]);
  for (const client of clients) assert.match(await client.response(), /^\* BYE /);
});

test('names with odd characters are made, listed and deleted as they were typed, or refused', async () => {
  const odd = ["it's", 'two words', 'Entwürfe', '日本', '#x', '(a)', 'a+b=c', '$y', 'a~z'].map(
    (name) => `odd.${name}`,
  );
  for (const name of odd) {
    const quoted = `"${name.replaceAll('$', '\\$')}"`;
    const lines = [`cm ${quoted}`, `lm ${quoted}`, `sam ${quoted} admin c`, `dm ${quoted}`, `lm ${quoted}`];
    const made = await ourCyradm(server, ...lines);
    assert.deepEqual(made, [[], [`${name} (\\HasNoChildren)`], [], [], []], name);
  }
  for (const name of ['odd..x', '.odd', 'odd.x%y', 'odd.x/y', 'user', 'user.anyone', 'odd.x\u0007y']) {
    const [said] = await ourCyradm(server, `cm "${name}"`);
    assert.match(said!.join('\n'), /^createmailbox: ./, name);
  }
  assert.deepEqual(await ourCyradm(server, 'lm odd*'), [['odd (\\HasNoChildren)']]);
});

test("Cyrus's cyradm is refused in the same words", { skip: without('cyradm') }, async () => {
  const said = await theirCyradm(
    server,
    'cm user',
    'cm a..b',
    'sam box joe lrq',
    'renm nothing box',
    'dm ""',
  );
  assert.deepEqual(said.slice(0, 4), [
    ['createmailbox: [CANNOT] This mailbox name is reserved'],
    ['createmailbox: [CANNOT] A mailbox name has an empty level'],
    ['setaclmailbox: joe: lrq: [CLIENTBUG] The q right is not supported'],
    ['renamemailbox: [NONEXISTENT] Mailbox does not exist'],
  ]);
  assert.match(said[4]!.join('\n'), /^deletemailbox: ./);
});
