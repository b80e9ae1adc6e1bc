import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mailboxSettingKey, NumberSet, noFlags } from '@angarium/sdk';
import { far, mail, setUp } from './server.test.support.js';

test('a whole session: greeting, login, numbers, messages, deletion at QUIT', async () => {
  await using server = await setUp();
  const messages = [mail('one'), mail('two', '.dot\r\n..\r\nend\r\n'), mail('three')];
  const uids = await server.append(messages);
  const client = await server.connect();
  assert.equal(await client.command('USER fred'), '+OK Name is a valid mailbox');
  assert.equal(await client.command('PASS fred pw'), '+OK Maildrop locked and ready');
  const size = messages.reduce((sum, text) => sum + text.length, 0);
  assert.equal(await client.command('STAT'), `+OK 3 ${size}`);
  assert.deepEqual(
    await client.multi('LIST'),
    messages.map((text, i) => `${i + 1} ${text.length}`),
  );
  assert.equal(await client.command('LIST 2'), `+OK 2 ${messages[1]!.length}`);
  const { head } = await (await server.boxOf()).snapshot();
  assert.deepEqual(
    await client.multi('UIDL'),
    uids.map((uid, i) => `${i + 1} ${head.uidValidity}.${uid}`),
  );
  assert.equal(await client.command('UIDL 3'), `+OK 3 ${head.uidValidity}.${uids[2]}`);
  for (const [i, text] of messages.entries()) {
    assert.equal(`${(await client.multi(`RETR ${i + 1}`)).join('\r\n')}\r\n`, text);
  }
  assert.deepEqual(await client.multi('TOP 2 1'), ['From: a@example.org', 'Subject: two', '', '.dot']);
  assert.deepEqual(await client.multi('TOP 2 0'), ['From: a@example.org', 'Subject: two', '']);
  assert.equal(await client.command('DELE 2'), '+OK message deleted');
  assert.equal(await client.command('DELE 2'), '-ERR No such message');
  assert.equal(await client.command('RETR 2'), '-ERR No such message');
  assert.equal(await client.command('STAT'), `+OK 2 ${size - messages[1]!.length}`);
  assert.equal((await client.multi('LIST')).length, 2);
  assert.equal(await server.countOf(), 3, 'nothing goes before QUIT');
  assert.equal(await client.command('QUIT'), '+OK Goodbye');
  assert.equal(await server.countOf(), 2);
  await client.end();
});

test('RSET takes the marks away', async () => {
  await using server = await setUp();
  await server.append([mail('one'), mail('two')]);
  const client = await server.loggedIn();
  await client.command('DELE 1');
  await client.command('DELE 2');
  assert.equal(await client.command('STAT'), '+OK 0 0');
  assert.equal(await client.command('RSET'), '+OK');
  assert.match(await client.command('STAT'), /^\+OK 2 /);
  await client.command('QUIT');
  assert.equal(await server.countOf(), 2);
});

test('the end without QUIT deletes nothing, and frees the maildrop', async () => {
  await using server = await setUp();
  await server.append([mail('one')]);
  const client = await server.loggedIn();
  await client.command('DELE 1');
  client.halfClose();
  await client.end();
  const again = await server.loggedIn();
  assert.match(await again.command('STAT'), /^\+OK 1 /);
});

test('silence ends the session without a word, and deletes nothing', async () => {
  await using server = await setUp();
  await server.append([mail('one')]);
  const client = await server.loggedIn();
  await client.command('DELE 1');
  await server.clock.advance(10 * 60_000 + 1);
  assert.equal(await client.end(), '');
  assert.equal(await server.countOf(), 1);
});

test('two sessions on one maildrop: the second hears IN-USE, other maildrops are free', async () => {
  await using server = await setUp({ pop3: { subfolders: true } });
  await server.entryOf('fred', 'Work');
  const first = await server.loggedIn();
  const second = await server.connect();
  assert.match(await second.login(), /^-ERR \[IN-USE\] /);
  const wilma = await server.loggedIn('wilma');
  await wilma.command('QUIT');
  assert.match(await second.login('fred+Work', 'fred pw'), /^\+OK/, 'the same connection may try again');
  await first.command('QUIT');
  const third = await server.connect();
  assert.match(await third.login(), /^\+OK/, 'QUIT has freed it before it answers');
});

