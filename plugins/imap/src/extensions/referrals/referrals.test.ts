import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import {
  ACCOUNTS,
  type Accounts,
  definePlugin,
  type HomeServer,
  type Identity,
  type MailboxName,
  personalMailbox,
  provide,
  REFERRALS,
  type Referrals,
  sameMailbox,
  type UserId,
} from '@angarium/sdk';
import type { TestPlugin } from '@angarium/testing';
import { imapUrl } from '../../referral.js';
import { TestServer } from '../../server.test.support.js';

const mine = (...path: string[]): MailboxName => personalMailbox('fred' as UserId, path);

/** What a cluster knows: some of fred's mailboxes are elsewhere. */
const elsewhere: readonly { name: MailboxName; servers: string[]; isSubscribed: boolean }[] = [
  { name: mine('far'), servers: ['b.example', 'c.example:1143'], isSubscribed: true },
  { name: mine('far', 'Ünder'), servers: ['b.example'], isSubscribed: false },
];

function cluster(homes: Readonly<Record<string, HomeServer>>): TestPlugin {
  class Fake implements Referrals {
    async home({ user }: Identity) {
      return homes[user];
    }
    async servers(_identity: Identity, mailbox: MailboxName) {
      if (mailbox.path[0] === 'made') return ['d.example'];
      return elsewhere.find(({ name }) => sameMailbox(name, mailbox))?.servers ?? [];
    }
    async names(_identity: Identity, which: 'all' | 'subscribed') {
      return elsewhere.filter((one) => which === 'all' || one.isSubscribed).map(({ name }) => name);
    }
  }
  return {
    name: `fake-cluster-${randomUUID().slice(0, 8)}`,
    manifest: { provides: ['referrals@1'] },
    definition: definePlugin({ provides: [provide(REFERRALS, Fake)] }),
  };
}

test('URLs of RFC 5092', () => {
  assert.equal(imapUrl('fred', 'b.example'), 'imap://fred;AUTH=*@b.example/');
  assert.equal(
    imapUrl('a@b.c', '[::1]:143', 'x y/z;ü]'),
    'imap://a%40b.c;AUTH=*@%5B::1%5D:143/x%20y/z%3B%C3%BC%5D',
  );
});

test('without a provider nothing is offered', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  assert.ok(!(await client.ok('CAPABILITY')).untagged[0]!.includes('REFERRALS'));
  assert.equal((await client.command('RLIST "" *')).status, 'BAD');
  assert.equal((await client.command('SELECT INBOX.far')).text, '[NONEXISTENT] Mailbox does not exist');
});

