import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CommandLine,
  type CreateMailbox,
  IMAP_EXTENSIONS,
  personalMailbox,
  sharedMailbox,
  type UserId,
} from '@angarium/sdk';
import type { ImapTestClient } from '@angarium/testing';
import { letter, TestServer } from '../server.test.support.js';

/** Names that LIST shows. */
async function names(client: ImapTestClient): Promise<string[]> {
  const { untagged } = await client.ok('LIST "" *');
  return untagged.map((line) => line.replace(/^LIST \(\S*\) "." /, ''));
}

const exists = 'NO [ALREADYEXISTS] Mailbox already exists';
const missing = 'NO [NONEXISTENT] Mailbox does not exist';
const denied = 'NO [NOPERM] Permission denied';

test('CREATE makes what is missing above, and drops the separator at the end (RFC 3501 §6.3.3)', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  await client.ok('CREATE INBOX.a.b.c.');
  assert.deepEqual(await names(client), ['INBOX', 'INBOX.a', 'INBOX.a.b', 'INBOX.a.b.c']);
  assert.equal(await client.said('CREATE INBOX.a'), exists);
  assert.equal(await client.said('CREATE INBOX.a.'), exists);
  assert.equal(await client.said('CREATE inbox'), exists);
  assert.match(await client.said('CREATE ""'), /^NO \[CANNOT\]/);
  assert.equal(await client.said('CREATE news'), denied);
  assert.equal(await client.said('CREATE user.joe.x'), denied);
  for (const wrong of ['CREATE', 'CREATE a (BOGUS)', 'CREATE a ()', 'CREATE *']) {
    assert.match(await client.said(wrong), /^BAD/, wrong);
  }
});

test('an administrator creates users, what is shared, and what is below; partition and quota root are inherited', async () => {
  await using server = await TestServer.start();
  const admin = await server.loggedIn('admin');
  assert.equal(await admin.said('CREATE user.joe.Work'), denied);
  await admin.ok('CREATE user.joe');
  await admin.ok('CREATE user.joe.Work');
  await admin.ok('CREATE news.misc');
  assert.equal(await admin.said('CREATE INBOX'), 'NO [CANNOT] INBOX cannot be created');
  const { catalogue } = server.store;
  const root = await catalogue.create(sharedMailbox(['root']), { quotaRoot: 'q' });
  await admin.ok('CREATE root.a.b');
  const below = await catalogue.find(sharedMailbox(['root', 'a', 'b']));
  assert.deepEqual([below?.quotaRoot, below?.partition], ['q', root.partition]);
});

test('CREATE takes the parameters that extensions declare (RFC 4466 §2.2)', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  using _ = server.kernel.get(IMAP_EXTENSIONS).add({
    name: 'TEST-MARK',
    parameters: [
      {
        command: 'CREATE',
        name: 'MARK',
        parse(line: CommandLine) {
          line.sp();
          return line.list(() => line.flag());
        },
        onCreate: (_session, options: CreateMailbox, args) => ({ ...options, specialUse: args as string[] }),
      },
    ],
  });
  await client.ok('CREATE INBOX.s (MARK (\\Sent))');
  const entry = await server.store.catalogue.find(personalMailbox('fred' as UserId, ['s']));
  assert.deepEqual(entry?.specialUse, ['\\Sent']);
});

test('DELETE leaves what is below, and knows what cannot be deleted (RFC 3501 §6.3.4)', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  await client.ok('CREATE INBOX.a.b');
  await client.ok('DELETE INBOX.a');
  assert.deepEqual(await names(client), ['INBOX', 'INBOX.a.b']);
  assert.equal(await client.said('DELETE INBOX.a'), 'NO [HASCHILDREN] Mailbox has children');
  assert.equal(await client.said('DELETE INBOX.none'), missing);
  assert.equal(await client.said('DELETE INBOX'), 'NO [CANNOT] INBOX cannot be deleted');
  await client.ok('DELETE INBOX.a.b');
  assert.equal(await client.said('DELETE INBOX.a'), missing);
  const admin = await server.loggedIn('admin');
  await admin.ok('CREATE news.misc');
  assert.equal(await admin.said('DELETE news'), 'NO [HASCHILDREN] Mailbox has children');
  await admin.ok('CREATE user.joe');
  await admin.ok('CREATE user.joe.a.b');
  await admin.ok('DELETE user.joe');
  assert.deepEqual(await names(admin), ['news', 'news.misc', 'user.fred']);
});

test('UIDs of a mailbox that is made again are not those of the old one', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  const validity = async () => (await client.ok('STATUS INBOX.a (UIDVALIDITY)')).untagged.join();
  await client.ok('CREATE INBOX.a');
  const before = await validity();
  await client.ok('DELETE INBOX.a');
  await client.ok('CREATE INBOX.a');
  assert.notEqual(await validity(), before);
});

