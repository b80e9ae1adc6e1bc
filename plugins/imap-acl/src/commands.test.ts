/** GETACL and its kin: the answers of Cyrus 3.6, line for line but where said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { personalMailbox, sharedMailbox, type UserId } from '@angarium/sdk';
import fc from 'fast-check';
import { AclServer, denied, done, missing, told } from './server.test.support.js';

const joes = (...path: string[]) => personalMailbox('joe' as UserId, path);

test('CAPABILITY has ACL, the rights beyond RFC 2086, and LIST-MYRIGHTS, once somebody is logged in', async () => {
  await using server = await AclServer.start();
  const fred = await server.loggedIn('fred');
  const words = (await told(fred, 'CAPABILITY')).join().split(' ');
  for (const word of ['ACL', 'RIGHTS=kxten', 'LIST-MYRIGHTS']) assert.ok(words.includes(word), word);
});

/** What was set, and what GETACL then shows of it. Cyrus passes over c and d where a member stands beside them: RFC 4314 §2.1.1. */
const spellings: readonly (readonly [string, string])[] = [
  ['c', 'kxc'],
  ['d', 'ted'],
  ['kt', 'ktcd'],
  ['k', 'kc'],
  ['x', 'xc'],
  ['e', 'ed'],
  ['+i', 'ied'],
  ['-r', 'ied'],
  ['lrs0', 'lrs0'],
  ['+', 'lrs0'],
  ['-', 'lrs0'],
  ['lrswipkxtecdan', 'lrswipkxtecdan'],
  ['lrswipcda', 'lrswipkxtecda'],
  ['ted', 'ted'],
  ['+c', 'kxtecd'],
  ['-d', 'kxc'],
  ['kc', 'kxc'],
  ['lrswikda', 'lrswiktecda'],
  ['+9876543210n', 'lrswiktecdan0123456789'],
  ['-lrswiktea', 'n0123456789'],
];

test('rights are understood and shown with the old letters', async () => {
  await using server = await AclServer.start();
  await server.joes([]);
  const joe = await server.loggedIn('joe');
  for (const [set, shown] of spellings) {
    assert.equal(await joe.said(`SETACL INBOX fred "${set}"`), done);
    assert.deepEqual(await told(joe, 'GETACL INBOX'), [`ACL INBOX joe lrswipkxtecdan fred ${shown}`], set);
  }
  for (const empty of ['SETACL INBOX fred ""', 'DELETEACL INBOX fred', 'DELETEACL INBOX fred']) {
    await joe.ok('SETACL INBOX fred lr');
    await joe.ok(empty);
    assert.deepEqual(await told(joe, 'GETACL INBOX'), ['ACL INBOX joe lrswipkxtecdan']);
  }
  for (const [set, letter] of [
    ['z', 'z'],
    ['lrZ', 'Z'],
    ['l r', ' '],
    ['+q', 'q'],
    ['-none', 'o'],
    ['lr+', '+'],
  ]) {
    assert.equal(
      await joe.said(`SETACL INBOX fred "${set}"`),
      `BAD [CLIENTBUG] The ${letter} right is not supported`,
    );
  }
  await joe.ok('SETACL INBOX fred lr');
  assert.deepEqual(await told(joe, 'GETACL INBOX'), ['ACL INBOX joe lrswipkxtecdan fred lr']);
});

test('with deleteright d the letter d deletes mailboxes too', async () => {
  await using server = await AclServer.start({ acl: { deleteright: 'd' } });
  await server.joes([]);
  const joe = await server.loggedIn('joe');
  for (const [set, shown] of [
    ['c', 'kc'],
    ['d', 'xted'],
    ['x', 'xd'],
    ['kx', 'kxcd'],
  ]) {
    await joe.ok(`SETACL INBOX fred ${set}`);
    assert.deepEqual(await told(joe, 'GETACL INBOX'), [`ACL INBOX joe lrswipkxtecdan fred ${shown}`]);
  }
});

