import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TestServer } from './server.test.support.js';

test('bytes that are no IMAP end the session soon', async () => {
  await using server = await TestServer.start();
  const talks = [
    'GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\nAccept: *\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n'.repeat(5),
    '\r\n'.repeat(5),
    '\0\0\0\r\n'.repeat(5),
    'EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<x>\r\nDATA\r\n',
  ];
  for (const talk of talks) {
    const client = await server.greeted();
    client.send(talk);
    const said = await client.end();
    assert.match(said, /\* BYE Too many wrong commands\r\n$/);
    assert.ok(said.split('\r\n').length <= 5, said);
  }
  assert.deepEqual(server.faults, []);
});

test('lines without end are refused with their tag, and end the session before login', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  assert.match((await client.command(`NOOP ${'x'.repeat(300_000)}`)).text, /The line is too long/);
  await client.ok('NOOP');
  const stranger = await server.greeted();
  for (let i = 0; i < 40; i++) stranger.send('x'.repeat(100_000));
  stranger.send('\r\n\r\n\r\n');
  assert.match(await stranger.end(), /BYE Too many wrong commands/);
});

test('literals of all the wrong sizes', async () => {
  await using server = await TestServer.start();
  for (const size of ['-1', '', 'x', '1-', '4 ', '0x10', '+']) {
    const client = await server.loggedIn();
    assert.equal((await client.command(`CREATE {${size}}`)).status, 'BAD', size);
    await client.ok('NOOP');
  }
  const client = await server.loggedIn();
  for (const size of ['4294967296', '99999999999999999999', '300000']) {
    assert.equal((await client.command(`CREATE {${size}}`)).text, '[TOOBIG] The literal is too big', size);
  }
  const big = await client.command(`CREATE {300000+}\r\n${'x'.repeat(300_000)}`);
  assert.deepEqual([big.status, big.text], ['BAD', '[TOOBIG] The literal is too big']);
  await client.ok('NOOP');
  client.send('x CREATE {4294967295+}\r\n');
  assert.equal(await client.line(), '* BYE [TOOBIG] The command is too big');
  const stranger = await server.greeted();
  stranger.send('x LOGIN {70000+}\r\n');
  assert.equal(await stranger.line(), '* BYE [TOOBIG] The command is too big');
});

test('a client that half-closes anywhere leaves in peace', async () => {
  await using server = await TestServer.start();
  const pieces = [
    '',
    'a',
    'a NOOP',
    'a CREATE {5+}\r\n',
    'a CREATE {5+}\r\nab',
    'a APPEND INBOX {500+}\r\nFrom: x',
    'a IDLE\r\n',
  ];
  for (const piece of pieces) {
    const client = await server.selected();
    client.send(piece);
    client.halfClose();
    assert.ok(!(await client.end()).includes('a OK'), piece);
  }
  assert.deepEqual(server.faults, []);
  const client = await server.loggedIn();
  assert.deepEqual((await client.ok('STATUS INBOX (MESSAGES)')).untagged, ['STATUS INBOX (MESSAGES 0)']);
});

test('parentheses without end', async () => {
  await using server = await TestServer.start();
  const client = await server.selected();
  for (const command of [
    'SEARCH',
    'FETCH 1',
    'STATUS INBOX',
    'SELECT INBOX',
    'ID',
    'STORE 1 FLAGS',
    'LIST',
  ]) {
    assert.equal((await client.command(`${command} ${'('.repeat(10_000)}`)).status, 'BAD', command);
  }
  await client.ok('NOOP');
  assert.deepEqual(server.faults, []);
});

test('names that are none', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  for (const name of ['INBOX.a&', 'INBOX.&AGE-', '"INBOX.\xfc"', '"INBOX.a\tb"', 'INBOX..a', 'INBOX.&AB8-']) {
    for (const verb of ['CREATE', 'SELECT', 'DELETE', 'SUBSCRIBE', 'RENAME INBOX.x']) {
      assert.equal((await client.command(`${verb} ${name}`)).status, 'NO', `${verb} ${name}`);
    }
  }
  assert.equal((await client.command('CREATE "INBOX.\0"')).status, 'BAD');
  assert.deepEqual((await client.ok('LIST "" INBOX.a&')).untagged, []);
});

test('a client that does not read cannot make the server hold its answers', async () => {
  await using server = await TestServer.start();
  const client = await server.loggedIn();
  client.pause();
  for (let i = 0; i < 2000; i++) client.stream.write('a CAPABILITY\r\n'.repeat(100));
  await new Promise((resolve) => setTimeout(resolve, 200));
  const [connection] = server.kernel.connections.slice(-1);
  assert.ok(connection!.bytesWritten < 2_000_000, `${connection!.bytesWritten}`);
});

test('random commands: the session answers or ends, and nothing is a fault of ours', async () => {
  await using server = await TestServer.start();
  const words = fc.constantFrom(
    'SELECT',
    'EXAMINE',
    'CREATE',
    'DELETE',
    'RENAME',
    'LIST',
    'LSUB',
    'STATUS',
    'APPEND',
    'FETCH',
    'UID',
    'STORE',
    'SEARCH',
    'COPY',
    'MOVE',
    'EXPUNGE',
    'CLOSE',
    'ENABLE',
    'ID',
    'INBOX',
    'INBOX.a',
    '""',
    '*',
    '%',
    '1:*',
    '1',
    '0',
    '(',
    ')',
    '(FLAGS)',
    '\\Seen',
    '+FLAGS',
    '"a b"',
    '{3+}\r\nabc',
    '{0+}\r\n',
    '~{1+}\r\n\0',
    'NIL',
    '&',
    '[',
    ']',
    '<0.5>',
    'BODY[]',
    'ALL',
    'NOT',
    'OR',
    '" 1-Jan-2020 00:00:00 +0000"',
    '\xe9',
    '\0',
    '$',
    'CONDSTORE',
    '(CONDSTORE)',
    '(MESSAGES)',
    'IDLE',
    'UNSELECT',
  );
  const command = fc.array(words, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(' '));
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 12 }), async (commands) => {
      const client = await server.selected(1);
      client.send(
        `${commands.map((text, i) => `c${i} ${text}\r\nDONE`.replace(/DONE$/, text === 'IDLE' ? 'DONE\r\n' : '')).join('')}z LOGOUT\r\n`,
      );
      client.halfClose();
      assert.match(await client.end(), /\* BYE [^\r\n]*\r\n(z OK [^\r\n]*\r\n)?$/);
      client.destroy();
    }),
    { numRuns: 60 },
  );
  assert.deepEqual(server.faults, []);
});
