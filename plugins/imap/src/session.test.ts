import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '@angarium/testing';
import { letter, TestServer } from './server.test.support.js';

const minute = 60_000;

test('the greeting tells what can be done before login, CAPABILITY what can be done now', async () => {
  await using server = await TestServer.start();
  const client = server.connect();
  const greeting = await client.line();
  assert.equal(
    greeting,
    '* OK [CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ ID ENABLE SASL-IR AUTH=PLAIN AUTH=TEST-ASK LIST-EXTENDED SPECIAL-USE CREATE-SPECIAL-USE LANGUAGE] test.example ready',
  );
  const login = await client.ok('LOGIN fred secret');
  const after = /^\[CAPABILITY (.*)\] Logged in$/.exec(login.text)?.[1];
  assert.deepEqual((await client.ok('CAPABILITY')).untagged, [`CAPABILITY ${after}`]);
  for (const word of [
    'IDLE',
    'NAMESPACE',
    'UIDPLUS',
    'MOVE',
    'CONDSTORE',
    'UNSELECT',
    'CHILDREN',
    'MULTIAPPEND',
  ]) {
    assert.ok(after?.split(' ').includes(word), word);
  }
  assert.ok(!/AUTH=|SASL-IR|STARTTLS|LOGINDISABLED/.test(after!));
});

test('without TLS LOGIN is disabled where passwords must not travel, and not even asked for', async () => {
  await using server = await TestServer.start();
  server.auth.allowsPlaintext = false;
  const client = server.connect();
  assert.match(
    await client.line(),
    /LITERAL\+ ID ENABLE LOGINDISABLED SASL-IR AUTH=TEST-ASK LIST-EXTENDED SPECIAL-USE CREATE-SPECIAL-USE LANGUAGE\]/,
  );
  assert.match((await client.command('LOGIN fred secret')).text, /^\[PRIVACYREQUIRED\]/);
  const refused = await client.withLiterals('LOGIN ', Buffer.from('fred'), ' ', Buffer.from('secret'));
  assert.match(refused.text, /^\[PRIVACYREQUIRED\]/);
});

test('LOGIN in all forms of strings', async () => {
  await using server = await TestServer.start();
  const forms = [
    'LOGIN fred secret',
    'LOGIN "fred" "secret"',
    'login {4+}\r\nfred {6+}\r\nsecret',
    'LOGIN {4+}\r\nfred "secret"',
  ];
  for (const form of forms) {
    const client = await server.greeted();
    assert.equal((await client.command(form)).status, 'OK', form);
    client.destroy();
  }
  const client = await server.greeted();
  assert.equal(
    (await client.withLiterals('LOGIN ', Buffer.from('fred'), ' ', Buffer.from('secret'))).status,
    'OK',
  );
});

test('a wrong password is NO, and a few of them end the session', async () => {
  await using server = await TestServer.start();
  const client = await server.greeted();
  for (let i = 0; i < 5; i++) {
    assert.equal((await client.command('LOGIN fred wrong')).text, '[AUTHENTICATIONFAILED] Login failed');
  }
  assert.equal(await client.line(), '* BYE Too many failed logins');
  await client.end();
});