test('a login whose home is elsewhere is sent there, or told (RFC 2221 §4.1)', async () => {
  const homes = {
    joe: { server: 'b.example', mayStay: false },
    sue: { server: 'c.example', mayStay: true },
  };
  await using server = await TestServer.start({ more: [cluster(homes)] });
  const client = await server.greeted();
  assert.match((await client.ok('CAPABILITY')).untagged[0]!, / LOGIN-REFERRALS/);
  const wrong = await client.command('LOGIN joe wrong');
  assert.equal(wrong.text, '[AUTHENTICATIONFAILED] Login failed');
  const sent = await client.command('LOGIN joe secret');
  assert.deepEqual(
    [sent.status, sent.text],
    ['NO', '[REFERRAL imap://joe;AUTH=*@b.example/] Your mailboxes are on another server'],
  );
  const plain = Buffer.from('\0joe\0secret').toString('base64');
  assert.match((await client.command(`AUTHENTICATE PLAIN ${plain}`)).text, /^\[REFERRAL imap:\/\/joe/);
  assert.equal((await client.command('SELECT INBOX')).status, 'BAD');
  const told = await client.ok('LOGIN sue secret');
  assert.equal(told.text, '[REFERRAL imap://sue;AUTH=*@c.example/] Your own mailboxes are on another server');
  assert.match(told.untagged[0]!, /^CAPABILITY IMAP4rev1 /);
  await client.ok('NAMESPACE');
  await (await server.loggedIn('fred')).ok('SELECT INBOX');
});

test('the attribute homeServer sends too, when the operator says so', async () => {
  class Fake implements Pick<Accounts, 'find'> {
    async find(user: UserId) {
      const homeServer = user === 'joe' ? 'b.example:1143' : undefined;
      const attributes = homeServer === undefined ? {} : { homeServer };
      return { user, displayName: undefined, groups: [], isDisabled: false, attributes };
    }
    normalise = (text: string) => text as UserId;
  }
  const accounts: TestPlugin = {
    name: 'fake-accounts',
    manifest: { provides: ['accounts@1'] },
    definition: definePlugin({ provides: [provide(ACCOUNTS, Fake as never)] }),
  };
  await using server = await TestServer.start({ imap: { loginReferrals: true }, more: [accounts] });
  const client = await server.greeted();
  const words = (await client.ok('CAPABILITY')).untagged[0]!;
  assert.ok(words.includes(' LOGIN-REFERRALS') && !words.includes('MAILBOX-REFERRALS'));
  const { text } = await client.command('LOGIN joe secret');
  assert.match(text, /^\[REFERRAL imap:\/\/joe;AUTH=\*@b\.example:1143\/\]/);
  await client.ok('LOGIN fred secret');
});

test('mailboxes that are elsewhere: every command that names one refers (RFC 2193 §4)', async () => {
  await using server = await TestServer.start({ more: [cluster({})] });
  const client = await server.selected(1);
  const far = 'imap://fred;AUTH=*@b.example/INBOX.far imap://fred;AUTH=*@c.example:1143/INBOX.far';
  for (const command of [
    'STATUS INBOX.far (MESSAGES)',
    'DELETE INBOX.far',
    'SUBSCRIBE INBOX.far',
    'UNSUBSCRIBE INBOX.far',
    'CREATE INBOX.far',
    'COPY 1 INBOX.far',
    'UID MOVE 1 INBOX.far',
    'SELECT INBOX.far',
    'EXAMINE INBOX.far',
  ]) {
    const { status, text } = await client.command(command);
    assert.deepEqual([status, text], ['NO', `[REFERRAL ${far}] Remote mailbox`], command);
  }
  assert.equal((await client.append('INBOX.far', 'x')).text, `[REFERRAL ${far}] Remote mailbox`);
  assert.match(
    (await client.command('CREATE INBOX.made.x')).text,
    /^\[REFERRAL imap:[^ ]*@d\.example\/INBOX\.made\.x\]/,
  );
  const under = 'imap://fred;AUTH=*@b.example/INBOX.far.%C3%9Cnder';
  const renamed = await client.command('RENAME INBOX.far.&ANw-nder INBOX.made');
  assert.equal(renamed.text, `[REFERRAL ${under} imap://fred;AUTH=*@d.example/INBOX.made] Remote mailbox`);
  assert.match((await client.command('SELECT INBOX.none')).text, /^\[NONEXISTENT\]/);
});

test('RLIST and RLSUB tell of what is elsewhere, LIST and LSUB do not (RFC 2193 §5)', async () => {
  await using server = await TestServer.start({ more: [cluster({})] });
  const client = await server.loggedIn();
  assert.match((await client.ok('CAPABILITY')).untagged[0]!, / MAILBOX-REFERRALS/);
  await client.ok('CREATE INBOX.near');
  const told = async (command: string) =>
    (await client.ok(command)).untagged.map((line) => line.replace(/^(\S+) \(.*\) "\." /, '$1 '));
  assert.deepEqual(await told('LIST "" *'), ['LIST INBOX', 'LIST INBOX.near']);
  assert.deepEqual(await told('RLIST "" *'), [
    'LIST INBOX',
    'LIST INBOX.near',
    'LIST INBOX.far',
    'LIST INBOX.far.&ANw-nder',
  ]);
  assert.deepEqual(await told('RLIST INBOX. f%'), ['LIST INBOX.far']);
  assert.deepEqual(await told('LSUB "" *'), ['LSUB INBOX']);
  assert.deepEqual(await told('RLSUB "" *'), ['LSUB INBOX', 'LSUB INBOX.far']);
  assert.deepEqual(await told('RLIST "" ""'), ['LIST ""']);
  assert.equal((await client.command('RLIST "" (a b)')).status, 'BAD');
});
