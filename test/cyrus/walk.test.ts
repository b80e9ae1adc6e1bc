/**
 * The walk of a classic introduction to Cyrus with the repository's angarium.yaml: Cyrus's own cyradm and ours say the same.
 * What Cyrus 3.6 says to the same commands differs in the order of a list's entries and has no response codes.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ImapTestClient, LmtpTestClient } from '@angarium/testing';
import { imapSession, subjects } from '../support/imap.js';
import { plainMessage } from '../support/mail.js';
import { TestServer } from '../support/server.js';
import { without } from '../support/tools.js';
import { type Cyradm, ourCyradm, password, theirCyradm, withoutCode } from './support.js';

type Step = readonly [command: string, ...said: string[]];

const refused = 'deletemailbox: [NOPERM] Permission denied';

/** In the manuals the administrator's name is cyrus; here it is admin. */
const users: readonly Step[] = [
  ['cm user.wcooley'],
  ['lm', 'user.wcooley (\\HasNoChildren)'],
  ['lm user.wcooley', 'user.wcooley (\\HasNoChildren)'],
  ['lam user.wcooley', 'wcooley lrswipkxtecdan'],
  ['lqr user.wcooley'],
  ['cm user.wcooley', 'createmailbox: [ALREADYEXISTS] Mailbox already exists'],
  ['dm user.wcooley', refused],
  ['cm user.wcooley.test'],
  ['dm user.wcooley.test', refused],
  ['sam user.wcooley.test cyrus c'],
  ['lam user.wcooley.test', 'cyrus kxc', 'wcooley lrswipkxtecdan'],
  ['dm user.wcooley.test', refused],
  ['sam user.wcooley.test admin c'],
  ['lam user.wcooley.test', 'admin kxc', 'cyrus kxc', 'wcooley lrswipkxtecdan'],
  ['dm user.wcooley.test'],
  ['lm user.wcooley*', 'user.wcooley (\\HasNoChildren)'],
];

const quotas: readonly Step[] = [
  ['setquota user.wcooley 10240', 'quota:10240'],
  ['lq user.wcooley', ' STORAGE 0/10240 (0%)'],
  ['listquota user.wcooley', ' STORAGE 0/10240 (0%)'],
  ['lqr user.wcooley', 'user.wcooley STORAGE 0/10240 (0%)'],
  ['lqm user.wcooley', 'user.wcooley STORAGE 0/10240 (0%)'],
  ['sq user.wcooley MESSAGE 5'],
  ['lqr user.wcooley', 'user.wcooley MESSAGE 0/5 (0%)'],
  ['sq user.wcooley none', 'remove quota'],
  ['setquota user.wcooley 10240', 'quota:10240'],
  ['sq user.nobody 5', 'quota:5', 'setquota: [NONEXISTENT] Mailbox does not exist'],
];

const shared: readonly Step[] = [
  ['cm shared.announcements'],
  ['lm shared*', 'shared (\\HasChildren)                  shared.announcements (\\HasNoChildren)'],
  ['lam shared.announcements', 'anyone lrs'],
  ['sam shared.announcements group:wcooley all'],
  ['lam shared.announcements', 'anyone lrs', 'group:wcooley lrswipkxtecda'],
  ['dam shared.announcements anyone'],
  ['lam shared.announcements', 'group:wcooley lrswipkxtecda'],
  ['lm %', 'shared (\\HasChildren)             user (\\NonExistent \\HasChildren)'],
];

/** wcooley and friend are of the group, joe is not. */
async function started(): Promise<TestServer> {
  const server = new TestServer({ users: { admin: password, joe: password } });
  for (const user of ['wcooley', 'friend'])
    server.command(['users', 'add', user, '--groups', 'wcooley', '--password-stdin'], `${password}\n`);
  await server.start();
  return server;
}

/** The order of a list's entries is nobody's promise. */
function comparable(command: string, lines: readonly string[]): readonly string[] {
  return command.startsWith('lam ') ? [...lines].sort() : lines;
}

