/** Virtual domains: an administrator of one sees and touches that one; users keep to themselves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { personalMailbox, sharedMailbox, type UserId } from '@angarium/sdk';
import type { ImapTestClient } from '@angarium/testing';
import { AclServer, denied, missing, told } from './server.test.support.js';

const all = 'lrswipkxtean';

/** Mailboxes in three domains, every one of them open to anyone. */
async function domains(acl: Readonly<Record<string, unknown>> = {}): Promise<AclServer> {
  const server = await AclServer.start({ acl });
  for (const user of ['joe', 'ann@example.org', 'cat@example.net']) {
    await server.make(personalMailbox(user as UserId), { [user]: all, anyone: all });
  }
  for (const domain of [undefined, 'example.org', 'example.net']) {
    await server.make(sharedMailbox(['news'], domain), { anyone: all });
  }
  return server;
}

async function names(client: ImapTestClient): Promise<string[]> {
  return (await told(client, 'LIST "" *')).map((line) => line.replace(/.* /, '')).sort();
}

test('an administrator of a domain: all of it, and nothing else', async () => {
  await using server = await domains();
  const root = await server.loggedIn('root@example.org');
  assert.deepEqual(await names(root), ['news', 'user.ann']);
  await root.ok('CREATE user.bob');
  await root.ok('CREATE user.bob.Work');
  await root.ok('CREATE news.local');
  await root.ok('SETACL user.bob.Work ann lr');
  assert.deepEqual(await told(root, 'GETACL user.bob.Work'), ['ACL user.bob.Work bob lrswipkxtecdan ann lr']);
  const bob = await server.store.catalogue.find(personalMailbox('bob@example.org' as UserId, ['Work']));
  assert.deepEqual(bob?.acl, { 'bob@example.org': all, 'ann@example.org': 'lr' });

  for (const other of ['user.joe@', 'user.cat@example.net', 'news@', 'news@example.net']) {
    for (const command of ['SELECT', 'EXAMINE', 'GETACL', 'MYRIGHTS', 'DELETE', 'SUBSCRIBE'])
      assert.equal(await root.said(`${command} ${other}`), missing, `${command} ${other}`);
    assert.equal(await root.said(`SETACL ${other} root lr`), missing);
    assert.equal(await root.said(`LISTRIGHTS ${other} root`), missing);
    assert.equal(await root.said(`STATUS ${other} (MESSAGES)`), missing);
    assert.equal(await root.said(`CREATE ${other.replace('@', '.x@')}`), denied);
    assert.match(await root.said(`RENAME ${other} stolen`), /^NO/);
    assert.equal(await root.said(`RENAME news ${other.replace('@', '.x@')}`), denied);
    assert.deepEqual(await told(root, `LIST "" ${other}`), []);
  }
  for (const name of ['user.new@', 'user.new@example.net', 'top@', 'top@example.net'])
    assert.equal(await root.said(`CREATE ${name}`), denied, name);
});

test('users see their own domain alone, whatever lists of others say; with crossdomains those count', async () => {
  await using server = await domains();
  const ann = await server.loggedIn('ann@example.org');
  assert.deepEqual(await names(ann), ['INBOX', 'news']);
  assert.equal(await ann.said('SELECT user.cat@example^net'), missing);
  assert.equal(await ann.said('SELECT user.joe@'), missing);
  assert.equal(await ann.said('CREATE user.cat@example^net.x'), denied);
  assert.equal(await (await server.loggedIn('joe')).said('SELECT user.cat@example^net'), missing);

  await using open = await domains({ crossdomains: true });
  const his = await open.loggedIn('ann@example.org');
  assert.ok((await names(his)).includes('user.cat@example^net'));
  await his.ok('SELECT user.cat@example^net');
  await his.ok('SELECT user.joe@');
  const root = await open.loggedIn('root@example.org');
  assert.deepEqual(
    await names(root),
    ['news', 'user.ann'],
    'administrators of a domain keep to it all the same',
  );
});

test('identifiers within a domain need no domain, and whose are elsewhere are written out', async () => {
  await using server = await domains({ crossdomains: true });
  const ann = await server.loggedIn('ann@example.org');
  for (const identifier of ['bob', 'cat@example.net', 'joe@', '-bob', 'group:staff', 'anonymous'])
    await ann.ok(`SETACL INBOX ${identifier} l`);
  assert.deepEqual(await told(ann, 'GETACL INBOX'), [
    'ACL INBOX ann lrswipkxtecdan anyone lrswipkxtecdan bob l cat@example.net l joe@ l -bob l group:staff l anonymous l',
  ]);
  const entry = await server.store.catalogue.find(personalMailbox('ann@example.org' as UserId));
  assert.deepEqual(Object.keys(entry!.acl), [
    ...['ann@example.org', 'anyone', 'bob@example.org', 'cat@example.net', 'joe', '-bob@example.org'],
    ...['group:staff', 'anonymous'],
  ]);
  assert.equal(await ann.said('SETACL INBOX ann l'), denied, 'the owner is known by the short name too');
  const [line] = await told(ann, 'LISTRIGHTS INBOX ann');
  assert.match(line!, /^LISTRIGHTS INBOX ann lkxcan /);
  const admin = await server.loggedIn('admin');
  assert.match(
    (await told(admin, 'GETACL user.ann@example.org')).join(),
    /^ACL user\.ann@example\.org ann@example\.org lrswipkxtecdan /,
  );
});

test('the administrator of everything is', async () => {
  await using server = await domains();
  const admin = await server.loggedIn('admin');
  assert.deepEqual(await names(admin), [
    ...['news', 'news@example.net', 'news@example.org'],
    ...['user.ann@example.org', 'user.cat@example.net', 'user.joe'],
  ]);
});
