import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { duplexPair } from 'node:stream';
import { describe, it } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import type { Connection, TlsState } from '@angarium/sdk';
import { ManualClock, MemoryLog } from '../test-support/fixtures.js';
import { echo, listening, tlsFor } from '../test-support/listening.js';
import { Client, dial, eventually } from '../test-support/sockets.js';
import { Certificates } from './certificates.js';
import { connectionOver } from './over.js';
import { temporaryTls } from './temporary-tls.js';
import { createTlsAcceptor } from './tls.js';

interface TlsClient extends Client {
  readonly stream: TLSSocket;
}

/** Shakes hands; over a duplex in memory that is done before `connect` returns. */
async function secured(options: ConnectionOptions): Promise<TlsClient> {
  const done = Promise.withResolvers<void>();
  const socket = connect(options, () => done.resolve());
  const client = new Client(socket) as TlsClient;
  await new Promise<void>((resolve, reject) => {
    void done.promise.then(resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed during the handshake')));
  });
  return client;
}

/** A client with implicit TLS. */
function dialTls(port: number, options: ConnectionOptions): Promise<TlsClient> {
  return secured({ port, host: '127.0.0.1', servername: 'localhost', ...options });
}

/** As a client that has sent STARTTLS and got the go-ahead. */
async function upgrade(client: Client, options: ConnectionOptions) {
  client.stream.removeAllListeners('data');
  return await secured({ socket: client.stream as never, servername: 'localhost', ...options });
}

const implicit = [{ address: '127.0.0.1', port: 0, tls: 'implicit' as const }];

describe('TLS', () => {
  it('is there from the first byte on an implicit listener', async (test) => {
    const { made, acceptor } = await tlsFor(test);
    let state: TlsState | undefined;
    let canStart: boolean | undefined;
    const { port } = await listening(test, {
      tls: acceptor,
      listen: implicit,
      alpn: ['echo/1'],
      async accept(connection) {
        state = connection.tls;
        canStart = connection.canStartTls;
        await echo(connection);
      },
    });
    const client = await dialTls(port, { ca: made.pem, ALPNProtocols: ['other', 'echo/1'] });
    client.write('hello\r\nquit\r\n');
    await client.until('hello\r\n');
    await client.ended();
    assert.equal(canStart, false);
    assert.deepEqual(
      [state?.protocol, state?.serverName, state?.alpn, state?.clientCertificate],
      ['TLSv1.3', 'localhost', 'echo/1', undefined],
    );
    assert.match(state?.cipher ?? '', /^TLS_/);
  });

  it('is put in place by STARTTLS, with a certificate that the client can verify', async (test) => {
    const { made, acceptor } = await tlsFor(test);
    const { port } = await listening(test, { tls: acceptor, accept: echo });
    const plain = await dial(port);
    plain.write('plain\r\nstarttls\r\n');
    await plain.until('go ahead\r\n');
    const client = await upgrade(plain, { ca: made.pem });
    assert.equal(client.stream.authorized, true);
    client.write('secret\r\nquit\r\n');
    await client.until('secret\r\n');
    await client.ended();
    assert.equal(plain.received, 'plain\r\ngo ahead\r\n');
  });

  it('discards plain text that was sent after STARTTLS (CVE-2011-0411)', async (test) => {
    const { made, acceptor } = await tlsFor(test);
    const lines: string[] = [];
    const { port } = await listening(test, {
      tls: acceptor,
      async accept(connection) {
        for (let line = await connection.readLine(100); line; line = await connection.readLine(100)) {
          lines.push(line.toString());
          if (line.toString() !== 'starttls') continue;
          assert.equal(connection.hasInput, true);
          connection.write('go ahead\r\n');
          await connection.startTls();
          assert.equal(connection.hasInput, false);
          connection.write('secure\r\n');
        }
      },
    });
    const plain = await dial(port);
    plain.write('starttls\r\ninjected\r\n');
    await plain.until('go ahead\r\n');
    const client = await upgrade(plain, { ca: made.pem });
    await client.until('secure\r\n');
    client.write('mine\r\n');
    client.stream.end();
    await client.closed();
    assert.deepEqual(lines, ['starttls', 'mine']);
  });

  it('works over any duplex, with a certificate for the occasion', async () => {
    const { acceptor, certificate } = await temporaryTls();
    const [server, peer] = duplexPair();
    const connection = connectionOver(server, { tls: acceptor });
    assert.equal(connection.canStartTls, true);
    const session = echo(connection);
    const plain = new Client(peer);
    plain.write('starttls\r\n');
    await plain.until('go ahead');
    const client = await upgrade(plain, { ca: certificate });
    client.write('over a duplex\r\nquit\r\n');
    await client.until('over a duplex');
    assert.equal(connection.canStartTls, false);
    await session;
    connection.destroy();
  });

  it('ends a client that does not shake hands, at once or in time', async (test) => {
    const { acceptor } = await tlsFor(test);
    const clock = new ManualClock();
    const { port, listeners, log } = await listening(test, {
      tls: acceptor,
      listen: implicit,
      clock,
      timeouts: { handshakeTimeoutMs: 10_000 },
      accept: echo,
    });
    const rude = await dial(port);
    rude.write('hello in plain\r\n');
    await rude.closed();
    const silent = await dial(port);
    await eventually(() => listeners.connections.size === 1);
    await clock.advance(10_100);
    await silent.closed();
    assert.equal(log.lines.filter(({ level }) => level === 'error').length, 0);
  });

  it('survives garbage in the middle of a session', async (test) => {
    const { made, acceptor } = await tlsFor(test);
    const { port, listeners } = await listening(test, { tls: acceptor, listen: implicit, accept: echo });
    const raw = connectTcp(port, '127.0.0.1');
    const client = await secured({ socket: raw, ca: made.pem, servername: 'localhost' });
    client.write('hello\r\n');
    await client.until('hello');
    raw.write(Buffer.alloc(100, 0x17));
    await client.closed();
    await eventually(() => listeners.connections.size === 0);
  });

  it('refuses versions before 1.2', async (test) => {
    const { made, acceptor } = await tlsFor(test);
    const { port } = await listening(test, { tls: acceptor, listen: implicit, accept: echo });
    const old = {
      ca: made.pem,
      minVersion: 'TLSv1.1' as const,
      maxVersion: 'TLSv1.1' as const,
      ciphers: 'ALL@SECLEVEL=0',
    };
    await assert.rejects(dialTls(port, old));
    const client = await dialTls(port, { ca: made.pem, maxVersion: 'TLSv1.2' });
    assert.equal(client.stream.getProtocol(), 'TLSv1.2');
    client.stream.destroy();
  });

  it('gives channel bindings that the client agrees with', async (test) => {
    const { made, acceptor } = await tlsFor(test);
    const seen: Connection[] = [];
    const { port } = await listening(test, {
      tls: acceptor,
      listen: implicit,
      async accept(connection) {
        seen.push(connection);
        await echo(connection);
      },
    });
    const client = await dialTls(port, { ca: made.pem });
    await eventually(() => seen.length === 1);
    const tls = seen[0]!.tls!;
    const exported = client.stream.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
    assert.deepEqual(Buffer.from(tls.channelBinding('tls-exporter')!), exported);
    const { raw } = new X509Certificate(made.pem);
    assert.deepEqual(
      Buffer.from(tls.channelBinding('tls-server-end-point')!),
      createHash('sha256').update(raw).digest(),
    );
    assert.deepEqual(Buffer.from(tls.channelBinding('tls-unique')!), client.stream.getFinished());
    client.stream.destroy();

    const older = await dialTls(port, { ca: made.pem, maxVersion: 'TLSv1.2' });
    await eventually(() => seen.length === 2);
    assert.deepEqual(Buffer.from(seen[1]!.tls!.channelBinding('tls-unique')!), older.stream.getFinished());
    older.stream.destroy();
  });

  it('resumes a STARTTLS session with another server that has the same ticket keys', async (test) => {
    const ticketKeys = Buffer.from(Array.from({ length: 48 }, (_, index) => index));
    const first = await tlsFor(test, ticketKeys);
    const { acceptor: other } = await tlsFor(test, Buffer.alloc(48, 9));
    // A worker of its own has contexts of its own, from the same files.
    const second = createTlsAcceptor(
      new Certificates({
        default: first.made,
        names: [],
        minVersion: 'TLSv1.2',
        ticketKeys,
        log: new MemoryLog(),
        clock: new ManualClock(),
      }),
    );
    const servers = await Promise.all(
      [first.acceptor, second, other].map((tls) => listening(test, { tls, accept: echo })),
    );
    const visit = async (port: number, session: Buffer | undefined) => {
      const plain = await dial(port);
      plain.write('starttls\r\n');
      await plain.until('go ahead');
      plain.stream.removeAllListeners('data');
      let ticket: Buffer | undefined;
      const socket = connect({
        socket: plain.stream as never,
        servername: 'localhost',
        rejectUnauthorized: false,
        ...(session && { session }),
      });
      socket.on('session', (given) => {
        ticket = given;
      });
      const client = new Client(socket);
      client.write('hello\r\n');
      await client.until('hello');
      // A resumed session gets no new ticket.
      await eventually(() => ticket !== undefined || session !== undefined);
      const isReused = socket.isSessionReused();
      socket.destroy();
      return { ticket, isReused };
    };
    const { ticket } = await visit(servers[0]!.port, undefined);
    assert.equal((await visit(servers[1]!.port, ticket)).isReused, true);
    assert.equal((await visit(servers[2]!.port, ticket)).isReused, false);
  });
});
