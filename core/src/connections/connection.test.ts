import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { describe, it } from 'node:test';
import { type Connection, ReadError } from '@angarium/sdk';
import { ManualClock, settled } from '../test-support/fixtures.js';
import { echo, listening } from '../test-support/listening.js';
import { Client, dial, eventually } from '../test-support/sockets.js';
import { connectionOver } from './over.js';

function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error: unknown) => (error instanceof ReadError ? error.code : String(error)),
  );
}

describe('connection', () => {
  it('speaks lines over any duplex', async () => {
    const [server, client] = duplexPair();
    const connection = connectionOver(server, { service: 'demo', id: 'c1' });
    const peer = new Client(client);
    peer.write('one\r\ntwo\r\n');
    assert.equal((await connection.readLine(10))?.toString(), 'one');
    assert.equal(connection.hasInput, true);
    assert.equal(connection.tryReadLine(10)?.toString(), 'two');
    connection.write('OK\r\n');
    await peer.until('OK');
    assert.deepEqual(
      [connection.id, connection.service, connection.bytesRead, connection.bytesWritten, connection.isLocal],
      ['c1', 'demo', 10, 4, true],
    );
    await connection.close();
    await peer.ended();
    await eventually(() => connection.signal.aborted);
  });

  it('passes NULs and bytes of 8 bits untouched', async (test) => {
    const { port } = await listening(test, { accept: echo });
    const client = await dial(port);
    const all = Buffer.from(
      Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 10 && byte !== 13),
    );
    client.write(Buffer.concat([all, Buffer.from('\r\nquit\r\n')]));
    await client.closed();
    assert.deepEqual(Buffer.from(client.received, 'latin1'), Buffer.concat([all, Buffer.from('\r\n')]));
  });

  it('sends what is pending to a client that has closed its side', async (test) => {
    const { port } = await listening(test, {
      async accept(connection) {
        while ((await connection.readLine(100)) !== undefined);
        for (let count = 0; count < 200; count++) {
          if (!connection.write('x'.repeat(10_000))) await connection.drain();
        }
        connection.write('end\r\n');
      },
    });
    const client = await dial(port, { allowHalfOpen: true });
    client.write('a\r\nb\r\n');
    client.stream.end();
    await client.until('end\r\n');
    await client.closed();
    assert.equal(client.received.length, 2_000_005);
  });

  it('takes a reset for the end of the client, whatever it was doing', async (test) => {
    const ends: string[] = [];
    const { port, log, listeners } = await listening(test, {
      async accept(connection) {
        const command = (await connection.readLine(100))?.toString();
        const work =
          command === 'read'
            ? connection.readLine(100)
            : command === 'exactly'
              ? connection.readExactly(1_000_000)
              : (async () => {
                  for (;;) {
                    connection.write('x'.repeat(10_000));
                    await connection.drain();
                  }
                })();
        ends.push(await codeOf(work));
        await work;
      },
    });
    for (const command of ['read', 'exactly', 'write']) {
      const client = await dial(port);
      client.write(`${command}\r\n`);
      if (command === 'write') await client.until('xxx');
      else await eventually(() => [...listeners.connections].some(({ bytesRead }) => bytesRead > 0));
      (client.stream as import('node:net').Socket).resetAndDestroy();
      await eventually(() => listeners.connections.size === 0);
    }
    assert.deepEqual(ends, ['closed', 'closed', 'closed']);
    assert.deepEqual(
      log.lines.filter(({ level }) => level === 'error'),
      [],
    );
  });

  it('still processes what came before the client left', async () => {
    const [server, client] = duplexPair();
    const connection = connectionOver(server);
    client.write('QUIT\r\n');
    await eventually(() => connection.hasInput);
    server.destroy();
    await eventually(() => connection.signal.aborted);
    assert.equal((await connection.readLine(10))?.toString(), 'QUIT');
    assert.equal(await codeOf(connection.readLine(10)), 'closed');
  });

  it('ends a silent read with idle, and can then still say goodbye', async () => {
    const clock = new ManualClock();
    const [server, client] = duplexPair();
    const peer = new Client(client);
    const connection = connectionOver(server, { clock, idleTimeoutMs: 30_000 });
    let line = codeOf(connection.readLine(100));
    await clock.advance(20_000);
    // A byte now and then is life enough.
    peer.write('x');
    await settled();
    await clock.advance(20_000);
    await clock.advance(11_000);
    assert.equal(await line, 'idle');
    connection.setIdleTimeout(1_800_000);
    line = codeOf(connection.readLine(100));
    await clock.advance(1_700_000);
    assert.equal(await Promise.race([line, settled().then(() => 'waiting')]), 'waiting');
    await clock.advance(100_100);
    assert.equal(await line, 'idle');
    connection.write('BYE\r\n');
    await connection.close();
    await peer.ended();
    assert.equal(peer.received, 'BYE\r\n');
  });

  it('applies a new idle timeout to a read that waits already', async () => {
    const clock = new ManualClock();
    const [server] = duplexPair();
    const connection = connectionOver(server, { clock, idleTimeoutMs: 60_000 });
    const line = codeOf(connection.readLine(100));
    connection.setIdleTimeout(1_000);
    await clock.advance(1_100);
    assert.equal(await line, 'idle');
  });

  it('does not time out a session that is not reading', async () => {
    const clock = new ManualClock();
    const [server, client] = duplexPair();
    const connection = connectionOver(server, { clock, idleTimeoutMs: 1_000 });
    await clock.advance(10_000_000);
    client.write('late\r\n');
    assert.equal((await connection.readLine(10))?.toString(), 'late');
  });

  it('cuts off a client that takes nothing, after the write timeout, holding no more than the mark', async () => {
    const clock = new ManualClock();
    const [server] = duplexPair();
    const connection = connectionOver(server, { clock, writeTimeoutMs: 60_000 });
    const writing = codeOf(
      (async () => {
        for (;;) {
          if (!connection.write('x'.repeat(1000))) await connection.drain();
        }
      })(),
    );
    await settled();
    assert.ok(connection.bytesWritten <= 256 * 1024 + 65_536 + 1000, `${connection.bytesWritten} bytes held`);
    await clock.advance(59_000);
    assert.equal(connection.signal.aborted, false);
    await clock.advance(1_100);
    assert.equal(await writing, 'closed');
    assert.equal(connection.signal.aborted, true);
  });

  it('bears with a slow client that takes something now and then', async () => {
    const clock = new ManualClock();
    const [server, client] = duplexPair();
    client.pause();
    const connection = connectionOver(server, { clock, writeTimeoutMs: 1_000 });
    for (let count = 0; count < 20; count++) connection.write(Buffer.alloc(70_000, 'x'));
    for (let round = 0; round < 4; round++) {
      await clock.advance(700);
      client.read();
      await settled();
    }
    assert.equal(connection.signal.aborted, false);
    await clock.advance(2_200);
    assert.equal(connection.signal.aborted, true);
  });

  it('does not wait for ever for a client to close', async () => {
    const clock = new ManualClock();
    const [server, client] = duplexPair();
    const peer = new Client(client);
    const connection = connectionOver(server, { clock, lingerMs: 2_000 });
    connection.write('BYE\r\n');
    await connection.close();
    await peer.until('BYE');
    assert.equal(connection.signal.aborted, false);
    peer.write('still here\r\n');
    await clock.advance(2_100);
    assert.equal(connection.signal.aborted, true);
  });

  it('reads throw and writes do nothing once it is closed here', async () => {
    const [server] = duplexPair();
    const connection = connectionOver(server);
    const pending = codeOf(connection.readLine(10));
    connection.destroy();
    assert.equal(await pending, 'closed');
    assert.equal(await codeOf(connection.readLine(10)), 'closed');
    assert.equal(connection.write('x'), false);
    assert.equal(await codeOf(connection.drain()), 'closed');
    await connection.close();
    await connection.close();
    await eventually(() => connection.signal.aborted);
  });

  it('tells of the drain once, also those that ask late', async () => {
    const [server] = duplexPair();
    const connection = connectionOver(server);
    const told: string[] = [];
    connection.onDrain(() => told.push('first'));
    connection.onDrain(() => told.push('undone'))[Symbol.dispose]();
    connection.onDrain(() => {
      throw new Error('a session that fails');
    });
    connection.onDrain(() => told.push('second'));
    const failures: unknown[] = [];
    connection.beginDrain((error) => failures.push(error));
    connection.beginDrain((error) => failures.push(error));
    assert.deepEqual(told, ['first', 'second']);
    assert.equal(failures.length, 1);
    assert.equal(connection.isDraining, true);
    connection.onDrain(() => told.push('late'));
    await settled();
    assert.deepEqual(told, ['first', 'second', 'late']);
  });

  it('never holds more than a bounded part of what a client sends unasked', async (test) => {
    const gate = Promise.withResolvers<void>();
    let held: Connection | undefined;
    const { port } = await listening(test, {
      async accept(connection) {
        held = connection;
        await gate.promise;
      },
    });
    const client = await dial(port);
    const before = process.memoryUsage();
    let isOpen = true;
    client.stream.on('close', () => (isOpen = false));
    // 64 MB, of which the system and the server take only what fits their buffers.
    for (let count = 0; count < 1024 && isOpen; count++) client.write(Buffer.alloc(65_536, 'x'));
    await eventually(() => held !== undefined && held.bytesRead >= 64 * 1024);
    for (let turn = 0; turn < 50; turn++) await settled();
    assert.ok(held!.bytesRead <= 4 * 65_536, `${held!.bytesRead} bytes were taken`);
    assert.ok(process.memoryUsage().heapUsed - before.heapUsed < 50e6);
    client.stream.destroy();
    gate.resolve();
  });
});