test('a lock is renewed for as long as the session lasts, and one whose holder has gone is taken over', async () => {
  await using server = await setUp();
  const client = await server.loggedIn();
  for (let i = 0; i < 20; i++) {
    await server.clock.advance(100_000);
    await client.command('NOOP');
  }
  const second = await server.connect();
  assert.match(await second.login(), /^-ERR \[IN-USE\] /);
});

test('names with a folder: the folder of the user and nobody else’s', async () => {
  await using server = await setUp({ pop3: { subfolders: true } });
  await server.append([mail('in Work')], 'fred', 'Work', 'Old');
  for (const name of ['fred+Work.Old', 'FRED+Work.Old']) {
    const client = await server.connect();
    assert.match(await client.login(name, 'fred pw'), /^\+OK/, name);
    assert.match(await client.command('STAT'), /^\+OK 1 /);
    await client.command('QUIT');
  }
  const sasl = await server.connect();
  const token = Buffer.from('fred+Work.Old\0fred\0fred pw').toString('base64');
  assert.match(await sasl.command(`AUTH PLAIN ${token}`), /^\+OK/);
  assert.match(await sasl.command('STAT'), /^\+OK 1 /);
  const none = await server.connect();
  assert.match(await none.login('fred+Nowhere', 'fred pw'), /^-ERR \[SYS\/PERM\] There is no such maildrop/);
  assert.match(await none.login('fred+Work.Old', 'wrong'), /^-ERR \[AUTH\] /);
  await using plain = await setUp();
  const off = await plain.connect();
  assert.match(await off.login('fred+Work.Old', 'fred pw'), /^-ERR \[AUTH\] /, 'off by default');
});

test('passwords in the clear only where they may travel', async () => {
  await using server = await setUp({ authentication: { allowPlaintext: false } });
  const client = await server.connect(far);
  const capabilities = await client.multi('CAPA');
  assert.ok(!capabilities.includes('USER') && !capabilities.some((line) => line.startsWith('SASL')));
  assert.match(await client.command('USER fred'), /^-ERR \[AUTH\] .*STLS/);
  assert.match(await client.command('PASS fred pw'), /^-ERR \[AUTH\] .*STLS/);
  assert.match(await client.command('AUTH PLAIN AGZyZWQAZnJlZCBwdw=='), /^-ERR \[AUTH\] /);
  const near = await server.loggedIn();
  await near.command('QUIT');
});

test('CAPA says what holds in each state', async () => {
  await using server = await setUp({ pop3: { minPoll: 2, expireDays: 30 } });
  const client = await server.connect();
  const before = await client.multi('CAPA');
  assert.ok(before.includes('SASL PLAIN LOGIN') && before.includes('USER'), before.join());
  for (const word of ['EXPIRE 30', 'LOGIN-DELAY 120', 'TOP', 'UIDL', 'PIPELINING', 'RESP-CODES', 'LANG'])
    assert.ok(before.includes(word), word);
  await client.login();
  const after = await client.multi('CAPA');
  assert.deepEqual(
    after,
    before.filter((word) => word !== 'USER' && !word.startsWith('SASL')),
  );
});

test('AUTH: initial response, challenge, cancel, garbage, list', async () => {
  await using server = await setUp();
  const client = await server.connect();
  const token = Buffer.from('\0fred\0fred pw').toString('base64');
  assert.deepEqual(await client.multi('AUTH'), ['PLAIN', 'LOGIN']);
  assert.equal(await client.command('AUTH PLAIN'), '+ ');
  assert.equal(await client.command('*'), '-ERR Authentication cancelled');
  assert.match(await client.command('AUTH PLAIN ???'), /^-ERR Malformed/);
  assert.match(await client.command('AUTH NONE'), /^-ERR /);
  assert.match(await client.command('AUTH PLAIN AGZyZWQAd3Jvbmc='), /^-ERR \[AUTH\] Authentication failed/);
  assert.equal(await client.command('AUTH plain'), '+ ');
  assert.match(await client.command(token), /^\+OK/);
  assert.match(await client.command(`AUTH PLAIN ${token}`), /^-ERR You have logged in already/);
});

