/** What is listed, to whom. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sharedMailbox } from '@angarium/sdk';
import type { ImapTestClient } from '@angarium/testing';
import { AclServer, missing, told } from './server.test.support.js';

/** Names with what LIST says of each, sorted. */
async function list(client: ImapTestClient, args = '"" *'): Promise<string[]> {
  const lines = await told(client, `LIST ${args}`);
  return lines
    .map((line) =>
      line
        .replace(/^LIST /, '')
        .replace(/ "[./]" /, ' ')
        .replace(/\\Has(No)?Children/, '')
        .replace('()', '')
        .trim(),
    )
    .sort();
}

async function shared(server: AclServer): Promise<void> {
  await server.joes([]);
  await server.joes(['a']);
  await server.joes(['a', 'b'], { fred: 'lr' });
  await server.joes(['r'], { fred: 'r' });
  await server.make(sharedMailbox(['news']), { anyone: 'lrs' });
  await server.make(sharedMailbox(['news', 'staff']), { 'group:staff': 'lr' });
  await server.make(sharedMailbox(['news', 'not']), { anyone: 'lr', '-fred': 'l' });
}

test('LIST shows what may be looked up, and the levels above it where a pattern ends there', async () => {
  await using server = await AclServer.start();
  await shared(server);
  const fred = await server.loggedIn('fred');
  assert.deepEqual(await list(fred), ['INBOX', 'news', 'news.staff', 'user.joe.a.b']);
  assert.deepEqual(await list(fred, '"" %'), ['(\\Noselect ) user', 'INBOX', 'news']);
  assert.deepEqual(await list(fred, '"" user.%'), ['(\\Noselect ) user.joe']);
  assert.deepEqual(await list(fred, '"" user.joe.%'), ['(\\Noselect ) user.joe.a']);
  assert.deepEqual(await list(fred, '"" user.joe.r'), []);
  const jane = await server.loggedIn('jane');
  assert.deepEqual(await list(jane), ['INBOX', 'news', 'news.not', 'news.staff']);
  const admin = await server.loggedIn('admin');
  assert.equal((await list(admin)).length, 9);
});

test('a change of rights is in the next LIST of everybody', async () => {
  await using server = await AclServer.start();
  await shared(server);
  const [fred, joe] = [await server.loggedIn('fred'), await server.loggedIn('joe')];
  await joe.ok('SETACL INBOX.a fred l');
  assert.ok((await list(fred)).includes('user.joe.a'));
  await joe.ok('RENAME INBOX.a INBOX.z');
  assert.deepEqual(
    (await list(fred)).filter((name) => name.startsWith('user.')),
    ['user.joe.z', 'user.joe.z.b'],
  );
  await joe.ok('DELETEACL INBOX.z fred');
  await joe.ok('SETACL INBOX.z.b -anyone l');
  assert.deepEqual(await list(fred), ['INBOX', 'news', 'news.staff']);
});

for (const [namespace, other, news, own] of [
  [{ altnamespace: true, unixhierarchysep: true }, 'Other Users/joe/a/b', 'Shared Folders/news', 'mine'],
  [
    { altnamespace: true, unixhierarchysep: true, userprefix: 'People', sharedprefix: 'Public' },
    'People/joe/a/b',
    'Public/news',
    'mine',
  ],
  [{ unixhierarchysep: true }, 'user/joe/a/b', 'news', 'INBOX/mine'],
  [{ altnamespace: true }, 'Other Users.joe.a.b', 'Shared Folders.news', 'mine'],
] as const) {
  test(`namespaces of others and of all: ${JSON.stringify(namespace)}`, async () => {
    await using server = await AclServer.start({ namespace });
    await shared(server);
    const fred = await server.loggedIn('fred');
    await fred.ok(`CREATE "${own}"`);
    const quoted = (name: string) => (name.includes(' ') ? `"${name}"` : name);
    const all = await list(fred);
    for (const name of [other, news, own]) assert.ok(all.includes(quoted(name)), `${name} in ${all}`);
    assert.equal(all.length, 5);
    assert.deepEqual(await told(fred, `MYRIGHTS "${other}"`), [`MYRIGHTS ${quoted(other)} lr`]);
    const { text } = await fred.ok(`SELECT "${other}"`);
    assert.equal(text, '[READ-ONLY] Completed');
    await fred.ok(`SUBSCRIBE "${other}"`);
    assert.ok((await told(fred, 'LSUB "" *')).some((line) => line.endsWith(quoted(other))));
    assert.equal(await fred.said(`MYRIGHTS "${other.replace(/b$/, 'c')}"`), missing);
    const admin = await server.loggedIn('admin');
    const separator = 'unixhierarchysep' in namespace ? '/' : '.';
    assert.ok((await list(admin)).includes(['user', 'joe', 'a', 'b'].join(separator)));
  });
}

test('hidden namespaces are in no list', async () => {
  await using server = await AclServer.start({
    namespace: { disable_user_namespace: true, disable_shared_namespace: true },
  });
  await shared(server);
  const fred = await server.loggedIn('fred');
  assert.deepEqual(await list(fred), ['INBOX']);
  assert.deepEqual(await told(fred, 'NAMESPACE'), ['NAMESPACE (("INBOX." ".")) NIL NIL']);
  await fred.ok('SELECT user.joe.a.b');
  assert.equal((await list(await server.loggedIn('admin'))).length, 8);
});

test('subscriptions to what is another’s: only to what may be looked up, and they stay', async () => {
  await using server = await AclServer.start();
  await shared(server);
  const [fred, joe] = [await server.loggedIn('fred'), await server.loggedIn('joe')];
  for (const hidden of ['user.joe', 'user.joe.r', 'news.not', 'nosuch'])
    assert.equal(await fred.said(`SUBSCRIBE ${hidden}`), missing);
  await fred.ok('SUBSCRIBE user.joe.a.b');
  await fred.ok('SUBSCRIBE news');
  const lsub = async () => (await told(fred, 'LSUB "" *')).map((line) => line.replace(/.* /, ''));
  assert.deepEqual(await lsub(), ['news', 'INBOX', 'user.joe.a.b']);
  // As in Cyrus: a name that somebody had subscribed to is no secret to him.
  await joe.ok('DELETEACL INBOX.a.b fred');
  assert.deepEqual(await lsub(), ['news', 'INBOX', 'user.joe.a.b']);
  await fred.ok('UNSUBSCRIBE user.joe.a.b');
  assert.deepEqual(await lsub(), ['news', 'INBOX']);
});

test('LIST-MYRIGHTS (RFC 8440): a MYRIGHTS line behind each mailbox, none behind a level', async () => {
  await using server = await AclServer.start();
  await shared(server);
  const fred = await server.loggedIn('fred');
  assert.deepEqual(await told(fred, 'LIST "" (INBOX news* user.joe.a.% user.joe.%) RETURN (MYRIGHTS)'), [
    'LIST (\\HasNoChildren) "." INBOX',
    'MYRIGHTS INBOX lrswipkxtecdan',
    'LIST (\\HasChildren) "." news',
    'MYRIGHTS news lrs',
    'LIST (\\HasNoChildren) "." news.staff',
    'MYRIGHTS news.staff lr',
    'LIST (\\NonExistent \\HasChildren) "." user.joe.a',
    'LIST (\\HasNoChildren) "." user.joe.a.b',
    'MYRIGHTS user.joe.a.b lr',
  ]);
});