test('LISTRIGHTS: what is always there, then one by one', async () => {
  await using server = await AclServer.start();
  await server.joes([]);
  await server.joes(['box']);
  await server.make(sharedMailbox(['news']), {});
  const admin = await server.loggedIn('admin');
  const rest = '0 1 2 3 4 5 6 7 8 9';
  for (const [what, answer] of [
    ['user.joe joe', 'lkxcan r s w i p t e d'],
    ['user.joe fred', 'p l r s w i k x t e c d a n'],
    ['user.joe -fred', 'p l r s w i k x t e c d a n'],
    ['user.joe anyone', 'p l r s w i k x t e c d a n'],
    ['user.joe.box Fred', '"" l r s w i p k x t e c d a n'],
    ['user.joe.box JOE', 'lkxcan r s w i p t e d'],
    ['news admin', '"" l r s w i p k x t e c d a n'],
  ]) {
    assert.deepEqual(await told(admin, `LISTRIGHTS ${what}`), [`LISTRIGHTS ${what} ${answer} ${rest}`]);
  }
});

test('identifiers: normalised, of every kind, and what can be none', async () => {
  await using server = await AclServer.start();
  await server.joes([]);
  const joe = await server.loggedIn('joe');
  const fine = [
    'NoBody',
    'group:staff',
    'a.b',
    'Anyone',
    'ANONYMOUS',
    'owner',
    '-anyone',
    '-group:x',
    'constructor',
  ];
  for (const identifier of [...fine, '__proto__']) await joe.ok(`SETACL INBOX ${identifier} lr`);
  assert.deepEqual(await told(joe, 'GETACL INBOX'), [
    'ACL INBOX joe lrswipkxtecdan nobody lr group:staff lr a.b lr anyone lr anonymous lr owner lr -anyone lr ' +
      '-group:x lr constructor lr __proto__ lr',
  ]);
  const wrong = ['group:', 'a:b', 'a/b', 'a*b', 'a%b', 'a&b', 'a?b', '', '-', '--x', `${'x'.repeat(81)}`];
  for (const identifier of wrong) {
    assert.equal(
      await joe.said(`SETACL INBOX "${identifier}" lr`),
      'NO [CANNOT] Invalid identifier',
      identifier,
    );
  }
  const { text } = await joe.withLiterals('SETACL INBOX ', Buffer.from([0xe9]), ' lr');
  assert.equal(text, '[CANNOT] Invalid identifier', 'no UTF-8');
  const eight = await joe.withLiterals('SETACL INBOX ', Buffer.from('jürgen'), ' lr');
  assert.equal(eight.status, 'OK');
  assert.match((await told(joe, 'GETACL INBOX')).join(), / \{7\}\r\njÃ¼rgen lr$/);
});

test('whatever comes as an identifier or as rights is answered, and the session goes on', async () => {
  await using server = await AclServer.start();
  await server.joes([]);
  const joe = await server.loggedIn('joe');
  const bytes = fc
    .uint8Array({ maxLength: 90 })
    .map((octets) => Buffer.from(octets.map((octet) => octet || 1)));
  await fc.assert(
    fc.asyncProperty(bytes, bytes, async (identifier, rights) => {
      const { status } = await joe.withLiterals('SETACL INBOX ', identifier, ' ', rights);
      assert.match(status, /^(OK|NO|BAD)$/);
      await joe.ok('GETACL INBOX');
    }),
    { numRuns: 100 },
  );
});

test('wrong grammar', async () => {
  await using server = await AclServer.start();
  const fred = await server.loggedIn('fred');
  const wrong = [
    'GETACL',
    'GETACL INBOX x',
    'SETACL',
    'SETACL INBOX',
    'SETACL INBOX x',
    'SETACL INBOX x lr y',
  ];
  const more = [
    'DELETEACL INBOX',
    'LISTRIGHTS INBOX',
    'LISTRIGHTS INBOX x y',
    'MYRIGHTS',
    'MYRIGHTS INBOX x',
  ];
  for (const command of [...wrong, ...more]) assert.match(await fred.said(command), /^BAD/, command);
  assert.equal(await fred.said('MYRIGHTS nosuch'), missing);
  assert.match(await fred.said('MYRIGHTS a..b'), /^NO \[CANNOT\]/);
});

