/** What no decent client sends, and what must not cost the server anything. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { setUp } from './server.test.support.js';

test('garbage is refused command by command, and ends the session', async () => {
  await using server = await setUp();
  const lines = ['GET / HTTP/1.1', 'Host: a.example', '\0\0\0', 'NOOP"x"', '{3+}\r\nabc', 'NOOP "a'];
  const client = await server.connect();
  client.send(`${lines.join('\r\n')}\r\n`);
  for (let i = 0; i < 5; i++) assert.match(await client.answer(), /^NO "/);
  assert.equal(await client.answer(), 'BYE "Too many wrong commands"');
  await client.end();
});

test('malformed commands, each with its answer, and the next one is found', async () => {
  await using server = await setUp();
  const client = await server.loggedIn();
  const wrong: [string, RegExp][] = [
    ['FOO {3+}\r\nabc', /Unknown command/],
    ['FOO {3+}\r\nabc {2}\r\nxy "z"', /Unknown command/],
    ['LISTSCRIPTS {3+}\r\nabc', /Too many arguments/],
    ['GETSCRIPT', /Expected a space/],
    ['GETSCRIPT ', /Expected a script name/],
    ['GETSCRIPT  "a"', /Expected a script name/],
    ['GETSCRIPT a', /Expected a script name/],
    ['GETSCRIPT "a', /Malformed quoted string/],
    ['GETSCRIPT "a\\b"', /Malformed quoted string/],
    ['GETSCRIPT "a\0b"', /Malformed quoted string/],
    ['GETSCRIPT "a\rb"', /Malformed quoted string/],
    ['GETSCRIPT "a""b"', /Malformed quoted string/],
    ['GETSCRIPT {a+}', /Expected a script name/],
    ['GETSCRIPT {-1+}', /Expected a script name/],
    ['GETSCRIPT "a" ', /Too many arguments/],
    ['HAVESPACE "a" 01', /Expected the size/],
    ['HAVESPACE "a" -1', /Expected the size/],
    ['HAVESPACE "a" 4294967296', /Expected the size/],
    ['HAVESPACE "a" "1"', /Expected the size/],
    ['PUTSCRIPT "a" keep;', /Expected a script as/],
    ['PUTSCRIPT "" {5+}\r\nkeep;', /Invalid script name/],
    [`GETSCRIPT "${'x'.repeat(70_000)}"`, /line is too long/],
    [`FOO ${'x'.repeat(1_000_000)}`, /Expected a command|line is too long/],
    [`GETSCRIPT {2000+}\r\n${'x'.repeat(2000)}`, /script name is too long/],
    [`NOOP {2000+}\r\n${'x'.repeat(2000)}`, /string is too long/],
  ];
  for (const [line, expected] of wrong) {
    const answer = await client.command(line);
    assert.match(answer, /^NO "[^\r\n]+"$/, line.slice(0, 80));
    assert.match(answer, expected, line.slice(0, 80));
    assert.equal(await client.command('NOOP "next"'), 'OK (TAG "next") "Done"', line.slice(0, 80));
  }
});

test('what is refused is thrown away up to a bound; more ends the session', async () => {
  await using server = await setUp();
  const client = await server.loggedIn();
  const big = 4_000_000;
  client.send(`PUTSCRIPT "a" {${big}+}\r\n`);
  assert.match(await client.answer(), /^NO \(QUOTA\/MAXSIZE\)/, 'before any of it is sent');
  for (let sent = 0; sent < big; sent += 100_000) await client.sendSlowly(Buffer.alloc(100_000, '#'));
  assert.equal(await client.command('\r\nNOOP "x"'), 'OK (TAG "x") "Done"');
  client.send('PUTSCRIPT "a" {4294967295+}\r\n');
  assert.match(await client.answer(), /^NO \(QUOTA\/MAXSIZE\)/);
  assert.equal(await client.end(), 'BYE "Too much input"\r\n');
});

test('before login nobody sends much', async () => {
  await using server = await setUp();
  const literal = await server.connect();
  literal.send('PUTSCRIPT "a" {200000+}\r\n');
  assert.equal(await literal.end(), 'NO "Authenticate first"\r\nBYE "Too much input"\r\n');
  const endless = await server.connect();
  const end = endless.end();
  const chunk = Buffer.alloc(8192, 'x');
  for (let i = 0; i < 40; i++) endless.send(chunk);
  assert.match(await end, /^NO "The line is too long.*"\r\nBYE "Too much input"\r\n$/);
  const waiting = await server.connect();
  for (let i = 1; i < 60; i++) assert.match(await waiting.command('NOOP'), /^OK/);
  assert.match(await waiting.command('NOOP'), /^OK/);
  assert.equal(await waiting.end(), 'BYE "Authenticate first"\r\n');
});

test('silence: seconds before login, half an hour after it (RFC 5804 §1.2)', async () => {
  await using server = await setUp();
  const stranger = await server.connect();
  const client = await server.loggedIn();
  await server.clock.advance(61_000);
  assert.equal(await stranger.end(), 'BYE "Autologout; idle for too long"\r\n');
  await server.clock.advance(29 * 60_000 - 61_000);
  assert.match(await client.command('NOOP'), /^OK/);
  client.send('PUTSCRIPT "half" {100+}\r\nkeep;');
  await server.clock.advance(31 * 60_000);
  assert.match(await client.end(), /BYE "Autologout; idle for too long"\r\n$/);
  assert.equal(await (await server.loggedIn()).command('LISTSCRIPTS'), 'OK', 'half a script is none');
});

test('a client that goes away in the middle leaves nothing', async () => {
  await using server = await setUp();
  for (const part of [
    'PUTSCRIPT "a" {100+}\r\nkeep;',
    'PUTSCRIPT "a" {5+}\r\nkeep;',
    'NOO',
    'AUTHENTICATE "PL',
  ]) {
    const client = await server.loggedIn();
    client.send(part);
    client.halfClose();
    await client.end();
  }
  assert.equal(await (await server.loggedIn()).command('LISTSCRIPTS'), 'OK');
});

test('a slow reader stops its own commands, nobody else', async () => {
  await using server = await setUp();
  const client = await server.loggedIn();
  const script = '#'.repeat(90_000);
  assert.equal(await client.command(`PUTSCRIPT "a" {${script.length}+}\r\n${script}`), 'OK');
  client.pause();
  const count = 200;
  client.send('GETSCRIPT "a"\r\n'.repeat(count));
  const other = await server.loggedIn('wilma');
  assert.equal(await other.command('NOOP'), 'OK "NOOP completed"');
  const [connection] = server.kernel.connections;
  assert.ok(
    connection!.bytesWritten < count * 90_000 * 0.5,
    `${connection!.bytesWritten} octets are waiting`,
  );
  client.resume();
  for (let i = 0; i < count; i++) assert.equal((await client.answer()).length, script.length + 12);
});

test('a server that drains says goodbye (RFC 5804 §1.3 TRYLATER)', async () => {
  await using server = await setUp();
  const client = await server.loggedIn();
  assert.match(await client.command('NOOP'), /^OK/);
  server.kernel.connections[0]!.beginDrain(() => {});
  assert.equal(await client.end(), 'BYE (TRYLATER) "Server shutting down"\r\n');
});

/** Is it a row of whole responses of RFC 5804 §4? */
function assertResponses(said: string): void {
  for (let at = 0; at < said.length; ) {
    const end = responseEnd(said, at);
    assert.notEqual(end, undefined, JSON.stringify(said.slice(at, at + 200)));
    at = end!;
  }
}