test('AUTHENTICATE with and without initial response (RFC 4959)', async () => {
  await using server = await TestServer.start();
  const response = Buffer.from('\0fred\0secret').toString('base64');
  let client = await server.greeted();
  assert.equal((await client.command(`AUTHENTICATE PLAIN ${response}`)).status, 'OK');
  client = await server.greeted();
  client.sendLine('a authenticate plain');
  await client.expect(/^\+ $/);
  client.sendLine(response);
  await client.expect(/^a OK \[CAPABILITY /);
  client = await server.greeted();
  client.sendLine('a AUTHENTICATE TEST-ASK');
  await client.expect(/^\+ c2F5IGl0$/);
  client.sendLine(Buffer.from('word').toString('base64'));
  await client.expect(/^\+ d2VsbCBzYWlk$/);
  client.sendLine('');
  await client.expect(/^a OK/);
  client = await server.greeted();
  assert.equal((await client.command('AUTHENTICATE PLAIN =')).status, 'NO');
  assert.equal((await client.command('AUTHENTICATE TEST-ASK =')).status, 'BAD');
  assert.equal((await client.command('AUTHENTICATE NONE')).status, 'NO');
  client.sendLine(`a AUTHENTICATE TEST-ASKED ${Buffer.from('word').toString('base64')}`);
  await client.expect(/^\+ d2VsbCBzYWlk$/);
  client.sendLine('');
  await client.expect(/^a OK/);
});

test('a client may give up several mechanisms in a row', async () => {
  await using server = await TestServer.start();
  const client = await server.greeted();
  for (let n = 1; n <= 5; n++) {
    client.sendLine('a AUTHENTICATE PLAIN');
    await client.expect(/^\+ $/);
    client.sendLine('*');
    await client.expect(/^a BAD .* cancelled/);
  }
  await client.expect(/^\* BYE Too many failed logins/);
});

test('AUTHENTICATE: cancelled, no base64, too long', async () => {
  await using server = await TestServer.start();
  for (const [answer, reply] of [
    ['*', /^a BAD .* cancelled/],
    ['&&&', /^a BAD .* not base64/],
    ['abc', /^a BAD .* not base64/],
    ['x'.repeat(100_000), /^a BAD .* too long/],
    [Buffer.from('\0fred\0wrong').toString('base64'), /^a NO \[AUTHENTICATIONFAILED\]/],
  ] as const) {
    const client = await server.greeted();
    client.sendLine('a AUTHENTICATE PLAIN');
    await client.expect(/^\+ $/);
    client.sendLine(answer);
    await client.expect(reply);
    assert.equal((await client.command('NOOP')).status, 'OK');
  }
  const client = await server.greeted();
  assert.equal((await client.command('AUTHENTICATE PLAIN abc')).status, 'BAD');
});

test('every command is refused in the states that it does not belong to', async () => {
  await using server = await TestServer.start();
  const anyState = ['CAPABILITY', 'NOOP', 'ID NIL'];
  const authenticated = [
    'SELECT INBOX',
    'EXAMINE INBOX',
    'CREATE INBOX.x',
    'DELETE INBOX.x',
    'RENAME INBOX.y INBOX.x',
    'SUBSCRIBE INBOX',
    'UNSUBSCRIBE INBOX',
    'LIST "" *',
    'LSUB "" *',
    'STATUS INBOX (MESSAGES)',
    'NAMESPACE',
    'ENABLE CONDSTORE',
    'APPEND INBOX {1+}\r\nx',
    'IDLE',
  ];
  const selected = [
    'CHECK',
    'CLOSE',
    'UNSELECT',
    'EXPUNGE',
    'SEARCH ALL',
    'FETCH 1 FLAGS',
    'UID FETCH 1 FLAGS',
    'STORE 1 FLAGS ()',
    'COPY 1 INBOX',
    'MOVE 1 INBOX',
    'UID EXPUNGE 1',
  ];
  for (const command of [...authenticated, ...selected]) {
    const client = await server.greeted();
    assert.match((await client.command(command)).text, /is not allowed before login/, command);
    client.destroy();
  }
  const client = await server.loggedIn();
  for (const command of [...selected, 'LOGIN fred secret', 'AUTHENTICATE PLAIN', 'STARTTLS']) {
    assert.equal((await client.command(command)).status, 'BAD', command);
  }
  for (const command of anyState) assert.equal((await client.command(command)).status, 'OK', command);
});

test('LOGOUT says BYE, then OK, then closes', async () => {
  await using server = await TestServer.start();
  for (const client of [await server.greeted(), await server.loggedIn(), await server.selected()]) {
    const { status, untagged } = await client.command('LOGOUT');
    assert.deepEqual([status, untagged], ['OK', ['BYE Logging out']]);
    assert.equal(await client.end(), '');
  }
});

test('a pipeline is answered in order, in few writes', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  const commands = Array.from({ length: 500 }, (_, i) => `p${i} ${i % 2 ? 'NOOP' : 'LIST "" INBOX'}\r\n`);
  let writes = 0;
  client.stream.on('data', () => writes++);
  client.send(commands.join(''));
  for (let i = 0; i < 500; i++) {
    if (i % 2 === 0) await client.expect(/^\* LIST /);
    await client.expect(new RegExp(`^p${i} OK`));
  }
  assert.ok(writes < 50, `${writes} writes`);
});

test('ID answers what is configured, and takes what RFC 2971 §3.3 allows', async () => {
  await using server = await TestServer.start({ imap: { id: { name: 'Angarium', vendor: 'Grüße' } } });
  const client = await server.greeted();
  assert.deepEqual((await client.ok('ID ("name" "x" "version" NIL)')).untagged, [
    'ID ("name" "Angarium" "vendor" {7}\r\nGr\xc3\xbc\xc3\x9fe)',
  ]);
  for (const wrong of ['ID', 'ID x', 'ID ("a")', 'ID ("a" "b" "c")', `ID ("${'f'.repeat(31)}" NIL)`]) {
    assert.equal((await client.command(wrong)).status, 'BAD', wrong);
    await client.ok('NOOP');
  }
  const many = Array.from({ length: 31 }, (_, i) => `"f${i}" NIL`).join(' ');
  assert.equal((await client.command(`ID (${many})`)).status, 'BAD');
  await client.ok('ID ()');
  await using silent = await TestServer.start({ imap: { id: {} } });
  assert.deepEqual((await (await silent.greeted()).ok('ID NIL')).untagged, ['ID NIL']);
});

