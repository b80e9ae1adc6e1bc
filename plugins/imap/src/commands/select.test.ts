import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ACCESS_POLICY,
  type AccessPolicy,
  definePlugin,
  IMAP_EXTENSIONS,
  ownerPolicy,
  personalMailbox,
  provide,
  rightsFromLetters,
  type UserId,
} from '@angarium/sdk';
import { letter, TestServer } from '../server.test.support.js';

const joesBox = personalMailbox('joe' as UserId);

/** fred's rights on joe's INBOX. */
function granting(letters: string) {
  class Policy implements AccessPolicy {
    readonly mayCreate = ownerPolicy.mayCreate;
    readonly initialAcl = ownerPolicy.initialAcl;
    readonly rights: AccessPolicy['rights'] = (identity, entry) =>
      ownerPolicy.rights(identity, entry) | (entry.name.owner === 'joe' ? rightsFromLetters(letters) : 0);
  }
  return {
    name: 'granting',
    manifest: { provides: ['access-policy@1'] },
    definition: definePlugin({ provides: [provide(ACCESS_POLICY, Policy)] }),
  };
}

test('SELECT tells all that RFC 3501 §6.3.1 requires', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  await client.append('INBOX', letter('seen'), '\\Seen $Work');
  await client.append('INBOX', letter('unseen'));
  const { untagged, text } = await client.ok('SELECT inbox');
  const validity = untagged.find((line) => line.includes('UIDVALIDITY'));
  assert.deepEqual(untagged, [
    'FLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen $Work)',
    'OK [PERMANENTFLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen $Work \\*)] Flags permitted',
    '2 EXISTS',
    '2 RECENT',
    'OK [UNSEEN 2] First unseen',
    validity,
    'OK [UIDNEXT 3] Next UID',
    'OK [HIGHESTMODSEQ 3] Highest',
    'OK [MAILBOXID (box-1)] Ok',
  ]);
  assert.equal(text, '[READ-WRITE] Completed');
  const again = await client.ok('SELECT INBOX');
  assert.ok(again.untagged.includes('0 RECENT'));
});

test("EXAMINE is read-only and takes nobody's \\Recent (RFC 3501 §6.3.2)", async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  await client.append('INBOX', letter('x'));
  for (let i = 0; i < 2; i++) {
    const { untagged, text } = await client.ok('EXAMINE INBOX');
    assert.ok(untagged.includes('1 RECENT'));
    assert.ok(untagged.includes('OK [PERMANENTFLAGS ()] Flags permitted'));
    assert.equal(text, '[READ-ONLY] Completed');
  }
  assert.ok((await client.ok('SELECT INBOX')).untagged.includes('1 RECENT'));
});

test('a failed SELECT leaves no mailbox selected', async () => {
  await using server = await TestServer.start();
  const client = await server.selected();
  assert.match((await client.command('SELECT INBOX.none')).text, /^\[NONEXISTENT\]/);
  assert.match((await client.command('CHECK')).text, /not allowed/);
  await client.ok('SELECT INBOX');
  assert.equal((await client.command('SELECT INBOX (BOGUS)')).status, 'BAD');
  await client.ok('CHECK');
});

test('SELECT (CONDSTORE) enables (RFC 7162 §3.1.8)', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  const { untagged } = await client.ok('SELECT INBOX (CONDSTORE)');
  assert.equal(untagged.filter((line) => line.includes('HIGHESTMODSEQ')).length, 1);
  await client.append('INBOX', letter('x'));
  const { untagged: told } = await client.ok('STORE 1 +FLAGS (\\Seen)');
  assert.match(told.join(), /1 FETCH \(.*MODSEQ \(\d+\)/);
});

test('the mailbox that SELECT closes is said to be closed, CONDSTORE enabled or not (RFC 7162 §3.2.11)', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  const closed = 'OK [CLOSED] Previous mailbox closed';
  assert.ok(!(await client.ok('SELECT INBOX')).untagged.includes(closed));
  assert.equal((await client.ok('EXAMINE INBOX')).untagged[0], closed);
  assert.deepEqual((await client.command('SELECT INBOX.nope')).untagged, [closed]);
  assert.deepEqual((await client.command('SELECT INBOX.nope')).untagged, []);
});

test('rights decide what SELECT says', async () => {
  const cases: [string, string, string][] = [
    ['lr', 'OK [READ-ONLY] Completed', '()'],
    ['lrs', 'OK [READ-WRITE] Completed', '(\\Seen)'],
    ['lrwt', 'OK [READ-WRITE] Completed', '(\\Answered \\Flagged \\Draft \\Deleted \\*)'],
    ['r', 'OK [READ-ONLY] Completed', '()'],
    ['l', 'NO [NOPERM] Permission denied', ''],
    ['s', 'NO [NONEXISTENT] Mailbox does not exist', ''],
  ];
  for (const [letters, reply, flags] of cases) {
    await using server = await TestServer.start({ more: [granting(letters)] });
    await server.store.catalogue.create(joesBox);
    const client = await server.loggedIn();
    const { status, text, untagged } = await client.command('SELECT user.joe');
    assert.equal(`${status} ${text}`, reply, letters);
    if (flags !== '') assert.ok(untagged.includes(`OK [PERMANENTFLAGS ${flags}] Flags permitted`), letters);
  }
});

test('CLOSE expunges without a word, where that is allowed; UNSELECT does not (RFC 3501 §6.4.2, RFC 3691)', async () => {
  await using server = await TestServer.start();
  const client = await server.selected(3);
  const messages = async () => (await client.ok('STATUS INBOX (MESSAGES)')).untagged.join().match(/\d+/)![0];
  await client.ok('STORE 1 +FLAGS.SILENT (\\Deleted)');
  assert.deepEqual((await client.ok('UNSELECT')).untagged, []);
  assert.equal(await messages(), '3');
  await client.ok('EXAMINE INBOX');
  await client.ok('CLOSE');
  assert.equal(await messages(), '3');
  await client.ok('SELECT INBOX');
  assert.deepEqual((await client.ok('CLOSE')).untagged, []);
  assert.equal(await messages(), '2');
  assert.equal((await client.command('CLOSE')).status, 'BAD');
});

test('what changes is told at the end of any command, EXPUNGE not while numbers are in use (RFC 3501 §7.4.1)', async () => {
  await using server = await TestServer.start();
  const client = await server.selected(3);
  const other = await server.loggedIn();
  await other.ok('SELECT INBOX');
  await other.ok('STORE 1 +FLAGS.SILENT (\\Deleted)');
  await other.ok('EXPUNGE');
  await other.append('INBOX', letter('new'));
  assert.ok(!(await client.ok('FETCH 2 UID')).untagged.join().includes('EXPUNGE'));
  const { untagged } = await client.ok('NOOP');
  assert.ok(untagged.includes('1 EXPUNGE'));
  assert.deepEqual((await client.ok('NOOP')).untagged, []);
  assert.deepEqual((await client.ok('UID SEARCH ALL')).untagged, ['SEARCH 2 3 4']);
});

test('a parameter that fails leaves no mailbox selected', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  using _ = server.kernel.get(IMAP_EXTENSIONS).add({
    name: 'TEST',
    parameters: [
      {
        command: 'SELECT',
        name: 'FAIL',
        async onSelect(session) {
          assert.equal(session.state, 'selected');
          throw new Error('no');
        },
      },
    ],
  });
  assert.match((await client.command('SELECT INBOX (FAIL)')).text, /^\[SERVERBUG\]/);
  assert.equal((await client.command('CHECK')).status, 'BAD');
});
