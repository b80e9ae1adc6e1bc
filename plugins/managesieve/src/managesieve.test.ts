import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setUp } from './server.test.support.js';

const capabilities = [
  '"IMPLEMENTATION" "Angarium"',
  '"VERSION" "1.0"',
  '"SASL" "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN"',
  '"SIEVE" "envelope fileinto vacation"',
  '"NOTIFY" "mailto"',
  '"MAXREDIRECTS" "5"',
  '"LANGUAGE" "en"',
];

test('the greeting has the capabilities, OWNER comes with the login (RFC 5804 §1.7)', async () => {
  await using server = await setUp();
  const client = await server.connect();
  const lines = client.greeting.split('\n');
  assert.deepEqual(lines, [...capabilities, '"UNAUTHENTICATE"', 'OK']);
  assert.equal(await client.command('capability'), [...capabilities, '"UNAUTHENTICATE"', 'OK'].join('\n'));
  assert.equal(await client.logIn(), 'OK');
  assert.deepEqual((await client.command('CAPABILITY')).split('\n'), [
    ...capabilities,
    '"OWNER" "fred"',
    '"UNAUTHENTICATE"',
    'OK',
  ]);
});

test('a script is put, listed, read, activated, renamed, deleted (RFC 5804 §2.6 to §2.11)', async () => {
  await using server = await setUp();
  const client = await server.loggedIn();
  assert.equal(await client.command('LISTSCRIPTS'), 'OK');
  assert.equal(await client.command('PutScript "a" {7+}\r\nkeep;\r\n'), 'OK');
  assert.equal(await client.command('PUTSCRIPT "b" "stop;"'), 'OK');
  assert.equal(await client.command('SETACTIVE "a"'), 'OK');
  assert.equal(await client.command('LISTSCRIPTS'), '"a" ACTIVE\n"b"\nOK');
  assert.equal(await client.command('GETSCRIPT "a"'), '{7}\r\nkeep;\r\n\nOK');
  assert.equal(await client.command('DELETESCRIPT "a"'), 'NO (ACTIVE) "The active script cannot be deleted"');
  assert.equal(await client.command('RENAMESCRIPT "a" "b"'), 'NO (ALREADYEXISTS) "The name is taken"');
  assert.equal(await client.command('RENAMESCRIPT "a" "c"'), 'OK');
  assert.equal(await client.command('LISTSCRIPTS'), '"b"\n"c" ACTIVE\nOK');
  assert.equal(await client.command('SETACTIVE ""'), 'OK');
  assert.equal(await client.command('SETACTIVE {0+}\r\n'), 'OK');
  assert.equal(await client.command('DELETESCRIPT "c"'), 'OK');
  assert.equal(await client.command('DELETESCRIPT "busy"'), 'NO (TRYLATER) "Somebody else is at work"');
  for (const line of ['GETSCRIPT "c"', 'DELETESCRIPT "c"', 'SETACTIVE "c"', 'RENAMESCRIPT "c" "d"'])
    assert.equal(await client.command(line), 'NO (NONEXISTENT) "There is no script by that name"', line);
});

