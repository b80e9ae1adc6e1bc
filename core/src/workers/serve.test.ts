import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { connect } from 'node:tls';
import { manifestText, runCommand, type Served, startServer } from '../test-support/served.js';
import { Client, dial, eventually } from '../test-support/sockets.js';

async function readyServer(test: TestContext, manifest?: string, args?: readonly string[]): Promise<Served> {
  const served = startServer(test, {
    ...(manifest !== undefined && { manifest }),
    ...(args !== undefined && { args }),
  });
  await served.ready();
  return served;
}

/** Connected, with the greeting read. */
async function greet(to: number | string): Promise<{ readonly client: Client; readonly pid: number }> {
  const client = await dial(to);
  await client.until('\r\n');
  return { client, pid: Number(/ (\d+)\r\n/.exec(client.received)?.[1]) };
}

/** A client of each worker. */
async function oneOfEach(port: number, count: number): Promise<Map<number, Client>> {
  const byPid = new Map<number, Client>();
  while (byPid.size < count) {
    const { client, pid } = await greet(port);
    if (byPid.has(pid)) client.stream.destroy();
    else byPid.set(pid, client);
  }
  return byPid;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('serve', () => {
  it('starts, says where and how, serves, and ends in good order on SIGTERM', async (test) => {
    const served = await readyServer(test);
    const lines = served.stdout.trimEnd().split('\n');
    assert.match(lines[0]!, /^A self-signed certificate/);
    assert.equal(lines.filter((line) => line === 'echo was here').length, 1);
    assert.equal(JSON.parse(lines.at(-1)!).msg, 'ready');
    const [tcp, tls, unix] = served.ports as [{ port: number }, { port: number }, { path: string }];
    assert.ok(tcp.port > 0 && tls.port > 0);
    assert.equal(statSync(unix.path).mode & 0o777, 0o666);
    assert.equal(statSync(served.controlPath).mode & 0o777, 0o600);
    // Others reach the socket that is for them, and see nothing else.
    for (const dir of [[], ['run']]) {
      const { mode } = statSync(served.workspace.path('data', ...dir));
      assert.equal(mode & 0o777, 0o711 & ~process.umask());
    }

    const byPid = await oneOfEach(served.port, 2);
    const { client: local } = await greet(unix.path);
    const secure = new Client(connect({ port: tls.port, host: '127.0.0.1', rejectUnauthorized: false }));
    await secure.until('hello');
    const clients = [...byPid.values(), local, secure];
    served.child.kill('SIGTERM');
    for (const client of clients) await client.until('BYE\r\n');
    for (const client of clients) client.stream.end();
    assert.deepEqual(await served.ended(), { status: 0, signal: null });
    assert.equal(readFileSync(served.workspace.path('data', 'life'), 'utf8'), 'stop\nstop\n');
    for (const left of ['ports.json', 'control.sock', 'echo.sock', 'server.pid']) {
      assert.equal(served.has('run', left), false, `${left} is left behind`);
    }
    await assert.rejects(dial(tcp.port), { code: 'ECONNREFUSED' });
  });

  it('shows itself in status and plugins stats', async (test) => {
    const served = await readyServer(test);
    const byPid = await oneOfEach(served.port, 2);
    for (const client of byPid.values()) {
      client.write('noop\r\n');
      await client.until('noop');
    }
    const status = await served.status();
    assert.equal(status.pid, served.child.pid);
    assert.equal(status.state, 'serving');
    assert.deepEqual(new Set(status.workers.map(({ pid }) => pid)), new Set(byPid.keys()));
    assert.equal(status.workers.filter(({ isLeader }) => isLeader).length, 1);
    assert.deepEqual(
      status.connections.map(({ user, activity, remote }) => [user, activity, remote]),
      [
        ['bob', 'noop', '127.0.0.1'],
        ['bob', 'noop', '127.0.0.1'],
      ],
    );
    assert.equal(new Set(status.connections.map(({ id }) => id)).size, 2);
    assert.deepEqual(
      status.sources.map(({ name, worker, value }) => [name, worker, value]),
      [
        ['heard', 1, []],
        ['heard', 2, []],
      ],
    );
    const text = await runCommand(served.workspace, ['status']);
    assert.match(text.stdout, /serving for/);
    assert.match(text.stdout, /echo {2}127\.0\.0\.1:\d+ \(TLS\)/);
    assert.match(text.stdout, /bob/);
    const json = await runCommand(served.workspace, ['status', '--json']);
    assert.deepEqual(JSON.parse(json.stdout).ports, { echo: served.ports });
    const stats = await runCommand(served.workspace, ['plugins', 'stats', '--json']);
    const { workers, hooks, times } = JSON.parse(stats.stdout);
    assert.equal(workers, 2);
    assert.equal(hooks[0].plugin, 'echo');
    assert.ok(hooks[0].calls >= 2);
    assert.equal(times.label, 'kernel');
    const table = await runCommand(served.workspace, ['plugins', 'stats']);
    assert.match(table.stdout, /echo +connection\.accepting/);
    for (const client of byPid.values()) client.stream.destroy();
  });

  it('replaces a worker that crashes, names the plugin, and goes on listening', async (test) => {
    const served = await readyServer(test);
    const before = new Set((await served.status()).workers.map(({ pid }) => pid));
    const { client, pid } = await greet(served.port);
    client.write('throw\r\n');
    await client.closed();
    await served.logged('"msg":"a worker crashed and is replaced"');
    assert.match(served.stderr, /boom \(plugin echo\)/);
    // No moment without somebody who listens.
    const { client: next } = await greet(served.port);
    next.stream.destroy();
    const pids = async () => (await served.status()).workers.map((worker) => worker.pid);
    let now = await pids();
    while (now.length < 2 || now.includes(pid)) now = await pids();
    assert.equal(now.filter((each) => before.has(each)).length, 1);
    const { workers } = await served.status();
    assert.equal(workers.filter(({ isLeader }) => isLeader).length, 1);

    const exiting = await greet(served.port);
    exiting.client.write('exit\r\n');
    await exiting.client.closed();
    await served.logged('status 3');
  });

  it('listens without a gap when its only worker has a fault', async (test) => {
    const served = await readyServer(test, manifestText({ workers: 1 }));
    const { port } = served;
    const { client, pid } = await greet(port);
    client.write('throw\r\n');
    for (let now = pid; now === pid; ) {
      const next = await greet(port);
      now = next.pid;
      next.client.stream.destroy();
    }
    await client.until('BYE\r\n');
    await eventually(() => !isAlive(pid));
    const { workers } = await served.status();
    assert.deepEqual(
      workers.map(({ isLeader }) => isLeader),
      [true],
    );
  });

  it('a client that a dying worker has not taken is hung up on, and can come again', async (test) => {
    const served = await readyServer(test);
    const byPid = await oneOfEach(served.port, 2);
    const [stopped] = byPid.keys();
    process.kill(stopped!, 'SIGSTOP');
    // Dealt out in turn: one of these is on its way to the stopped worker.
    const clients = await Promise.all([dial(served.port), dial(served.port), dial(served.port)]);
    const silent = () => clients.filter(({ received }) => received === '');
    await eventually(() => silent().length === 1);
    const [waiting] = silent();
    process.kill(stopped!, 'SIGKILL');
    await waiting!.ended();
    assert.equal(waiting!.received, '');
    await greet(served.port);
  });

  it('kills and replaces a worker that hangs', async (test) => {
    const served = await readyServer(test, undefined, ['--hang-seconds', '1']);
    const { client, pid } = await greet(served.port);
    client.write('hang\r\n');
    await served.logged('a worker hangs and is killed');
    await eventually(() => !isAlive(pid));
    await client.closed();
    await oneOfEach(served.port, 2);
  });

  it('goes on as it was when the new manifest is wrong, telling everything that is', async (test) => {
    const served = await readyServer(test);
    const before = (await served.status()).workers.map(({ pid }) => pid);
    writeFileSync(
      served.workspace.manifest,
      `${manifestText()}\n    greating: x\n    listen: 5\n  nonesuch: {}\n`,
    );
    served.child.kill('SIGHUP');
    await served.logged('the reload was refused');
    const outcome = await runCommand(served.workspace, ['reload']);
    assert.equal(outcome.status, 1);
    writeFileSync(
      served.workspace.manifest,
      manifestText().replace('greeting:', 'greating:').replace('workers: 2', 'workers: x'),
    );
    const both = await runCommand(served.workspace, ['reload']);
    assert.equal(both.status, 1);
    assert.match(both.stderr, /goes on as it was/);
    assert.match(both.stderr, /workers/);
    assert.match(both.stderr, /greating/);
    const after = await served.status();
    assert.deepEqual(
      after.workers.map(({ pid }) => pid),
      before,
    );
    // A worker that is replaced meanwhile gets the manifest that is in force, not the file.
    const { client } = await greet(served.port);
    client.write('exit\r\n');
    await client.closed();
    await oneOfEach(served.port, 2);
  });

  it('goes on as it was when a plugin does not start with the new manifest', async (test) => {
    const served = await readyServer(test);
    const before = (await served.status()).workers.map(({ pid }) => pid);
    writeFileSync(served.workspace.manifest, manifestText({ failStart: true }));
    const reply = await served.ask({ op: 'reload' });
    assert.equal(reply.ok, false);
    assert.match(reply.error ?? '', /told not to start/);
    assert.deepEqual(
      (await served.status()).workers.map(({ pid }) => pid),
      before,
    );
    await oneOfEach(served.port, 2);
  });

  it('rolls its workers without losing an attempt to connect', async (test) => {
    const served = await readyServer(test);
    const { port } = served;
    const old = await oneOfEach(port, 2);
    let isRolling = true;
    let count = 0;
    const knock = async (): Promise<void> => {
      while (isRolling) {
        const { client } = await greet(port);
        client.write('quit\r\n');
        await client.closed();
        count++;
      }
    };
    const knocking = Promise.all(Array.from({ length: 8 }, knock));
    writeFileSync(served.workspace.manifest, manifestText({ greeting: 'welcome', workers: 3 }));
    const reply = await served.ask({ op: 'reload' });
    assert.deepEqual(reply, { ok: true });
    isRolling = false;
    await knocking;
    assert.ok(count > 0);
    for (const client of old.values()) {
      await client.until('BYE\r\n');
      await client.closed();
    }
    assert.equal(served.port, port);
    const { workers } = await served.status();
    assert.equal(workers.length, 3);
    assert.equal(workers.filter(({ isLeader }) => isLeader).length, 1);
    assert.equal(new Set(workers.map(({ id }) => id)).size, 3);
    const { client } = await greet(port);
    assert.match(client.received, /^welcome/);
    client.stream.destroy();
  });

  it('has one leader, also after the leader has gone', async (test) => {
    const served = await readyServer(test);
    const leader = (await served.status()).workers.find(({ isLeader }) => isLeader);
    process.kill(leader!.pid, 'SIGKILL');
    const leaders = async () => (await served.status()).workers.filter(({ isLeader }) => isLeader);
    let now = await leaders();
    while (now.length !== 1 || now[0]!.pid === leader!.pid) {
      assert.ok(now.length <= 1);
      now = await leaders();
    }
  });

  it('refuses a second server on the same data, naming the first', async (test) => {
    const served = await readyServer(test);
    const second = startServer(test, { workspace: served.workspace });
    assert.equal((await second.ended()).status, 1);
    assert.match(second.stderr, new RegExp(`data is in use by the server with pid ${served.child.pid};`));
    await oneOfEach(served.port, 2);
    assert.ok(served.has('run', 'ports.json'));
  });

  it('leaves no worker behind when it is killed, and starts again over what it left', async (test) => {
    const served = await readyServer(test);
    const pids = (await served.status()).workers.map(({ pid }) => pid);
    served.child.kill('SIGKILL');
    await served.ended();
    await eventually(() => !pids.some(isAlive));
    assert.ok(served.has('run', 'control.sock') && served.has('run', 'echo.sock'));
    const again = startServer(test, { workspace: served.workspace });
    await again.ready();
    const { client } = await greet(again.workspace.path('data', 'run', 'echo.sock'));
    client.stream.destroy();
    assert.doesNotMatch(again.stdout, /self-signed/);
  });

  it('cuts off at the deadline those that do not leave', async (test) => {
    const served = await readyServer(test, manifestText({ drainSeconds: 0.5 }));
    const stubborn = connect({
      port: (served.ports[1] as { port: number }).port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
    });
    const client = new Client(stubborn);
    await client.until('hello');
    stubborn.pause();
    served.child.kill('SIGINT');
    assert.deepEqual(await served.ended(), { status: 0, signal: null });
    stubborn.resume();
    await client.closed();
  });

  it('carries messages between workers, a turn’s worth together, and not to the sender', async (test) => {
    const served = await readyServer(test);
    const [first, second] = [...(await oneOfEach(served.port, 2)).values()] as [Client, Client];
    first.write('publish a b c\r\n');
    await first.until('published');
    const heard = async (client: Client): Promise<string> => {
      client.received = '';
      client.write('heard\r\n');
      await client.until('\r\n');
      return client.received;
    };
    while ((await heard(second)) !== 'heard a,b,c\r\n');
    assert.equal(await heard(first), 'heard \r\n');
    // And from a command beside the server.
    assert.equal((await runCommand(served.workspace, ['tell', 'd'])).status, 0);
    while ((await heard(first)) !== 'heard d\r\n');
    while ((await heard(second)) !== 'heard a,b,c,d\r\n');
    for (const client of [first, second]) client.stream.destroy();
  });

  it('resumes TLS sessions with another worker, also by STARTTLS', async (test) => {
    const served = await readyServer(test);
    let session: Buffer | undefined;
    const reused: boolean[] = [];
    const pids = new Set<number>();
    for (let visit = 0; pids.size < 2 || visit < 6; visit++) {
      const { client: plain, pid } = await greet(served.port);
      plain.write('starttls\r\n');
      await plain.until('go ahead');
      plain.stream.removeAllListeners('data');
      const socket = connect({
        socket: plain.stream as never,
        rejectUnauthorized: false,
        ...(session !== undefined && { session }),
      });
      socket.on('session', (ticket) => (session ??= ticket));
      const client = new Client(socket);
      client.write('hello\r\n');
      await client.until('hello');
      await eventually(() => session !== undefined);
      if (visit > 0) reused.push(socket.isSessionReused());
      pids.add(pid);
      socket.destroy();
    }
    assert.ok(reused.every((each) => each));
  });

  it('tells why it cannot start', async (test) => {
    const failing = startServer(test, { manifest: manifestText({ failStart: true }) });
    assert.equal((await failing.ended()).status, 1);
    assert.match(failing.stderr, /echo.*told not to start/s);
    assert.doesNotMatch(failing.stdout, /ready/);
    assert.equal(failing.has('run', 'control.sock'), false);

    const served = await readyServer(test);
    const taken = manifestText().replace('port: 0', `port: ${served.port}`);
    const blocked = startServer(test, { manifest: taken });
    assert.equal((await blocked.ended()).status, 1);
    assert.match(
      blocked.stderr,
      new RegExp(`echo cannot listen on 127.0.0.1 port ${served.port}: .* in use`),
    );

    const file = startServer(test, { manifest: manifestText().replace('./data', './angarium.yaml') });
    assert.equal((await file.ended()).status, 1);
    assert.match(file.stderr, /the data folder .*angarium.yaml cannot be used: it is no folder/);

    const { status, stderr } = await runCommand(failing.workspace, ['status']);
    assert.equal(status, 1);
    assert.match(stderr, /no server runs on/);
  });

  it('serves from one process with --single', async (test) => {
    const served = await readyServer(test, undefined, ['--single']);
    const { client, pid } = await greet(served.port);
    assert.equal(pid, served.child.pid);
    const status = await served.status();
    assert.deepEqual(
      status.workers.map((worker) => worker.pid),
      [pid],
    );
    assert.equal((await served.ask({ op: 'reload' })).ok, true);
    client.write('still here\r\n');
    await client.until('still here');
    served.child.kill('SIGTERM');
    await client.until('BYE');
    assert.deepEqual(await served.ended(), { status: 0, signal: null });
    assert.equal(served.has('run', 'ports.json'), false);
  });
});
