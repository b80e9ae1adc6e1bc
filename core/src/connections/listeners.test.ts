import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connect } from 'node:tls';
import { type Connection, type ConnectionInfo, parseNetworks } from '@angarium/sdk';
import { systemClock } from '../clock.js';
import { KernelHookBus } from '../hooks/bus.js';
import { ManualClock, MemoryLog } from '../test-support/fixtures.js';
import { echo, listening, tlsFor } from '../test-support/listening.js';
import { Client, dial, eventually } from '../test-support/sockets.js';

const noLimits = { maxConnections: 0, maxConnectionsPerAddress: 0 };
const loopback = { address: '127.0.0.1', port: 0 };

describe('listeners', () => {
  it('listen on TCP and unix sockets, and say where', async (test) => {
    const { listeners, dir } = await listening(test, {
      listen: [loopback, { path: 'a.sock', mode: '0666' }, { path: 'b.sock' }, { ...loopback, tls: 'none' }],
      accept: echo,
    });
    const [tcp, a, b, plain] = listeners.addresses()['echo']!;
    assert.ok(tcp !== undefined && 'port' in tcp && tcp.port > 0 && tcp.tls === 'starttls');
    assert.ok(plain !== undefined && 'port' in plain && plain.tls === 'none');
    assert.deepEqual([a, b], [{ path: join(dir, 'a.sock') }, { path: join(dir, 'b.sock') }]);
    assert.equal(statSync(join(dir, 'a.sock')).mode & 0o777, 0o666);
    assert.equal(statSync(join(dir, 'b.sock')).mode & 0o777, 0o600);
    for (const to of [tcp.port, join(dir, 'a.sock')]) {
      const client = await dial(to);
      client.write('hello\r\nquit\r\n');
      await client.closed();
      assert.equal(client.received, 'hello\r\n');
    }
  });

  it('give each connection what is known of it', async (test) => {
    const seen: Connection[] = [];
    const { port, dir, listeners } = await listening(test, {
      listen: [{ ...loopback, auth: 'none', trusted: true }, { path: 'x.sock' }],
      async accept(connection) {
        seen.push(connection);
        connection.describe({ user: 'bob' });
        connection.describe({ activity: 'IDLE' });
        await echo(connection);
      },
    });
    const tcp = await dial(port);
    await eventually(() => seen.length === 1);
    const unix = await dial(join(dir, 'x.sock'));
    await eventually(() => seen.length === 2);
    const [first, second] = seen as [Connection, Connection];
    assert.deepEqual(first.listenOptions, { auth: 'none', trusted: true });
    assert.deepEqual(first.local, { address: '127.0.0.1', port });
    assert.equal(first.remote.address, '127.0.0.1');
    assert.deepEqual([first.isLocal, second.isLocal], [true, true]);
    assert.deepEqual(second.remote, { address: 'unix', port: 0 });
    assert.notEqual(first.id, second.id);
    assert.deepEqual(
      listeners.rows().map(({ user, activity, service, remote }) => [user, activity, service, remote]),
      [
        ['bob', 'IDLE', 'echo', '127.0.0.1'],
        ['bob', 'IDLE', 'echo', 'unix'],
      ],
    );
    tcp.stream.destroy();
    unix.stream.destroy();
  });

  it('take the socket of a dead server away, but nobody else’s', async (test) => {
    const { dir } = await listening(test, { accept: echo });
    const path = join(dir, 'left.sock');
    const code = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`;
    assert.equal(spawnSync(process.execPath, ['-e', code]).signal, 'SIGKILL');
    assert.ok(existsSync(path));
    const options = { dataDir: dir, listen: [{ path: 'left.sock' }], accept: echo };
    await listening(test, options);
    const client = await dial(path);
    client.write('alive\r\nquit\r\n');
    await client.closed();
    assert.equal(client.received, 'alive\r\n');
    await assert.rejects(listening(test, options), /left.sock is in use by another process/);
  });

  it('refuse a place that is taken, in words', async (test) => {
    const { port } = await listening(test, { accept: echo });
    await assert.rejects(listening(test, { listen: [{ address: '127.0.0.1', port }], accept: echo }), {
      name: 'ListenError',
      message: `echo cannot listen on 127.0.0.1 port ${port}: the address is in use by another process`,
    });
    const { dir } = await listening(test, { accept: echo });
    writeFileSync(join(dir, 'file'), 'precious');
    const options = { dataDir: dir, accept: echo };
    await assert.rejects(listening(test, { ...options, listen: [{ path: 'file' }] }), /is no socket/);
    await assert.rejects(
      listening(test, { ...options, listen: [{ path: 'x'.repeat(120) }] }),
      /longer than 107/,
    );
    await assert.rejects(
      listening(test, { ...options, listen: [{ path: 'm', mode: 'rw' }] }),
      /no octal file mode/,
    );
  });

  it('answer clients over the limit with the busy line', async (test) => {
    const { port, listeners } = await listening(test, {
      limits: { maxConnections: 2, maxConnectionsPerAddress: 0 },
      accept: echo,
    });
    const first = await dial(port);
    const second = await dial(port);
    const third = await dial(port);
    await third.closed();
    assert.equal(third.received, 'BUSY too-many-connections\r\n');
    first.write('quit\r\n');
    await first.closed();
    await eventually(() => listeners.connections.size === 1);
    const fourth = await dial(port);
    fourth.write('hello\r\n');
    await fourth.until('hello');
    second.stream.destroy();
    fourth.stream.destroy();
  });

  it('count clients by their address', async (test) => {
    const { port, dir } = await listening(test, {
      listen: [loopback, { path: 'x.sock' }],
      limits: { maxConnections: 0, maxConnectionsPerAddress: 1, countsLoopback: true },
      accept: echo,
    });
    const first = await dial(port);
    first.write('hello\r\n');
    await first.until('hello');
    const second = await dial(port);
    await second.closed();
    assert.equal(second.received, 'BUSY too-many-from-address\r\n');
    const elsewhere = await dial(port, { localAddress: '127.0.0.2' });
    elsewhere.write('hello\r\n');
    await elsewhere.until('hello');
    for (const client of [await dial(join(dir, 'x.sock')), await dial(join(dir, 'x.sock'))]) {
      client.write('quit\r\n');
      await client.closed();
      assert.equal(client.received, '');
    }
    for (const client of [first, elsewhere]) client.stream.destroy();
  });

  it('do not count loopback unless told to', async (test) => {
    const { port } = await listening(test, {
      limits: { maxConnections: 0, maxConnectionsPerAddress: 1 },
      accept: echo,
    });
    const clients = [await dial(port), await dial(port), await dial(port)];
    for (const client of clients) {
      client.write('hello\r\n');
      await client.until('hello');
      client.stream.destroy();
    }
  });

  it('say busy in TLS where TLS is implicit', async (test) => {
    const { made, acceptor } = await tlsFor(test);
    const { port } = await listening(test, {
      tls: acceptor,
      listen: [{ ...loopback, tls: 'implicit' }],
      limits: { maxConnections: 1, maxConnectionsPerAddress: 0 },
      accept: echo,
    });
    const dialTls = () =>
      new Client(connect({ port, host: '127.0.0.1', ca: made.pem, servername: 'localhost' }));
    const first = dialTls();
    first.write('hello\r\n');
    await first.until('hello');
    const second = dialTls();
    await second.ended();
    assert.equal(second.received, 'BUSY too-many-connections\r\n');
    first.stream.destroy();
    second.stream.destroy();
  });

  it('end a session that fails, and log it', async (test) => {
    const { port, log } = await listening(test, {
      async accept(connection) {
        connection.write('before\r\n');
        throw new Error('a fault of the session');
      },
    });
    const client = await dial(port);
    await client.closed();
    assert.equal(client.received, 'before\r\n');
    const [line] = log.lines.filter(({ level }) => level === 'error');
    assert.equal(line?.text, 'session failed');
    assert.match(String(line?.fields['err']), /a fault of the session/);
  });
});

describe('listeners behind a proxy', () => {
  const seen: Connection[] = [];
  const options = {
    listen: [{ ...loopback, proxy: ['127.0.0.0/30'] }],
    limits: { maxConnections: 0, maxConnectionsPerAddress: 1 },
    async accept(connection: Connection) {
      seen.push(connection);
      await echo(connection);
    },
  };

  it('believe the header, count the client it names, and read what follows it', async (test) => {
    seen.length = 0;
    const { port } = await listening(test, options);
    const header = 'PROXY TCP4 192.0.2.9 198.51.100.7 5000 143\r\n';
    const client = await dial(port);
    client.write(`${header}hello\r\n`);
    await client.until('hello');
    assert.deepEqual(seen[0]?.remote, { address: '192.0.2.9', port: 5000 });
    assert.deepEqual(seen[0]?.local, { address: '198.51.100.7', port: 143 });
    assert.equal(seen[0]?.isLocal, false);
    const second = await dial(port);
    for (const byte of header) second.write(byte);
    await second.closed();
    assert.equal(second.received, 'BUSY too-many-from-address\r\n');
    client.stream.destroy();
  });

  it('require the header where it is expected, within its time', async (test) => {
    const clock = new ManualClock();
    const { port, log, listeners } = await listening(test, {
      ...options,
      clock,
      timeouts: { handshakeTimeoutMs: 5_000 },
    });
    const plain = await dial(port);
    plain.write('hello\r\n');
    await plain.closed();
    assert.equal(plain.received, '');
    assert.equal(log.lines[0]?.text, 'client without a PROXY header');
    const silent = await dial(port);
    silent.write('PROXY TCP4 ');
    await eventually(() => [...listeners.connections].some(({ bytesRead }) => bytesRead > 0));
    await clock.advance(5_100);
    await silent.closed();
  });

  it('do not look for it from elsewhere', async (test) => {
    seen.length = 0;
    const { port } = await listening(test, options);
    const client = await dial(port, { localAddress: '127.0.0.9' });
    client.write('PROXY TCP4 192.0.2.9 198.51.100.7 5000 143\r\n');
    await client.until('PROXY TCP4');
    assert.equal(seen[0]?.remote.address, '127.0.0.9');
    client.stream.destroy();
  });

  it('shake hands after the header, though both came at once', async (test) => {
    seen.length = 0;
    const { made, acceptor } = await tlsFor(test);
    const { port } = await listening(test, {
      ...options,
      tls: acceptor,
      listen: [{ ...options.listen[0]!, tls: 'implicit' }],
    });
    const raw = connectTcp(port, '127.0.0.1');
    raw.cork();
    raw.write('PROXY TCP4 192.0.2.9 198.51.100.7 5000 993\r\n');
    const client = new Client(connect({ socket: raw, ca: made.pem, servername: 'localhost' }));
    process.nextTick(() => raw.uncork());
    client.write('hello\r\n');
    await client.until('hello');
    assert.equal(seen[0]?.remote.address, '192.0.2.9');
    client.stream.destroy();
  });

  it('know networks of both families', () => {
    const networks = parseNetworks(['192.0.2.0/24', '2001:db8::/32', '198.51.100.7', 'unix']);
    for (const address of ['192.0.2.255', '2001:db8:1::1', '198.51.100.7', 'unix'])
      assert.ok(networks.has(address));
    for (const address of ['192.0.3.1', '2001:db9::1', '198.51.100.8', '::1', '']) {
      assert.equal(networks.has(address), false);
    }
    for (const entry of ['192.0.2.0/33', 'example.org', '::/129', '1.2.3.4/x', '1.2.3.4/8/8']) {
      assert.throws(() => parseNetworks([entry]), /no address or network/);
    }
    assert.equal(parseNetworks(['10.0.0.0/8']).has('unix'), false);
  });
});

describe('connection hooks', () => {
  it('may refuse a client, and tell of TLS and of the end', async (test) => {
    const bus = new KernelHookBus({ log: new MemoryLog(), clock: systemClock });
    test.after(() => bus[Symbol.dispose]());
    const hooks = bus.view('watcher', 0);
    const told: string[] = [];
    const note = (what: string, { service, remote }: ConnectionInfo): void => {
      told.push(`${what} ${service} ${remote.address}`);
    };
    hooks.tap('connection.accepting', (client) => {
      note('accepting', client);
      if (client.remote.address === '127.0.0.66') throw new Error('blocked');
    });
    hooks.tap('connection.secured', (client, tls) => note(`secured ${tls.protocol}`, client));
    hooks.tap('connection.closed', (client, { bytesRead, bytesWritten, user, error }) => {
      note(`closed ${bytesRead}/${bytesWritten} ${user} ${error}`, client);
    });
    const { made, acceptor } = await tlsFor(test);
    const { port } = await listening(test, {
      tls: acceptor,
      listen: [{ ...loopback, tls: 'implicit' }],
      hooks,
      async accept(connection) {
        connection.describe({ user: 'bob' });
        await echo(connection);
      },
    });
    const client = new Client(connect({ port, host: '127.0.0.1', ca: made.pem, servername: 'localhost' }));
    client.write('hello\r\nquit\r\n');
    await client.closed();
    await eventually(() => told.length === 3);
    const blocked = new Client(
      connect({
        socket: connectTcp({ port, host: '127.0.0.1', localAddress: '127.0.0.66' }),
        ca: made.pem,
        servername: 'localhost',
      }),
    );
    await blocked.ended();
    assert.equal(blocked.received, 'BUSY too-many-from-address\r\n');
    assert.deepEqual(told, [
      'accepting echo 127.0.0.1',
      'secured TLSv1.3 echo 127.0.0.1',
      'closed 13/7 bob undefined echo 127.0.0.1',
      'accepting echo 127.0.0.66',
    ]);
  });
});

describe('drain', () => {
  it('lets polite sessions say goodbye and cuts off the rest at the deadline', async (test) => {
    const { port, listeners } = await listening(test, {
      limits: noLimits,
      async accept(connection) {
        const kind = (await connection.readLine(100))?.toString();
        connection.write('ok\r\n');
        if (kind === 'polite') {
          connection.onDrain(() => {
            connection.write('BYE\r\n');
            void connection.close();
          });
        }
        await connection.readLine(100);
      },
    });
    const polite = await dial(port);
    const stubborn = await dial(port);
    polite.write('polite\r\n');
    stubborn.write('stubborn\r\n');
    await polite.until('ok');
    await stubborn.until('ok');
    const draining = listeners.drain(300);
    await polite.closed();
    assert.equal(polite.received, 'ok\r\nBYE\r\n');
    assert.equal(stubborn.isClosed, false);
    await draining;
    await stubborn.closed();
    assert.equal(stubborn.received, 'ok\r\n');
    await assert.rejects(dial(port), { code: 'ECONNREFUSED' });
  });
});
