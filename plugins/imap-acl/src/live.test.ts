/** Rights that change while a mailbox is open, and mailboxes that go from under a session. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { personalMailbox, sharedMailbox, type UserId } from '@angarium/sdk';
import type { ImapTestClient } from '@angarium/testing';
import { AclServer, denied, letter, missing, told } from './server.test.support.js';

interface Scene {
  readonly server: AclServer;
  readonly joe: ImapTestClient;
  /** Has joe's INBOX.box selected, with two messages in it. */
  readonly fred: ImapTestClient;
}

async function scene(rights: string): Promise<Scene> {
  const server = await AclServer.start();
  await server.joes([]);
  await server.joes(['box'], { fred: rights });
  const [joe, fred] = [await server.loggedIn('joe'), await server.loggedIn('fred')];
  for (const subject of ['one', 'two']) await joe.append('INBOX.box', letter(subject));
  await fred.ok('SELECT user.joe.box');
  return { server, joe, fred };
}

test('the next command goes by the new rights, and new PERMANENTFLAGS are told (RFC 4314 §5.1.1)', async () => {
  const { server, joe, fred } = await scene('lrswite');
  await using _ = server;
  await joe.ok('SETACL INBOX.box fred lrs');
  const { untagged, status, text } = await fred.command('STORE 1 +FLAGS (\\Flagged)');
  assert.deepEqual(untagged, [
    'FLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen)',
    'OK [PERMANENTFLAGS (\\Seen)] Flags permitted',
  ]);
  assert.equal(`${status} ${text}`, denied);
  assert.equal(await fred.said('EXPUNGE'), denied);
  await fred.ok('STORE 1 +FLAGS.SILENT (\\Seen)');
  await joe.ok('SETACL INBOX.box fred +w');
  assert.deepEqual(await told(fred, 'NOOP'), [
    'FLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen)',
    'OK [PERMANENTFLAGS (\\Answered \\Flagged \\Draft \\Seen \\*)] Flags permitted',
  ]);
  await joe.ok('SETACL INBOX.box fred +ia');
  assert.deepEqual(await told(fred, 'NOOP'), [], 'no flag of it has changed');
  await joe.ok('SETACL INBOX.box jane lr');
  assert.deepEqual(await told(fred, 'NOOP'), []);
});

test('the client’s own SETACL holds for its own next command', async () => {
  const { server, fred } = await scene('lrswitea');
  await using _ = server;
  await fred.ok('SETACL user.joe.box fred -t');
  assert.equal(await fred.said('STORE 1 +FLAGS (\\Deleted)'), denied);
});

for (const command of [
  'NOOP',
  'FETCH 1 FLAGS',
  'UID FETCH 1 BODY[]',
  'STATUS user.joe.box (MESSAGES)',
  'LIST "" *',
]) {
  test(`whoever may not read any more is disconnected, before ${command} tells him anything`, async () => {
    const { server, joe, fred } = await scene('lrs');
    await using _ = server;
    await joe.ok('SETACL INBOX.box fred l');
    await joe.append('INBOX.box', letter('secret'));
    fred.start(command);
    assert.equal(await fred.response(), '* BYE The selected mailbox may not be read any more');
    assert.equal(await fred.end(), '');
    const again = await server.loggedIn('fred');
    assert.equal(await again.said('SELECT user.joe.box'), denied);
    await joe.ok('DELETEACL INBOX.box fred');
    assert.equal(await again.said('SELECT user.joe.box'), missing);
  });
}

test('he may leave the mailbox in peace, and CLOSE expunges no more than he may', async () => {
  for (const command of ['UNSELECT', 'CLOSE', 'SELECT INBOX', 'EXAMINE INBOX']) {
    const { server, joe, fred } = await scene('lrte');
    await using _ = server;
    await fred.ok('STORE 1 +FLAGS.SILENT (\\Deleted)');
    await joe.ok('SETACL INBOX.box fred lt');
    await fred.ok(command);
    await fred.ok('NOOP');
    assert.match((await told(joe, 'STATUS INBOX.box (MESSAGES)')).join(), /MESSAGES 2/);
  }
});

test('an idling session is told at once: of flags, and that it is over', async () => {
  const { server, joe, fred } = await scene('lrsw');
  await using _ = server;
  fred.start('IDLE');
  await fred.expect(/^\+ /);
  await joe.ok('SETACL INBOX.box fred lrs');
  assert.match(await fred.response(), /^\* FLAGS /);
  assert.equal(await fred.response(), '* OK [PERMANENTFLAGS (\\Seen)] Flags permitted');
  await joe.ok('DELETEACL INBOX.box fred');
  assert.equal(await fred.response(), '* BYE The selected mailbox may not be read any more');
  assert.equal(await fred.end(), '');
});

test('a mailbox renamed while it is selected stays selected, under its new name', async () => {
  const { server, joe, fred } = await scene('lrs');
  await using _ = server;
  await joe.ok('RENAME INBOX.box INBOX.elsewhere');
  assert.deepEqual(await told(fred, 'NOOP'), []);
  await fred.ok('FETCH 1 FLAGS');
  assert.equal(await fred.said('STATUS user.joe.box (MESSAGES)'), missing);
  await joe.ok('SETACL INBOX.elsewhere fred l');
  fred.start('NOOP');
  assert.match(await fred.response(), /^\* BYE/);
});

test('its owner too goes by what it is now: given away by an administrator, it is not his', async () => {
  const { server, joe } = await scene('lrs');
  await using _ = server;
  await server.make(personalMailbox('jane' as UserId), {});
  const admin = await server.loggedIn('admin');
  await joe.ok('SELECT INBOX.box');
  await admin.ok('SETACL user.joe.box jane lrswipkxtea');
  await admin.ok('RENAME user.joe.box user.jane.box');
  await admin.ok('SETACL user.jane.box joe ""');
  joe.start('NOOP');
  assert.match(await joe.response(), /^\* BYE/);
});

test('a mailbox deleted while a session idles in it', async () => {
  const { server, joe, fred } = await scene('lrs');
  await using _ = server;
  fred.start('IDLE');
  await fred.expect(/^\+ /);
  await joe.ok('DELETE INBOX.box');
  assert.match(await fred.response(), /^\* BYE The selected mailbox has been deleted/);
  assert.equal(await fred.end(), '');
});

test('\\Seen is each reader’s own in what is another’s, and one for all with sharedseen', async () => {
  await using server = await AclServer.start();
  await server.make(sharedMailbox(['news']), { anyone: 'lrsi' });
  const [fred, jane] = [await server.loggedIn('fred'), await server.loggedIn('jane')];
  await fred.append('news', letter('one'));
  const flags = async (client: ImapTestClient) =>
    (await client.ok('NOOP')) &&
    (await told(client, 'UID FETCH 1 FLAGS')).join().replace(/^1 FETCH \(UID 1 FLAGS |\)$| ?\\Recent/g, '');
  for (const client of [fred, jane]) await client.ok('SELECT news');
  await fred.ok('STORE 1 +FLAGS (\\Seen)');
  assert.equal(await flags(fred), '(\\Seen)');
  assert.equal(await flags(jane), '()');
  assert.match((await told(jane, 'STATUS news (UNSEEN)')).join(), /UNSEEN 1/);
  const entry = await server.store.catalogue.find(sharedMailbox(['news']));
  await server.store.catalogue.change(entry!.id, { sharedSeen: true });
  for (const client of [fred, jane]) await client.ok('SELECT news');
  await jane.ok('STORE 1 +FLAGS (\\Seen)');
  assert.equal(await flags(fred), '(\\Seen)');
});
