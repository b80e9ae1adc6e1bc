import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  MailError,
  METADATA_ENTRIES,
  mailboxSetting,
  personalMailbox,
  sharedMailbox,
  type UserId,
} from '@angarium/sdk';
import { type ImapTestClient, imapServer, letterPolicy } from '@angarium/testing';

const fred = 'fred' as UserId;
const CYRUS = '/shared/vendor/cmu/cyrus-imapd/';

/** Names of entries come in quotes, which are left out here to be read more easily. */
async function told(client: ImapTestClient, command: string): Promise<string[]> {
  const { untagged } = await client.ok(command);
  return untagged.map((line) => (line.startsWith('METADATA') ? line.replace(/"(\/[^" ]*)"/g, '$1') : line));
}

test('values are set, read, removed: strings, literals, binary, NIL (RFC 5464 §4.2, §4.3)', async () => {
  await using server = await imapServer(['imap-metadata']);
  const client = await server.loggedIn();
  await client.ok('SETMETADATA INBOX (/shared/comment "for all" /private/comment "mine \\"x\\"")');
  assert.deepEqual(await told(client, 'GETMETADATA INBOX (/Shared/COMMENT /private/comment /shared/none)'), [
    'METADATA INBOX (/shared/comment "for all" /private/comment "mine \\"x\\"" /shared/none NIL)',
  ]);
  await client.withLiterals('SETMETADATA INBOX (/private/comment ', Buffer.from('two\r\nlines'), ')');
  assert.deepEqual(await told(client, 'GETMETADATA INBOX /private/comment'), [
    'METADATA INBOX (/private/comment {10}\r\ntwo\r\nlines)',
  ]);
  await client.ok('SETMETADATA INBOX (/private/comment ~{3+}\r\na\0b)');
  assert.deepEqual(await told(client, 'GETMETADATA INBOX "/private/comment"'), [
    'METADATA INBOX (/private/comment ~{3}\r\na\0b)',
  ]);
  await client.ok('SETMETADATA INBOX (/private/comment NIL)');
  assert.deepEqual(await told(client, 'GETMETADATA INBOX /private/comment'), [
    'METADATA INBOX (/private/comment NIL)',
  ]);
});

test('MAXSIZE and DEPTH, before and behind the mailbox (RFC 5464 §4.2.1, §4.2.2)', async () => {
  await using server = await imapServer(['imap-metadata']);
  const client = await server.loggedIn();
  await client.ok(
    'SETMETADATA INBOX (/private/filters/values/small "SMALLER 5000" /private/filters/values/boss "b")',
  );
  await client.ok('SETMETADATA INBOX (/private/filters "top" /private/filters/values/boss/deep "x")');
  const boss = '/private/filters/values/boss "b"';
  const small = '/private/filters/values/small "SMALLER 5000"';
  const deep = '/private/filters/values/boss/deep "x"';
  const top = '/private/filters/values NIL';
  for (const [args, expected] of [
    ['(DEPTH 1) INBOX (/private/filters/values)', `${top} ${boss} ${small}`],
    ['INBOX (DEPTH 1) /private/filters/values', `${top} ${boss} ${small}`],
    ['(DEPTH 0) INBOX /private/filters/values/boss', boss],
    ['(DEPTH infinity) INBOX /private/filters/values', `${top} ${boss} ${deep} ${small}`],
    ['(DEPTH infinity MAXSIZE 3) INBOX /private', `/private NIL /private/filters "top" ${boss} ${deep}`],
  ]) {
    assert.deepEqual(await told(client, `GETMETADATA ${args}`), [`METADATA INBOX (${expected})`], args);
  }
  assert.equal(
    await client.said('GETMETADATA INBOX (MAXSIZE 3) (/private/filters/values/small /private/filters)'),
    'OK [METADATA LONGENTRIES 12] Completed',
  );
  const { untagged } = await client.ok('GETMETADATA (MAXSIZE 1) INBOX /private/filters');
  assert.deepEqual(untagged, []);
});

test('all below by a wildcard, as cyradm asks; names in quotes, as Cyrus answers', async () => {
  await using server = await imapServer(['imap-metadata']);
  const client = await server.loggedIn();
  await client.ok('SETMETADATA INBOX (/private/comment "a" /private/vendor/x/y "b")');
  assert.deepEqual((await client.ok('GETMETADATA INBOX ("/private/*")')).untagged, [
    'METADATA INBOX ("/private/comment" "a" "/private/specialuse" NIL "/private/vendor/x/y" "b")',
  ]);
  assert.deepEqual((await client.ok('GETMETADATA INBOX /private/%')).untagged, [
    'METADATA INBOX ("/private/comment" "a" "/private/specialuse" NIL)',
  ]);
  // What could be set is there without a value.
  assert.deepEqual((await client.ok('GETMETADATA INBOX "/shared/%"')).untagged, [
    'METADATA INBOX ("/shared/comment" NIL)',
  ]);
  const { untagged } = await client.ok(`GETMETADATA INBOX "${CYRUS}*"`);
  assert.match(untagged[0]!, /cyrus-imapd\/expire" NIL .*cyrus-imapd\/sharedseen" "false"/);
  assert.doesNotMatch(untagged[0]!, /cyrus-imapd" NIL/);
});

test('what is no name or no grammar is BAD', async () => {
  await using server = await imapServer(['imap-metadata']);
  const client = await server.loggedIn();
  for (const wrong of [
    'GETMETADATA',
    'GETMETADATA INBOX',
    'GETMETADATA INBOX ()',
    'GETMETADATA INBOX /comment',
    'GETMETADATA INBOX /shared/',
    'GETMETADATA INBOX /shared//a',
    'GETMETADATA INBOX "/shared/*/a"',
    'GETMETADATA INBOX "/shared/a*"',
    'GETMETADATA INBOX "*"',
    'SETMETADATA INBOX ("/shared/*" "x")',
    'GETMETADATA INBOX /sharedness/a',
    'GETMETADATA (DEPTH 2) INBOX /shared',
    'GETMETADATA (DEPTH) INBOX /shared',
    'GETMETADATA (MAXSIZE x) INBOX /shared',
    'GETMETADATA (OTHER 1) INBOX /shared',
    'GETMETADATA (DEPTH 1) INBOX (DEPTH 1) /shared',
    'GETMETADATA INBOX (DEPTH 1 /shared) /shared',
    'SETMETADATA INBOX',
    'SETMETADATA INBOX ()',
    'SETMETADATA INBOX /shared/comment "x"',
    'SETMETADATA INBOX (/shared/comment)',
    'SETMETADATA INBOX (/shared/comment atom)',
    'SETMETADATA INBOX (/shared/a* "x")',
    `GETMETADATA INBOX (${'/shared/a '.repeat(1000)}/shared/b)`,
  ]) {
    assert.match(await client.said(wrong), /^BAD/, wrong.slice(0, 80));
  }
  assert.match(await client.said('GETMETADATA none /shared/comment'), /^NO \[NONEXISTENT\]/);
  assert.match(await client.said('SETMETADATA user.joe (/shared/comment "x")'), /^NO \[NONEXISTENT\]/);
});

test('limits are announced and kept, and a refused command changes nothing (RFC 5464 §4.3)', async () => {
  await using server = await imapServer([
    { name: 'imap-metadata', config: { maxValueBytes: 1024, maxEntries: 10 } },
  ]);
  const client = await server.loggedIn();
  const big = Buffer.alloc(1025, 'x');
  const { status, text } = await client.withLiterals(
    'SETMETADATA INBOX (/shared/comment "small" /private/comment ',
    big,
    ')',
  );
  assert.equal(`${status} ${text}`, 'NO [METADATA MAXSIZE 1024] The value is too big');
  await client.withLiterals('SETMETADATA INBOX (/private/comment ', big.subarray(1), ')');
  for (let i = 1; i < 10; i++) await client.ok(`SETMETADATA INBOX (/private/vendor/a/n${i} "x")`);
  assert.equal(
    await client.said('SETMETADATA INBOX (/shared/comment "x" /private/vendor/a/n10 "x")'),
    'NO [METADATA TOOMANY] There are too many entries',
  );
  assert.deepEqual(await told(client, 'GETMETADATA INBOX /shared/comment'), [
    'METADATA INBOX (/shared/comment NIL)',
  ]);
  await client.ok('SETMETADATA INBOX (/private/vendor/a/n1 NIL /private/vendor/a/n10 "x")');
  await client.ok('SETMETADATA INBOX (/private/vendor/a/n2 "other")');
});

test('rights (RFC 5464 §3.3): readers read and have their own, writers write what is shared', async () => {
  await using server = await imapServer(['imap-metadata', letterPolicy]);
  const news = { fred: 'lr', joe: 'lrw', ann: 'l', bob: 'lra', sue: 'p' };
  await server.store.catalogue.create(sharedMailbox(['news']), { acl: news });
  const client = await server.loggedIn('fred');
  await client.ok('SETMETADATA news (/private/comment "mine")');
  assert.match(await client.said('SETMETADATA news (/shared/comment "x")'), /^NO \[NOPERM\]/);
  const joe = await server.loggedIn('joe');
  await joe.ok('SETMETADATA news (/shared/comment "joe’s")'.replace('’', "'"));
  assert.deepEqual(await told(client, 'GETMETADATA news (/shared/comment /private/comment)'), [
    `METADATA news (/shared/comment "joe's" /private/comment "mine")`,
  ]);
  assert.deepEqual(await told(joe, 'GETMETADATA news /private/comment'), [
    'METADATA news (/private/comment NIL)',
  ]);
  assert.match(await joe.said(`SETMETADATA news (${CYRUS}expire "3")`), /^NO \[NOPERM\]/);
  const bob = await server.loggedIn('bob');
  await bob.ok(`SETMETADATA news (${CYRUS}expire "3")`);
  const ann = await server.loggedIn('ann');
  assert.match(await ann.said('GETMETADATA news /shared/comment'), /^NO \[NOPERM\]/);
  const sue = await server.loggedIn('sue');
  assert.match(await sue.said('GETMETADATA news /shared/comment'), /^NO \[NONEXISTENT\]/);
  const admin = await server.loggedIn('admin');
  await admin.ok('SETMETADATA news (/shared/comment "by admin")');
});

test('the server’s entries: everybody reads, administrators set; private ones are each user’s', async () => {
  await using server = await imapServer([
    { name: 'imap-metadata', config: { admin: 'mailto:root@example.org' } },
  ]);
  const client = await server.loggedIn();
  const admin = await server.loggedIn('admin');
  assert.match(await client.said('SETMETADATA "" (/shared/comment "x")'), /^NO \[NOPERM\]/);
  await admin.ok('SETMETADATA "" (/shared/comment "hello")');
  assert.match(await admin.said('SETMETADATA "" (/shared/admin "x")'), /^NO \[NOPERM\]/);
  await client.ok('SETMETADATA "" (/private/vendor/a/b "x")');
  assert.deepEqual(await told(client, 'GETMETADATA (DEPTH infinity) "" (/shared /private)'), [
    'METADATA "" (/shared NIL /shared/admin "mailto:root@example.org" /shared/comment "hello"' +
      ' /private NIL /private/vendor/a/b "x")',
  ]);
  assert.deepEqual(await told(admin, 'GETMETADATA "" /private/vendor/a/b'), [
    'METADATA "" (/private/vendor/a/b NIL)',
  ]);
});

test('Cyrus’s entries: what is set holds, what is told is so, wrong values are refused', async () => {
  await using server = await imapServer(['imap-metadata']);
  const client = await server.loggedIn();
  const admin = await server.loggedIn('admin');
  await client.append('INBOX', 'Subject: x\r\n\r\n12345\r\n');
  await admin.ok(
    `SETMETADATA user.fred (${CYRUS}expire "1d12h" ${CYRUS}sharedseen "true" ${CYRUS}squat "true")`,
  );
  const inbox = (await server.store.catalogue.find(personalMailbox(fred)))!;
  assert.equal(mailboxSetting(inbox, 'expire'), '1d12h');
  assert.equal(inbox.sharedSeen, true);
  const words = ['expire', 'sharedseen', 'duplicatedeliver', 'pop3newuidl', 'size', 'partition', 'uniqueid'];
  assert.deepEqual(await told(client, `GETMETADATA INBOX (${words.map((word) => CYRUS + word).join(' ')})`), [
    `METADATA INBOX (${CYRUS}expire "1d12h" ${CYRUS}sharedseen "true" ${CYRUS}duplicatedeliver "false"` +
      ` ${CYRUS}pop3newuidl "true" ${CYRUS}size "21" ${CYRUS}partition "default" ${CYRUS}uniqueid "${inbox.id}")`,
  ]);
  const [line = ''] = await told(client, `GETMETADATA INBOX ${CYRUS}lastupdate`);
  assert.match(line, /"\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d \+0000"|" \d-/);
  for (const refused of [
    `(${CYRUS}expire "never")`,
    `(${CYRUS}squat "maybe")`,
    `(${CYRUS}size "1")`,
    `(${CYRUS}uniqueid NIL)`,
    `(${CYRUS}unheard-of "1")`,
    '(/shared/vendor/x "too high up")',
    '(/shared "x")',
    '(/private/specialuse "\\\\Sent")',
  ]) {
    assert.match(await client.said(`SETMETADATA INBOX ${refused}`), /^NO \[/, refused);
  }
  await client.ok(`SETMETADATA INBOX (${CYRUS}expire NIL)`);
  assert.equal(
    mailboxSetting((await server.store.catalogue.find(personalMailbox(fred)))!, 'expire'),
    undefined,
  );
});

test('/private/specialuse is what LIST tells (RFC 6154 §5.4)', async () => {
  await using server = await imapServer(['imap-metadata']);
  const client = await server.loggedIn();
  await client.ok('CREATE INBOX.Old (USE (\\Drafts))');
  await client.ok('CREATE INBOX.New');
  await client.ok('SETMETADATA INBOX.New (/private/specialuse "\\\\Drafts")');
  assert.deepEqual(await told(client, 'LIST (SPECIAL-USE) "" *'), [
    'LIST (\\HasNoChildren \\Drafts) "." INBOX.New',
  ]);
  assert.deepEqual(await told(client, 'GETMETADATA INBOX.New /private/specialuse'), [
    'METADATA INBOX.New (/private/specialuse "\\\\Drafts")',
  ]);
});

test('plugins declare entries', async () => {
  await using server = await imapServer(['imap-metadata']);
  let colour: string | undefined;
  using _ = server.kernel.get(METADATA_ENTRIES).add({
    name: '/shared/vendor/test/colour',
    of: 'mailbox',
    read: () => colour,
    check(value) {
      if (value === 'grey') throw new MailError('CANNOT', 'Not a colour');
    },
    async write(value) {
      colour = value;
    },
  });
  const client = await server.loggedIn();
  assert.match(
    await client.said('SETMETADATA INBOX (/shared/comment "x" /shared/vendor/test/colour "grey")'),
    /^NO \[CANNOT\] Not a colour/,
  );
  await client.ok('SETMETADATA INBOX (/shared/vendor/test/colour "red")');
  assert.deepEqual(await told(client, 'GETMETADATA (DEPTH infinity) INBOX /shared/vendor/test'), [
    'METADATA INBOX (/shared/vendor/test NIL /shared/vendor/test/colour "red")',
  ]);
  assert.deepEqual(await told(client, 'GETMETADATA INBOX /shared/comment'), [
    'METADATA INBOX (/shared/comment NIL)',
  ]);
});

test('entries follow a rename and go with their mailbox (RFC 5464 §4.1)', async () => {
  await using server = await imapServer(['imap-metadata']);
  const client = await server.loggedIn();
  await client.ok('CREATE INBOX.a');
  await client.ok('SETMETADATA INBOX.a (/shared/comment "x")');
  await client.ok('RENAME INBOX.a INBOX.b');
  assert.deepEqual(await told(client, 'GETMETADATA INBOX.b /shared/comment'), [
    'METADATA INBOX.b (/shared/comment "x")',
  ]);
  await client.ok('SETMETADATA INBOX (/private/comment "kept")');
  await client.ok('RENAME INBOX INBOX.old');
  for (const name of ['INBOX', 'INBOX.old']) {
    assert.deepEqual(await told(client, `GETMETADATA ${name} /private/comment`), [
      `METADATA ${name} (/private/comment "kept")`,
    ]);
  }
  await client.ok('DELETE INBOX.b');
  await client.ok('CREATE INBOX.b');
  assert.deepEqual(await told(client, 'GETMETADATA INBOX.b /shared/comment'), [
    'METADATA INBOX.b (/shared/comment NIL)',
  ]);
});

test('LIST-METADATA (RFC 9590)', async () => {
  await using server = await imapServer(['imap-metadata']);
  const client = await server.loggedIn();
  await client.ok('CREATE INBOX.a');
  await client.ok('SETMETADATA INBOX.a (/shared/comment "x")');
  assert.deepEqual(await told(client, 'LIST "" * RETURN (METADATA (/shared/comment))'), [
    'LIST (\\HasChildren) "." INBOX',
    'METADATA INBOX (/shared/comment NIL)',
    'LIST (\\HasNoChildren) "." INBOX.a',
    'METADATA INBOX.a (/shared/comment "x")',
  ]);
  for (const wrong of ['METADATA', 'METADATA ()', 'METADATA /shared/comment', 'METADATA (/comment)'])
    assert.match(await client.said(`LIST "" * RETURN (${wrong})`), /^BAD/, wrong);
});

test('ENABLE METADATA: names of what others have changed, and not one’s own (RFC 5464 §4.4.2)', async () => {
  await using server = await imapServer(['imap-metadata']);
  const client = await server.loggedIn();
  const other = await server.loggedIn();
  const joe = await server.loggedIn('joe');
  await client.ok('ENABLE METADATA');
  await client.ok('SETMETADATA INBOX (/shared/comment "own")');
  await joe.ok('SETMETADATA INBOX (/shared/comment "x")');
  await other.ok('SETMETADATA INBOX (/shared/comment "new" /private/comment "y")');
  assert.equal(await client.response(), '* METADATA INBOX /shared/comment');
  assert.equal(await client.response(), '* METADATA INBOX /private/comment');
  await other.ok(`SETMETADATA INBOX (${CYRUS}expire "3")`);
  assert.equal(await client.response(), `* METADATA INBOX ${CYRUS}expire`);
  const admin = await server.loggedIn('admin');
  await admin.ok('SETMETADATA "" (/shared/comment "x")');
  assert.equal(await client.response(), '* METADATA "" /shared/comment');
  assert.deepEqual(await told(other, 'NOOP'), []);
  assert.deepEqual(server.faults, []);
});

test('GETANNOTATION and SETANNOTATION are the same entries', async () => {
  await using server = await imapServer(['imap-metadata']);
  const client = await server.loggedIn();
  await client.ok('SETANNOTATION INBOX "/comment" ("value.priv" "mine" "value.shared" "all")');
  assert.deepEqual(await told(client, 'GETMETADATA INBOX (/private/comment /shared/comment)'), [
    'METADATA INBOX (/private/comment "mine" /shared/comment "all")',
  ]);
  assert.deepEqual(await told(client, 'GETANNOTATION INBOX "/comment" "value.shared"'), [
    'ANNOTATION INBOX "/comment" ("value.shared" "all")',
  ]);
  assert.deepEqual(await told(client, 'GETANNOTATION INBOX "/comm%" ("value" "size.priv")'), [
    'ANNOTATION INBOX "/comment" ("value.priv" "mine" "value.shared" "all" "size.priv" "4")',
  ]);
  const vendor = '/vendor/cmu/cyrus-imapd/';
  assert.deepEqual(await told(client, `GETANNOTATION "INBOX" ("${vendor}s*" "/none") value.shared`), [
    `ANNOTATION INBOX "${vendor}sharedseen" ("value.shared" "false")`,
    `ANNOTATION INBOX "${vendor}size" ("value.shared" "0")`,
    'ANNOTATION INBOX "/none" ("value.shared" NIL)',
  ]);
  await client.ok('SETANNOTATION INBOX ("/comment" ("value.shared" NIL))');
  assert.deepEqual(await told(client, 'GETANNOTATION * "/comment" "value.*"'), [
    'ANNOTATION INBOX "/comment" ("value.priv" "mine" "value.shared" NIL)',
  ]);
  assert.match(
    await client.said(`SETANNOTATION INBOX "${vendor}size" ("value.shared" "3")`),
    /^NO \[NOPERM\]/,
  );
  for (const wrong of [
    'GETANNOTATION INBOX "/comment"',
    'SETANNOTATION INBOX "/comment" ("value" "x")',
    'SETANNOTATION INBOX "comment" ("value.priv" "x")',
    'SETANNOTATION INBOX "/c*" ("value.priv" "x")',
    'SETANNOTATION INBOX "/comment" ()',
  ])
    assert.match(await client.said(wrong), /^BAD/, wrong);
  await using without = await imapServer([{ name: 'imap-metadata', config: { annotatemore: false } }]);
  const plain = await without.loggedIn();
  assert.match(await plain.said('GETANNOTATION INBOX "/comment" "value"'), /^BAD/);
});