test('RENAME takes what is below along and makes room (RFC 3501 §6.3.5)', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  await client.ok('CREATE INBOX.foo.bar');
  await client.append('INBOX.foo.bar', letter('x'));
  const status = async (name: string) =>
    (await client.ok(`STATUS ${name} (MESSAGES UIDVALIDITY)`)).untagged.join().replace(/^STATUS \S+ /, '');
  const before = await status('INBOX.foo.bar');
  await client.ok('RENAME INBOX.foo INBOX.new.place');
  assert.deepEqual(await names(client), ['INBOX', 'INBOX.new', 'INBOX.new.place', 'INBOX.new.place.bar']);
  assert.equal(await status('INBOX.new.place.bar'), before);
  assert.equal(await client.said('RENAME INBOX.foo INBOX.x'), missing);
  assert.equal(await client.said('RENAME INBOX.new INBOX.new'), exists);
  assert.equal(await client.said('RENAME INBOX.new.place INBOX.new'), exists);
  assert.match(await client.said('RENAME INBOX.new INBOX.new.x'), /^NO \[CANNOT\]/);
  assert.match(await client.said('RENAME INBOX.new INBOX'), /^NO \[(CANNOT|ALREADYEXISTS)\]/);
  assert.equal(await client.said('RENAME INBOX.new user.joe.x'), denied);
  assert.match(await client.said('RENAME INBOX.new'), /^BAD/);
});

test('RENAME of a name that is only a level renames what is below it', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  for (const name of ['foo.bar.deep', 'foo.zap', 'foobar']) await client.ok(`CREATE INBOX.${name}`);
  await client.ok('DELETE INBOX.foo');
  await client.ok('RENAME INBOX.foo INBOX.zowie');
  assert.deepEqual(await names(client), [
    'INBOX',
    'INBOX.foobar',
    'INBOX.zowie',
    'INBOX.zowie.bar',
    'INBOX.zowie.bar.deep',
    'INBOX.zowie.zap',
  ]);
});

test('RENAME INBOX moves its messages and leaves it and what is below it (RFC 3501 §6.3.5)', async () => {
  await using server = await TestServer.start();
  const client = await server.selected(3);
  await client.ok('CREATE INBOX.bar');
  const { untagged } = await client.ok('RENAME INBOX INBOX.old.mail');
  assert.deepEqual(untagged, ['1 EXPUNGE', '1 EXPUNGE', '1 EXPUNGE']);
  assert.deepEqual(await names(client), ['INBOX', 'INBOX.bar', 'INBOX.old', 'INBOX.old.mail']);
  assert.deepEqual((await client.ok('STATUS INBOX.old.mail (MESSAGES)')).untagged, [
    'STATUS INBOX.old.mail (MESSAGES 3)',
  ]);
  assert.equal(await client.said('RENAME INBOX INBOX.bar'), exists);
  const admin = await server.loggedIn('admin');
  assert.match(await admin.said('RENAME user.fred user.joe'), /^NO \[CANNOT\]/);
});

test('STATUS tells what is asked for, once each, also of the selected mailbox (RFC 3501 §6.3.10)', async () => {
  await using server = await TestServer.start();
  const client = await server.selected(2);
  const items = '(MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN MESSAGES APPENDLIMIT)';
  const [line] = (await client.ok(`STATUS inbox ${items}`)).untagged;
  assert.match(
    line!,
    /^STATUS INBOX \(MESSAGES 2 RECENT 0 UIDNEXT 3 UIDVALIDITY \d+ UNSEEN 2 APPENDLIMIT 104857600\)$/,
  );
  assert.deepEqual((await client.ok('STATUS INBOX (HIGHESTMODSEQ)')).untagged, [
    'OK [HIGHESTMODSEQ 3] Highest',
    'STATUS INBOX (HIGHESTMODSEQ 3)',
  ]);
  assert.deepEqual((await client.ok('STATUS INBOX (HIGHESTMODSEQ)')).untagged, [
    'STATUS INBOX (HIGHESTMODSEQ 3)',
  ]);
  for (const wrong of ['STATUS INBOX', 'STATUS INBOX ()', 'STATUS INBOX (BOGUS)', 'STATUS INBOX MESSAGES']) {
    assert.match(await client.said(wrong), /^BAD/, wrong);
  }
  assert.equal(await client.said('STATUS INBOX.none (MESSAGES)'), missing);
});

test('NAMESPACE (RFC 2342 §5)', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  assert.deepEqual((await client.ok('NAMESPACE')).untagged, [
    'NAMESPACE (("INBOX." ".")) (("user." ".")) (("" "."))',
  ]);
  const admin = await server.loggedIn('admin');
  assert.deepEqual((await admin.ok('NAMESPACE')).untagged, ['NAMESPACE NIL (("user." ".")) (("" "."))']);
});

test('administrators of Cyrus name a partition, nobody else does', async () => {
  await using server = await TestServer.start();
  const admin = await server.loggedIn('admin');
  const client = await server.loggedIn();
  await admin.ok('CREATE news.a default');
  await admin.ok('CREATE news.b (PARTITION default)');
  assert.equal(await admin.said('CREATE news.c other'), 'NO [CANNOT] Unknown partition');
  assert.equal(await client.said('CREATE INBOX.x default'), denied);
  assert.equal(await client.said('CREATE INBOX.x (PARTITION default)'), denied);
  assert.deepEqual((await admin.ok('RENAME news.a news.d default')).untagged, ['OK rename news.a news.d']);
  assert.equal(await client.said('RENAME INBOX INBOX default'), denied);
  assert.match(await admin.said('RENAME news.a news.b default x'), /^BAD/);
});

test('XRENAME, and RENAME of an administrator, tell each mailbox', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  await client.ok('CREATE INBOX.a.b');
  assert.deepEqual((await client.ok('RENAME INBOX.a INBOX.c')).untagged, []);
  assert.deepEqual((await client.ok('XRENAME INBOX.c INBOX.d')).untagged, [
    'OK rename INBOX.c INBOX.d',
    'OK rename INBOX.c.b INBOX.d.b',
  ]);
  assert.equal(await client.said('XRENAME INBOX.c INBOX.e'), missing);
});