test('MYRIGHTS: owner, administrator, others; negative rights, groups, owner as an identifier', async () => {
  await using server = await AclServer.start();
  await server.joes([]);
  await server.joes(['box'], {
    'group:staff': 'lrs',
    anyone: 'l',
    '-fred': 's',
    jane: 'w',
    '-group:news': 'r',
  });
  await server.make(joes('mine'), { owner: 'lrsw', '-owner': 'w' });
  const rights = async (user: string, box: string) =>
    (await told(await server.loggedIn(user), `MYRIGHTS ${box}`)).join().replace(/.* /, '');
  assert.equal(await rights('joe', 'INBOX'), 'lrswipkxtecdan');
  assert.equal(await rights('admin', 'user.joe'), 'la');
  assert.equal(await rights('admin', 'user.joe.box'), 'la');
  assert.equal(await rights('fred', 'user.joe.box'), 'lr');
  assert.equal(await rights('jane', 'user.joe.box'), 'lsw');
  assert.equal(await rights('joe', 'INBOX.mine'), 'lrskxcan');
});

test('an owner cannot be locked out, not even by himself', async () => {
  await using server = await AclServer.start();
  await server.joes([]);
  await server.joes(['box'], { fred: 'lrswipkxtea' });
  const fred = await server.loggedIn('fred');
  const joe = await server.loggedIn('joe');
  const admin = await server.loggedIn('admin');
  for (const command of [
    'SETACL user.joe.box joe l',
    'SETACL user.joe.box joe -a',
    'DELETEACL user.joe.box joe',
  ]) {
    assert.equal(await fred.said(command), denied);
    assert.equal(await joe.said(command), denied);
  }
  assert.equal(await fred.said('SETACL user.joe.box joe -r'), done);
  assert.equal(await fred.said('SETACL user.joe.box -joe lrswipkxteca'), done);
  assert.deepEqual(await told(joe, 'GETACL INBOX.box'), [
    'ACL INBOX.box joe lswipkxtecdan fred lrswipkxtecda -joe rswipted',
  ]);
  assert.deepEqual(await told(joe, 'MYRIGHTS INBOX.box'), ['MYRIGHTS INBOX.box lkxcan']);
  await joe.ok('DELETEACL INBOX.box -joe');
  // An administrator may, and what the owner has in any case stays written.
  await admin.ok('DELETEACL user.joe.box joe');
  assert.deepEqual(await told(admin, 'GETACL user.joe.box'), [
    'ACL user.joe.box joe lkxcan fred lrswipkxtecda',
  ]);
  assert.equal(await joe.said('SELECT INBOX.box'), denied);
  await joe.ok('SETACL INBOX.box joe lrswipkxtecdan');
  await joe.ok('SELECT INBOX.box');
});

test('a list is as long as it may be', async () => {
  await using server = await AclServer.start();
  await server.joes([], Object.fromEntries(Array.from({ length: 999 }, (_, i) => [`u${i}`, 'l'])));
  const joe = await server.loggedIn('joe');
  assert.match(await joe.said('SETACL INBOX fred l'), /^NO \[LIMIT\]/);
  await joe.ok('SETACL INBOX u5 lr');
  await joe.ok('DELETEACL INBOX u6');
  await joe.ok('SETACL INBOX fred l');
});

test('many who change one list at the same time lose nothing', async () => {
  await using server = await AclServer.start();
  await server.joes([]);
  const clients = await Promise.all(Array.from({ length: 8 }, () => server.loggedIn('joe')));
  await Promise.all(
    clients.map(async (client, i) => {
      for (let n = 0; n < 10; n++) await client.ok(`SETACL INBOX u${i}x${n} lr`);
      await client.ok(`SETACL INBOX everybody +${i}`);
    }),
  );
  const [line = ''] = await told(clients[0]!, 'GETACL INBOX');
  assert.equal(line.match(/ u\dx\d lr/g)?.length, 80);
  assert.match(line, / everybody 01234567/);
});

test('allowsetacl and anyoneuseracl keep users from changing lists', async () => {
  await using closed = await AclServer.start({ acl: { allowsetacl: false } });
  await closed.joes([]);
  const joe = await closed.loggedIn('joe');
  assert.equal(await joe.said('SETACL INBOX fred lr'), denied);
  assert.equal(await joe.said('DELETEACL INBOX fred'), denied);
  assert.equal(await (await closed.loggedIn('admin')).said('SETACL user.joe fred lr'), done);
  await joe.ok('GETACL INBOX');

  await using careful = await AclServer.start({ acl: { anyoneuseracl: false } });
  await careful.joes([]);
  await careful.make(sharedMailbox(['news']), { joe: 'la' });
  const his = await careful.loggedIn('joe');
  for (const identifier of ['anyone', 'anonymous'])
    assert.equal(await his.said(`SETACL INBOX ${identifier} lr`), denied);
  await his.ok('SETACL INBOX -anyone lr');
  await his.ok('SETACL INBOX fred lr');
  await his.ok('SETACL news anyone lr');
  await (await careful.loggedIn('admin')).ok('SETACL user.joe anyone lr');
});

