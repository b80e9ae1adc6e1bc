import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METADATA_ENTRIES, personalMailbox, type UserId } from '@angarium/sdk';
import { TestServer } from '../../server.test.support.js';

const N = '\\HasNoChildren';
const fred = 'fred' as UserId;

test('SPECIAL-USE and CREATE-SPECIAL-USE, RFC 6154', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  await client.ok('CREATE INBOX.Sent (USE (\\Sent))');
  await client.ok('CREATE INBOX.Both (USE (\\drafts \\JUNK \\Drafts))');
  await client.ok('CREATE INBOX.None (USE ())');
  const marked = [`LIST (${N} \\Drafts \\Junk) "." INBOX.Both`, `LIST (${N} \\Sent) "." INBOX.Sent`];
  assert.deepEqual((await client.ok('LIST (SPECIAL-USE) "" *')).untagged, marked);
  assert.deepEqual((await client.ok('LIST "" INBOX.%')).untagged, [
    marked[0],
    `LIST (${N}) "." INBOX.None`,
    marked[1],
  ]);
  assert.deepEqual((await client.ok('LIST "" INBOX.S% RETURN (SPECIAL-USE)')).untagged, [marked[1]]);
  await client.ok('SUBSCRIBE INBOX.Sent');
  assert.deepEqual((await client.ok('LIST (SPECIAL-USE SUBSCRIBED) "" *')).untagged, [
    `LIST (\\Subscribed ${N} \\Sent) "." INBOX.Sent`,
  ]);
  for (const refused of [
    'CREATE INBOX.x.y (USE (\\Sent))',
    'CREATE INBOX.x.y (USE (\\All))',
    'CREATE INBOX.x.y (USE (\\Flagged))',
    'CREATE INBOX.x.y (USE (\\Nonsense))',
    'CREATE user.joe.x (USE (\\Trash))',
    'CREATE news (USE (\\Trash))',
  ]) {
    const { status, text } = await client.command(refused);
    assert.match(`${status} ${text}`, /^NO \[USEATTR\] /, refused);
  }
  // What is refused has made nothing.
  assert.deepEqual((await client.ok('LIST "" INBOX.x*')).untagged, []);
  for (const wrong of ['CREATE a (USE)', 'CREATE a (USE (Sent))', 'CREATE a (USE \\Sent)', 'CREATE a ()']) {
    assert.equal((await client.command(wrong)).status, 'BAD', wrong);
  }
});

test('the use is the owner’s to see, and an administrator’s to give', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  const admin = await server.loggedIn('admin');
  await admin.ok('CREATE user.fred.Bin (USE (\\Trash))');
  assert.deepEqual((await client.ok('LIST (SPECIAL-USE) "" *')).untagged, [
    `LIST (${N} \\Trash) "." INBOX.Bin`,
  ]);
});

test('/private/specialuse takes the use from whoever had it (RFC 6154 §5.4)', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  await client.ok('CREATE INBOX.Old (USE (\\Drafts \\Junk))');
  await client.ok('CREATE INBOX.New');
  const entry = server.kernel.get(METADATA_ENTRIES).items.find(({ name }) => name === '/private/specialuse')!;
  const { catalogue } = server.store;
  const named = async (name: string) => (await catalogue.find(personalMailbox(fred, [name])))!;
  const identity = { user: fred, groups: [], admin: 'none', isAnonymous: false, mechanism: '' } as const;
  const call = { identity, store: server.store, origin: { identity, via: 'test' } };
  await entry.write!('\\Drafts', { ...call, mailbox: await named('New') });
  assert.equal(await entry.read!({ ...call, mailbox: await named('New') }), '\\Drafts');
  assert.equal(await entry.read!({ ...call, mailbox: await named('Old') }), '\\Junk');
  const inbox = (await catalogue.find(personalMailbox(fred)))!;
  assert.throws(() => entry.check!('\\Sent', { ...call, mailbox: inbox }), /special use/);
  assert.throws(() => entry.check!('\\Other', { ...call, mailbox: inbox }), /not supported/);
  await entry.write!(undefined, { ...call, mailbox: await named('New') });
  assert.equal(await entry.read!({ ...call, mailbox: await named('New') }), undefined);
});

test('of several clients that give the same special use at the same instant one wins', async () => {
  await using server = await TestServer.start();
  const clients = await Promise.all(Array.from({ length: 4 }, () => server.loggedIn()));
  const results = await Promise.all(
    clients.map((client, at) => client.command(`CREATE INBOX.Sent${at} (USE (\\Sent))`)),
  );
  const refused = results.filter(({ status, text }) => status === 'NO' && text.startsWith('[USEATTR]'));
  assert.equal(results.filter(({ status }) => status === 'OK').length, 1);
  assert.equal(refused.length, 3);
  assert.equal((await clients[0]!.ok('LIST (SPECIAL-USE) "" *')).untagged.length, 1);
});
