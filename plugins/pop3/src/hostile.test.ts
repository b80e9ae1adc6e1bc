import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mail, setUp } from './server.test.support.js';

test('a pipeline is answered in order, wherever it is cut', async () => {
  await using server = await setUp();
  await server.append(Array.from({ length: 100 }, (_, i) => mail(`number ${i + 1}`, '.\r\n..x\r\n')));
  for (const step of [1, 7, 1 << 20]) {
    const client = await server.connect();
    const numbers = Array.from({ length: 100 }, (_, i) => i + 1);
    const wire = `USER fred\r\nPASS fred pw\r\nSTAT\r\n${numbers.map((n) => `RETR ${n}\r\n`).join('')}QUIT\r\n`;
    for (let at = 0; at < wire.length; at += step) client.send(wire.slice(at, at + step));
    for (const start of [/^\+OK Name/, /^\+OK Mail/, /^\+OK 100 /]) await client.expect(start);
    for (const n of numbers) {
      const lines = await client.body();
      assert.deepEqual(lines.slice(1), [`Subject: number ${n}`, '', '.', '..x']);
    }
    await client.expect(/^\+OK Goodbye/);
    await client.end();
  }
});

test('fetch and delete in turns, backwards, and with gaps', async () => {
  await using server = await setUp();
  await server.append(Array.from({ length: 30 }, (_, i) => mail(`number ${i + 1}`)));
  const client = await server.loggedIn();
  const orders = [1, 2, 3, 5, 7, 8, 9, 30, 29, 28, 4, 4, 5, 6];
  for (const n of orders) {
    assert.equal((await client.multi(`RETR ${n}`))[1], `Subject: number ${n}`);
    assert.equal((await client.multi(`TOP ${n} 0`))[1], `Subject: number ${n}`);
  }
  for (let n = 10; n <= 20; n++) {
    assert.equal((await client.multi(`RETR ${n}`))[1], `Subject: number ${n}`);
    assert.match(await client.command(`DELE ${n}`), /^\+OK/);
    if (n === 12) assert.match(await client.command('DELE 13'), /^\+OK/);
    if (n === 12) n++;
  }
  assert.match(await client.command('QUIT'), /^\+OK/);
  assert.equal(await server.countOf(), 19);
});

test('garbage, endless lines and NUL octets are answered in bounded memory, then the end', async () => {
  await using server = await setUp();
  const client = await server.connect();
  const block = Buffer.alloc(65536, 'x');
  for (let i = 0; i < 64; i++) await client.sendSlowly(block);
  client.send('\r\n');
  assert.equal(await client.line(), '-ERR The line is too long');
  client.send('\0\0\0\r\nUSER \0\r\nNOOP\0\r\n\xff\xfe\r\n');
  for (let i = 0; i < 4; i++) assert.match(await client.line(), /^(-ERR|\+OK)/);
  for (let i = 0; i < 30; i++) client.send('\x01garbage\r\n');
  const said = await client.end();
  assert.match(said, /-ERR Too many errors/);
});

test('a half-closed socket hears all its answers, and QUIT counts', async () => {
  await using server = await setUp();
  await server.append([mail('one')]);
  const client = await server.connect();
  client.send('USER fred\r\nPASS fred pw\r\nDELE 1\r\nQUIT\r\n');
  client.halfClose();
  const said = await client.end();
  assert.match(said, /deleted\r\n\+OK Goodbye\r\n$/);
  assert.equal(await server.countOf(), 0);
});

test('half a QUIT at the end is no QUIT', async () => {
  await using server = await setUp();
  await server.append([mail('one')]);
  const client = await server.connect();
  client.send('USER fred\r\nPASS fred pw\r\nDELE 1\r\nQUIT');
  client.halfClose();
  await client.end();
  assert.equal(await server.countOf(), 1);
});

test('a client that never reads holds no more than the high-water mark and what is read ahead', async () => {
  await using server = await setUp();
  const big = mail('big', `${'x'.repeat(70)}\r\n`.repeat(30_000));
  await server.append(Array.from({ length: 20 }, () => big));
  const client = await server.loggedIn();
  client.pause();
  for (let round = 0; round < 5; round++) {
    for (let n = 1; n <= 20; n++) client.send(`RETR ${n}\r\n`);
  }
  const [connection] = server.kernel.connections;
  let written = -1;
  for (let same = 0; same < 50; ) {
    await new Promise(setImmediate);
    same = connection!.bytesWritten === written ? same + 1 : 0;
    written = connection!.bytesWritten;
  }
  assert.ok(written < 4 * big.length, `${written} octets were handed over`);
  client.destroy();
});

test('TOP of a long header and a long body reads on where it must', async () => {
  await using server = await setUp();
  const header = Array.from({ length: 2000 }, (_, i) => `X-Field-${i}: ${'y'.repeat(60)}`).join('\r\n');
  const body = Array.from({ length: 5000 }, (_, i) => `line ${i} ${'z'.repeat(60)}`);
  await server.append([`${header}\r\n\r\n${body.join('\r\n')}\r\n`, mail('after')]);
  const client = await server.loggedIn();
  for (const lines of [0, 1, 4000]) {
    const got = await client.multi(`TOP 1 ${lines}`);
    assert.equal(got.length, 2001 + lines);
    assert.equal(got.at(-1), lines === 0 ? '' : body[lines - 1]);
  }
  assert.equal((await client.multi('TOP 1 999999')).length, 7001);
  assert.equal((await client.multi('TOP 2 1'))[1], 'Subject: after');
});