test('wrong order, wrong arguments, wrong names', async () => {
  await using server = await setUp();
  await server.append([mail('one')]);
  const client = await server.connect();
  assert.equal(await client.command('STAT'), '-ERR Log in first');
  assert.equal(await client.command('PASS x'), '-ERR Give USER first');
  assert.match(await client.command('USER'), /^-ERR Name expected/);
  await client.login('nobody', 'x');
  assert.equal(await client.command('PASS x'), '-ERR Give USER first', 'a failed login begins anew');
  assert.match(
    await client.command('APOP fred 0123456789abcdef0123456789abcdef'),
    /^-ERR APOP is not offered/,
  );
  assert.match(await client.login(), /^\+OK/);
  for (const line of [
    'LIST x',
    'LIST 1 2',
    'RETR',
    'RETR -1',
    'TOP 1',
    'TOP 1 x',
    'DELE',
    'NOOP x',
    'FOO',
    '',
  ])
    assert.match(await client.command(line), /^-ERR /, line);
  for (const line of ['LIST 0', 'LIST 2', 'RETR 4294967295', 'TOP 9 9', 'DELE 0', 'UIDL 7'])
    assert.equal(await client.command(line), '-ERR No such message', line);
  assert.equal(await client.command('noop'), '+OK');
});

test('APOP, where passwords are kept and it is wanted', async () => {
  const { createHash } = await import('node:crypto');
  const digest = (text: string) => createHash('md5').update(text).digest('hex');
  await using server = await setUp({ pop3: { apop: true }, plainSecrets: true });
  const client = await server.kernel.connect('pop3');
  const { PopClient } = await import('./server.test.support.js');
  const pop = new PopClient(client);
  const [, timestamp = ''] = /(<[^>]+>)$/.exec(await pop.line()) ?? [];
  assert.match(timestamp, /^<.+@.+>$/);
  assert.ok(!(await pop.multi('CAPA')).join().includes('APOP'));
  assert.match(await pop.command(`APOP fred ${digest(`${timestamp}wrong`)}`), /^-ERR \[AUTH\]/);
  assert.match(await pop.command(`AUTH APOP`), /^-ERR /);
  assert.match(await pop.command(`APOP fred ${digest(`${timestamp}fred pw`)}`), /^\+OK/);
});

test('names and passwords in UTF-8', async () => {
  await using server = await setUp();
  const client = await server.connect();
  const utf8 = (text: string) => Buffer.from(text, 'utf8').latin1Slice();
  assert.match(await client.login(utf8('jörg'), utf8('jörg pw')), /^\+OK/);
  const other = await server.connect();
  assert.match(await other.command('USER j\xf6rg'), /^-ERR .*UTF-8/);
});

test('LANG', async () => {
  await using server = await setUp({ pop3: { language: 'de' } });
  const client = await server.connect();
  assert.deepEqual(await client.multi('LANG'), ['en English', 'de Deutsch', 'fr Fran\xc3\xa7ais']);
  assert.equal(await client.command('NOOP'), '-ERR Zuerst anmelden');
  assert.match(await client.command('LANG MUL'), /^-ERR /);
  assert.equal(await client.command('LANG en-GB'), '+OK en Language changed');
  assert.equal(await client.command('NOOP'), '-ERR Log in first');
  assert.equal(await client.command('LANG *'), '+OK de Die Sprache ist gewechselt');
});

test('mail that comes, and mail that goes by IMAP, during a session', async () => {
  await using server = await setUp();
  const uids = await server.append([mail('one'), mail('two'), mail('three')]);
  const client = await server.loggedIn();
  await server.append([mail('four')]);
  const box = await server.boxOf();
  await box.expunge(NumberSet.fromAscending([uids[1]!]), { onlyDeleted: false });
  assert.match(await client.command('STAT'), /^\+OK 3 /);
  assert.equal((await client.multi('UIDL')).length, 3);
  const reply = await client.command('RETR 2');
  if (reply.startsWith('+OK')) await client.until(/^\.$/);
  else assert.match(reply, /^-ERR \[SYS\/PERM\]/);
  assert.equal((await client.multi('RETR 3'))[1], 'Subject: three');
  await client.command('DELE 1');
  await client.command('DELE 2');
  assert.equal(await client.command('QUIT'), '+OK Goodbye');
  assert.equal(await server.countOf(), 2, 'three and four');
});