async function walk(server: TestServer, cyradm: Cyradm, steps: readonly Step[], theirs: boolean) {
  const answers = await cyradm(server, ...steps.map(([command]) => command));
  const seen = steps.map(([command], i) => [command, ...comparable(command, answers[i]!)]);
  const expected = steps.map((step) => (theirs ? [...step] : step.map(withoutCode)));
  assert.deepEqual(seen, expected);
}

const session = (server: TestServer, user: string) => imapSession(server.port('imap'), user, password);

/** A member of the group reads, and files; for a third the mailbox is not there. */
async function onlyTheGroupReads(server: TestServer): Promise<void> {
  const box = 'shared.announcements';
  const [member, other, stranger] = await Promise.all(
    ['wcooley', 'friend', 'joe'].map((user) => session(server, user)),
  );
  await member!.append(box, plainMessage(1));
  assert.equal((await subjects(other!, box)).length, 1);
  assert.equal((await other!.ok(`SELECT ${box}`)).text, '[READ-WRITE] Completed');
  assert.deepEqual((await other!.ok(`LIST "" ${box}`)).untagged, [`LIST (\\HasNoChildren) "." ${box}`]);
  const hidden = 'NO [NONEXISTENT] Mailbox does not exist';
  const commands = [`SELECT ${box}`, `EXAMINE ${box}`, `STATUS ${box} (MESSAGES)`, `GETACL ${box}`];
  for (const command of [...commands, `MYRIGHTS ${box}`, `SUBSCRIBE ${box}`, `GETQUOTAROOT ${box}`])
    assert.equal(await answered(stranger!, command), hidden, command);
  assert.equal(await answered(stranger!, `APPEND ${box} {1+}\r\nx`), 'NO [TRYCREATE] Mailbox does not exist');
  assert.deepEqual((await stranger!.ok(`LIST "" ${box}`)).untagged, []);
  for (const client of [member!, other!, stranger!]) await client.logout();
}

async function answered(client: ImapTestClient, command: string): Promise<string> {
  const { status, text } = await client.command(command);
  return `${status} ${text}`;
}

/** Mail for wcooley+plug@ goes into INBOX.plug once anonymous has the p right, before into INBOX. */
async function anonymousPosts(server: TestServer, cyradm: Cyradm): Promise<void> {
  const client = await session(server, 'wcooley');
  await client.ok('CREATE INBOX.plug');
  const lmtp = await LmtpTestClient.connect(server.port('lmtp'));
  await lmtp.hello();
  const deliver = async (subject: string) => {
    const message = `From: a@example.org\r\nSubject: ${subject}\r\n\r\nHi\r\n`;
    const [reply] = await lmtp.deliver('a@example.org', ['wcooley+plug@example.org'], message);
    assert.match(reply!, /^250 2\.1\.5 /);
  };
  await deliver('without the right');
  assert.deepEqual(await cyradm(server, 'sam user.wcooley.plug anonymous p', 'lqr user.wcooley.plug'), [
    [],
    ['user.wcooley STORAGE 0/10240 (0%)'],
  ]);
  await deliver('with it');
  assert.deepEqual(await cyradm(server, 'dam user.wcooley.plug anonymous'), [[]]);
  await deliver('without it again');
  assert.deepEqual(await subjects(client, 'INBOX.plug'), ['with it']);
  assert.deepEqual(await subjects(client, 'INBOX'), ['without the right', 'without it again']);
  lmtp.destroy();
  await client.logout();
}

for (const [name, cyradm, skip] of [
  ["Cyrus's cyradm", theirCyradm, without('cyradm')],
  ['angarium cyradm', ourCyradm, false],
] as const)
  describe(`the administrator's day with ${name}`, { skip }, () => {
    test('users, quotas, shared mailboxes, mail for a folder', async () => {
      await using server = await started();
      const theirs = cyradm === theirCyradm;
      await walk(server, cyradm, users, theirs);
      await walk(server, cyradm, quotas, theirs);
      await walk(server, cyradm, shared, theirs);
      await onlyTheGroupReads(server);
      await anonymousPosts(server, cyradm);
    });
  });