test('ENABLE tells what it has enabled, and tells HIGHESTMODSEQ of the selected mailbox', async () => {
  await using server = await TestServer.start();
  const client = await server.selected();
  assert.deepEqual((await client.ok('ENABLE X-BOGUS condstore')).untagged, [
    'OK [HIGHESTMODSEQ 1] Highest',
    'ENABLED CONDSTORE',
  ]);
  assert.deepEqual((await client.ok('ENABLE CONDSTORE')).untagged, ['ENABLED']);
  assert.equal((await client.command('ENABLE')).status, 'BAD');
});

test('a silent client is logged out: 60 s before login, 30 min after', async () => {
  const clock = new ManualClock();
  await using server = await TestServer.start({ clock });
  const early = await server.greeted();
  const client = await server.loggedIn();
  await clock.advance(minute + 1000);
  assert.equal(await early.line(), '* BYE Autologout; idle for too long');
  await early.end();
  await clock.advance(28 * minute);
  await client.ok('NOOP');
  await clock.advance(29 * minute);
  await client.ok('NOOP');
  await clock.advance(31 * minute);
  assert.equal(await client.line(), '* BYE Autologout; idle for too long');
});

test('a server that drains says goodbye when nothing is going on', async () => {
  await using server = await TestServer.start();
  const idle = await server.selected();
  idle.sendLine('i IDLE');
  await idle.expect(/^\+ /);
  const client = await server.loggedIn();
  const busy = await server.loggedIn();
  busy.send('a APPEND INBOX {5}\r\n');
  await busy.expect(/^\+ /);
  for (const connection of server.kernel.connections) connection.beginDrain(() => {});
  assert.equal(await client.line(), '* BYE [UNAVAILABLE] Server shutting down');
  assert.equal(await idle.line(), '* BYE [UNAVAILABLE] Server shutting down');
  busy.send('hello\r\n');
  await busy.expect(/^a OK \[APPENDUID/);
  assert.equal(await busy.line(), '* BYE [UNAVAILABLE] Server shutting down');
  await busy.end();
});

test('a fault of ours is NO [SERVERBUG] to the client and a stack to the operator', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  const { catalogue } = server.store;
  catalogue.subscriptions = async () => {
    throw new TypeError('secret detail');
  };
  assert.equal(
    (await client.command('LSUB "" *')).text,
    '[SERVERBUG] Internal error, the server log has the details',
  );
  assert.match(server.faults.join(), /TypeError: secret detail/);
  await client.ok('NOOP');
});

test('a selected mailbox that somebody deletes ends the sessions that have it', async () => {
  await using server = await TestServer.start();
  const first = await server.loggedIn();
  await first.ok('CREATE INBOX.doomed');
  const second = await server.loggedIn();
  const idle = await server.loggedIn();
  for (const client of [first, second, idle]) await client.ok('SELECT INBOX.doomed');
  idle.sendLine('i IDLE');
  await idle.expect(/^\+ /);
  assert.deepEqual((await first.ok('DELETE INBOX.doomed')).untagged, []);
  assert.match((await first.command('CHECK')).text, /not allowed/);
  second.sendLine('x NOOP');
  assert.equal(await second.line(), '* BYE The selected mailbox has been deleted');
  assert.equal(await idle.line(), '* BYE The selected mailbox has been deleted');
  assert.deepEqual(server.faults, []);
});

test('an account gets its INBOX when it logs in, an administrator does not', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn('new');
  assert.deepEqual((await client.ok('LSUB "" *')).untagged, ['LSUB () "." INBOX']);
  await client.append('INBOX', letter('hello'));
  const admin = await server.loggedIn('admin');
  assert.equal((await admin.command('SELECT INBOX')).status, 'NO');
  assert.deepEqual((await admin.ok('LIST "" *')).untagged, ['LIST (\\HasNoChildren) "." user.new']);
  await using strict = await TestServer.start({ imap: { autocreateInbox: false } });
  assert.equal((await (await strict.loggedIn()).command('SELECT INBOX')).status, 'NO');
});