test('what a checker says reaches the client, and a bad script changes nothing (RFC 5804 §2.6, §2.12)', async () => {
  await using server = await setUp();
  const client = await server.loggedIn();
  await client.command('PUTSCRIPT "a" "keep;"');
  assert.equal(
    await client.command('PUTSCRIPT "a" {17+}\r\nerror\r\nx\r\n error'),
    'NO {72}\r\nline 1: "error" is there (column 1)\r\nline 3: "error" is there (column 2)',
  );
  assert.equal(await client.command('GETSCRIPT "a"'), '{5}\r\nkeep;\nOK');
  assert.match(await client.command('CHECKSCRIPT "no error"'), /^NO \{35\}\r\nline 1: "error" is there/);
  assert.match(await client.command('CHECKSCRIPT "a warning"'), /^OK \(WARNINGS\) \{37\}\r\nline 1: "warn/);
  assert.match(await client.command('PUTSCRIPT "w" "a warning"'), /^OK \(WARNINGS\) \{37\}\r\nline 1: "warn/);
  assert.equal(await client.command('CHECKSCRIPT "keep;"'), 'OK');
  assert.equal(await client.command('LISTSCRIPTS'), '"a"\n"w"\nOK');
  assert.equal(await client.command('PUTSCRIPT "e" ""'), 'NO "An empty script is not stored"');
  const many = Buffer.from('error\n'.repeat(50)).latin1Slice();
  assert.match(await client.command(`CHECKSCRIPT {${many.length}+}\r\n${many}`), /and 30 more$/);
});

test('limits: QUOTA and its kinds, and what is temporary (RFC 5804 §1.3, §2.5)', async () => {
  await using server = await setUp();
  const client = await server.loggedIn();
  const size = 'NO (QUOTA/MAXSIZE) "The script is too large, at most 100000 octets"';
  assert.equal(await client.command('HAVESPACE "a" 100001'), size);
  assert.equal(await client.command('HAVESPACE "a" 4294967295'), size);
  assert.equal(await client.command('HAVESPACE "a" 100000'), 'OK');
  assert.equal(await client.command('HAVESPACE "full" 1'), 'NO (QUOTA) "Over quota"');
  assert.equal(await client.command('HAVESPACE "later" 1'), 'NO (TRYLATER) "Not now"');
  assert.match(await client.command('HAVESPACE "broken" 1'), /^NO \(TRYLATER\) "Internal error/);
  for (const name of 'abc') await client.command(`PUTSCRIPT "${name}" "keep;"`);
  assert.equal(await client.command('PUTSCRIPT "d" "keep;"'), 'NO (QUOTA/MAXSCRIPTS) "Too many scripts"');
  assert.equal(await client.command('PUTSCRIPT "c" "stop;"'), 'OK');
  const huge = '#'.repeat(100_001);
  assert.equal(await client.command(`PUTSCRIPT "c" {100001+}\r\n${huge}`), size);
  assert.equal(await client.command(`CHECKSCRIPT {100001+}\r\n${huge}`), size);
  assert.equal(await client.command('GETSCRIPT "c"'), '{5}\r\nstop;\nOK');
});

test('names: Unicode in NFC without controls, 128 characters and more, never cut (RFC 5804 §1.6)', async () => {
  await using server = await setUp();
  const client = await server.loggedIn();
  const octets = (text: string) => Buffer.from(text, 'utf8').latin1Slice();
  const put = (name: string) => client.command(`PUTSCRIPT {${name.length}+}\r\n${name} "keep;"`);
  for (const bad of ['', 'a\tb', 'a\x7f', 'a\0', octets('a\u0085'), octets('a\u2028b'), octets('\u2029')])
    assert.equal(await put(bad), 'NO "Invalid script name"', JSON.stringify(bad));
  for (const bad of ['\xff', '\xc3', octets('\ufeffa'), octets('\ufdd0'), '\xed\xa0\x80'])
    assert.equal(await put(bad), 'NO "Invalid script name"', JSON.stringify(bad));
  assert.match(await put('x'.repeat(1025)), /^NO "The script name is too long/);
  const longest = octets('😀'.repeat(128));
  assert.equal(await put(longest), 'OK');
  assert.equal(await put(octets('e\u0301')), 'OK');
  assert.equal(await client.command(`DELETESCRIPT "${octets('\u00e9')}"`), 'OK');
  assert.equal(await put('clever"script'), 'OK');
  assert.equal(await client.command('LISTSCRIPTS'), `"${longest}"\n{13}\r\nclever"script\nOK`);
  assert.equal(await client.command('GETSCRIPT "clever\\"script"'), '{5}\r\nkeep;\nOK');
});

test('NOOP gives its tag back (RFC 5804 §2.13)', async () => {
  await using server = await setUp();
  const client = await server.connect();
  assert.equal(await client.command('NOOP'), 'OK "NOOP completed"');
  assert.equal(await client.command('noop "STARTTLS-SYNC-42"'), 'OK (TAG "STARTTLS-SYNC-42") "Done"');
  assert.equal(await client.command('NOOP {4}\r\na\r\nb'), 'OK (TAG {4}\r\na\r\nb) "Done"');
  assert.equal(await client.command('NOOP "a" "b"'), 'NO "Too many arguments"');
});

test('UNAUTHENTICATE leads back, and another user comes in (RFC 5804 §2.14.1)', async () => {
  await using server = await setUp();
  const client = await server.loggedIn();
  await client.command('PUTSCRIPT "a" "keep;"');
  assert.equal(await client.command('UNAUTHENTICATE now'), 'NO "Too many arguments"');
  assert.equal(await client.command('UNAUTHENTICATE'), 'OK');
  assert.doesNotMatch(await client.command('CAPABILITY'), /OWNER/);
  for (const line of ['UNAUTHENTICATE', 'LISTSCRIPTS', 'PUTSCRIPT "a" {3+}\r\nxyz', 'HAVESPACE "a" 1'])
    assert.equal(await client.command(line), 'NO "Authenticate first"', line);
  assert.equal(await client.logIn('wilma'), 'OK');
  assert.equal(await client.command('LISTSCRIPTS'), 'OK');
});

test('LOGOUT ends the session, whatever comes behind it (RFC 5804 §2.3)', async () => {
  await using server = await setUp();
  const client = await server.connect();
  client.send('NOOP\r\nLOGOUT\r\nNOOP\r\n');
  assert.equal(await client.end(), 'OK "NOOP completed"\r\nOK "Logout completed"\r\n');
});

test('pipelined commands are answered in their order', async () => {
  await using server = await setUp();
  const client = await server.loggedIn();
  let sent = '';
  for (let i = 0; i < 300; i++) sent += `NOOP "${i}"\r\nPUTSCRIPT "a" {5+}\r\nkeep;\r\n`;
  client.send(`${sent}LISTSCRIPTS\r\n`);
  for (let i = 0; i < 300; i++) {
    assert.equal(await client.answer(), `OK (TAG "${i}") "Done"`);
    assert.equal(await client.answer(), 'OK');
  }
  assert.equal(await client.answer(), '"a"\nOK');
});