test('useImapFlags: \\Deleted is hidden, what was fetched is \\Seen', async () => {
  await using server = await setUp({ pop3: { useImapFlags: true } });
  const uids = await server.append([mail('one'), mail('two'), mail('three')]);
  const box = await server.boxOf();
  await box.updateFlags(NumberSet.fromAscending([uids[0]!]), { ...noFlags, mode: 'add', system: 8 });
  const client = await server.loggedIn();
  assert.match(await client.command('STAT'), /^\+OK 2 /);
  assert.equal((await client.multi('RETR 1'))[1], 'Subject: two');
  client.halfClose();
  await client.end();
  const flags: number[] = [];
  for (const chunk of (await box.snapshot()).chunks) flags.push(...chunk.flags.subarray(0, chunk.count));
  assert.deepEqual(flags, [8, 1, 0]);
});

test('pop3showafter hides what came before; pop3newuidl', async () => {
  await using server = await setUp();
  await server.append([mail('old')]);
  await server.clock.advance(3_600_000);
  const entry = await server.entryOf();
  const attributes = {
    [mailboxSettingKey('pop3showafter')]: String(Math.floor(server.clock.now() / 1000)),
    [mailboxSettingKey('pop3newuidl')]: 'false',
  };
  await server.store.catalogue.change(entry.id, { attributes });
  const [uid] = await server.append([mail('new')]);
  const client = await server.loggedIn();
  assert.equal((await client.multi('RETR 1'))[1], 'Subject: new');
  assert.equal(await client.command('UIDL 1'), `+OK 1 ${uid}`);
  assert.match(await client.command('STAT'), /^\+OK 1 /);
});

test('LOGIN-DELAY: from login to login, with padding; sessions without QUIT do not count', async () => {
  await using server = await setUp({ pop3: { minPoll: 5, pollPadding: 2 } });
  const session = async () => {
    const client = await server.connect();
    const reply = await client.login();
    if (reply.startsWith('+OK')) await client.command('QUIT');
    return reply;
  };
  assert.match(await session(), /^\+OK/);
  assert.match(await session(), /^\+OK/);
  assert.match(await session(), /^-ERR \[LOGIN-DELAY\] Logins must be at least 5 minutes apart/);
  await server.clock.advance(5 * 60_000);
  const dropped = await server.loggedIn();
  dropped.halfClose();
  await dropped.end();
  assert.match(await session(), /^\+OK/);
  assert.match(await session(), /^-ERR \[LOGIN-DELAY\]/);
});

test('administrators have no maildrop, and anybody else gets one', async () => {
  await using server = await setUp();
  const admin = await server.connect();
  assert.match(await admin.login('admin'), /^-ERR \[SYS\/PERM\]/);
  const wilma = await server.loggedIn('wilma');
  assert.equal(await wilma.command('STAT'), '+OK 0 0');
  assert.deepEqual(await wilma.multi('LIST'), []);
});

test('rights are those of IMAP: r to open, t and e to delete; useAcl false asks nobody', async () => {
  const replies = async (rights: string, useAcl: boolean) => {
    await using server = await setUp({ pop3: { useAcl }, plugins: ['acl'] });
    await server.append([mail('one')]);
    const { id } = await server.entryOf();
    await server.store.catalogue.change(id, { acl: { fred: rights } });
    const client = await server.connect();
    const login = await client.login();
    return login.startsWith('+OK') ? await client.command('DELE 1') : login;
  };
  assert.match(await replies('l', true), /^-ERR \[SYS\/PERM\] You may not read/);
  assert.match(await replies('lr', true), /^-ERR \[SYS\/PERM\] You may not delete/);
  assert.match(await replies('lrt', true), /^-ERR \[SYS\/PERM\] You may not delete/);
  assert.match(await replies('lrte', true), /^\+OK/);
  assert.match(await replies('l', false), /^\+OK/);
});

test('five failed logins end the session', async () => {
  await using server = await setUp();
  const client = await server.connect();
  for (let i = 0; i < 5; i++) assert.match(await client.login('fred', 'wrong'), /^-ERR \[AUTH\]/);
  assert.equal(await client.end(), '');
});