/** Behind the CRLF of the line at `at`, literals passed over. */
function responseEnd(said: string, at: number): number | undefined {
  const piece = /"[^"\\\0\r\n]*"|\{(\d+)\}\r\n|[A-Z/()-]+| |(\r\n)/y;
  piece.lastIndex = at;
  for (;;) {
    const found = piece.exec(said);
    if (found === null) return undefined;
    if (found[2] !== undefined) return piece.lastIndex;
    if (found[1] !== undefined) piece.lastIndex += Number(found[1]);
  }
}

test('octets of any kind get answers, and the server lives', async () => {
  await using server = await setUp();
  const piece = fc.oneof(
    fc.constantFrom(
      'PUTSCRIPT "a" ',
      'NOOP ',
      '{3+}\r\nabc',
      '{3}\r\n',
      '"',
      '\\',
      '\r\n',
      ' ',
      '{',
      '}',
      '(',
      '\0',
      '\xff',
    ),
    fc.constantFrom(
      'CHECKSCRIPT ',
      'HAVESPACE ',
      'SETACTIVE ',
      'UNAUTHENTICATE',
      'LOGOUT',
      'AUTHENTICATE "PLAIN"',
      '5',
    ),
    fc.string({ unit: 'binary-ascii', maxLength: 5 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 30 }), fc.boolean(), async (pieces, isLoggedIn) => {
      const client = isLoggedIn ? await server.loggedIn() : await server.connect();
      client.send(pieces.join(''));
      client.halfClose();
      const said = await client.end();
      assertResponses(said);
    }),
    { numRuns: 200 },
  );
  assert.equal(await (await server.loggedIn()).command('NOOP'), 'OK "NOOP completed"');
  assert.deepEqual(
    server.kernel.log.lines.filter(({ level }) => level === 'error'),
    [],
  );
});
