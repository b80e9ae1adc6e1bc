import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { describe, it } from 'node:test';
import { constants, createDeflateRaw, createInflateRaw, deflateRawSync } from 'node:zlib';
import { settled } from '../test-support/fixtures.js';
import { echo, listening } from '../test-support/listening.js';
import { Client, dial, eventually } from '../test-support/sockets.js';
import { connectionOver } from './over.js';

/** The client's half: what is written goes out deflated, what comes is inflated. */
function compressed(client: Client): Client {
  const deflate = createDeflateRaw({ flush: constants.Z_SYNC_FLUSH });
  const inflate = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
  client.stream.removeAllListeners('data');
  client.stream.pipe(inflate);
  deflate.pipe(client.stream);
  const inner = new Client(inflate as never);
  inner.write = (data) => void deflate.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
  return inner;
}

describe('compression', () => {
  it('deflates both ways, each reply at once', async (test) => {
    const { port } = await listening(test, { accept: echo });
    const plain = await dial(port);
    plain.write('compress\r\n');
    await plain.until('go ahead\r\n');
    const client = compressed(plain);
    client.write('one\r\n');
    await client.until('one\r\n');
    client.write('two\r\nthree\r\nquit\r\n');
    await client.until('three\r\n');
    await client.ended();
    assert.equal(client.received, 'one\r\ntwo\r\nthree\r\n');
  });

  it('takes compressed input that came with the command', async () => {
    const [server, client] = duplexPair();
    const connection = connectionOver(server);
    client.write(
      Buffer.concat([
        Buffer.from('compress\r\n'),
        deflateRawSync('early\r\n', { finishFlush: constants.Z_SYNC_FLUSH }),
      ]),
    );
    assert.equal((await connection.readLine(20))?.toString(), 'compress');
    connection.startCompression();
    assert.equal((await connection.readLine(20))?.toString(), 'early');
    assert.throws(() => connection.startCompression(), /already/);
    connection.destroy();
  });

  it('carries bulk data, and tells when the client lags', async (test) => {
    let size = 0;
    const { port } = await listening(test, {
      async accept(connection) {
        await connection.readLine(20);
        connection.write('go ahead\r\n');
        connection.startCompression();
        for await (const chunk of connection.readStream(3_000_000)) {
          size += chunk.length;
          if (!connection.write(Buffer.from(chunk))) await connection.drain();
        }
      },
    });
    const plain = await dial(port);
    plain.write('compress\r\n');
    await plain.until('go ahead\r\n');
    const client = compressed(plain);
    // Hard to compress, so that the transport has to work.
    const data = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * index * 31) >> 7));
    client.write(data);
    await client.ended();
    assert.equal(size, 3_000_000);
    assert.ok(Buffer.from(client.received, 'latin1').equals(data));
  });

  it('meets a bomb with backpressure', async () => {
    const [server, client] = duplexPair();
    const connection = connectionOver(server);
    connection.startCompression();
    // 200 MB in 200 KB.
    client.write(deflateRawSync(Buffer.alloc(200_000_000)));
    await eventually(() => connection.bytesRead >= 64 * 1024);
    for (let turn = 0; turn < 100; turn++) await settled();
    assert.ok(connection.bytesRead <= 300_000, `${connection.bytesRead} bytes were inflated for nobody`);
    await assert.rejects(connection.readLine(1000), /more than 1000/);
    connection.destroy();
  });

  it('ends a connection whose input is no deflate stream', async () => {
    const [server, client] = duplexPair();
    const connection = connectionOver(server);
    connection.startCompression();
    const line = connection.readLine(100);
    client.write(Buffer.alloc(100, 0xff));
    await assert.rejects(line, /closed/);
    assert.equal(connection.signal.aborted, true);
  });

  it('tells the end of the client as an end', async () => {
    const [server, client] = duplexPair();
    const connection = connectionOver(server);
    connection.startCompression();
    const peer = new Client(client);
    client.end(deflateRawSync('last\r\n', { finishFlush: constants.Z_SYNC_FLUSH }));
    assert.equal((await connection.readLine(100))?.toString(), 'last');
    assert.equal(await connection.readLine(100), undefined);
    await connection.close();
    await peer.ended();
  });
});