test('new mailboxes: an INBOX is its owner’s, below is as above, shared ones have defaultacl', async () => {
  await using server = await AclServer.start({ acl: { defaultacl: 'anyone lrs group:staff lrswipcd' } });
  const admin = await server.loggedIn('admin');
  await admin.ok('CREATE user.joe');
  assert.deepEqual(await told(admin, 'GETACL user.joe'), ['ACL user.joe joe lrswipkxtecdan']);
  await admin.ok('SETACL user.joe fred lrk');
  await (await server.loggedIn('fred')).ok('CREATE user.joe.a.b');
  await admin.ok('SETACL user.joe fred lr');
  for (const box of ['user.joe.a', 'user.joe.a.b']) {
    assert.deepEqual(await told(admin, `GETACL ${box}`), [`ACL ${box} joe lrswipkxtecdan fred lrkc`]);
  }
  await admin.ok('CREATE news.a');
  const acl = 'anyone lrs group:staff lrswipkxtecd';
  assert.deepEqual(await told(admin, 'GETACL news.a'), [`ACL news.a ${acl}`]);
  await admin.ok('RENAME user.joe.a user.joe.c');
  assert.deepEqual(await told(admin, 'GETACL user.joe.c.b'), [
    'ACL user.joe.c.b joe lrswipkxtecdan fred lrkc',
  ]);
});

test('implicit_owner_rights may be fewer: LISTRIGHTS says so, and owners feel it', async () => {
  await using server = await AclServer.start({ acl: { implicit_owner_rights: 'la' } });
  await server.make(joes(), { joe: 'lr' });
  const joe = await server.loggedIn('joe');
  assert.deepEqual(await told(joe, 'MYRIGHTS INBOX'), ['MYRIGHTS INBOX lra']);
  assert.equal(await joe.said('CREATE INBOX.a'), denied);
  const [line] = await told(joe, 'LISTRIGHTS INBOX joe');
  assert.equal(line, 'LISTRIGHTS INBOX joe la r s w i p k x t e c d n 0 1 2 3 4 5 6 7 8 9');
  await assert.rejects(AclServer.start({ acl: { implicit_owner_rights: 'lz' } }));
  await assert.rejects(AclServer.start({ acl: { defaultacl: 'anyone lrs fred' } }), /rights are missing/);
  await assert.rejects(AclServer.start({ acl: { defaultacl: 'anyone lrz' } }), /z right/);
});

test('an administrator deletes what is another’s when he has given himself the right, and moves it without', async () => {
  await using server = await AclServer.start();
  await server.joes([]);
  await server.joes(['box']);
  const admin = await server.loggedIn('admin');
  assert.equal(await admin.said('DELETE user.joe.box'), denied);
  await admin.ok('RENAME user.joe.box user.joe.cox');
  assert.equal(await admin.said('SELECT user.joe.cox'), denied);
  await admin.ok('SETACL user.joe.cox admin c');
  assert.deepEqual(await told(admin, 'GETACL user.joe.cox'), [
    'ACL user.joe.cox joe lrswipkxtecdan admin kxc',
  ]);
  await admin.ok('DELETE user.joe.cox');
  assert.equal(await admin.said('DELETE user.joe'), denied);
});

test('without the commands lists hold all the same', async () => {
  await using server = await AclServer.start({ withoutCommands: true });
  await server.joes([], { fred: 'lr' });
  const fred = await server.loggedIn('fred');
  assert.doesNotMatch((await told(fred, 'CAPABILITY')).join(), /ACL|RIGHTS/);
  assert.match(await fred.said('GETACL user.joe'), /^BAD/);
  await fred.ok('SELECT user.joe');
  assert.equal(await fred.said('EXPUNGE'), denied);
});
