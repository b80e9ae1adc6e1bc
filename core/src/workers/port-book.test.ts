import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryDir } from '../test-support/listening.js';
import type { ListenRequest } from './ipc.js';
import { PortBook } from './port-book.js';

const wanted: ListenRequest = {
  service: 'echo',
  address: '127.0.0.1',
  port: 0,
  path: undefined,
  ordinal: 0,
};

describe('port book', () => {
  it('gives every worker the same free port for the same place', async () => {
    const book = new PortBook();
    const [a, b, second, other] = await Promise.all([
      book.resolve(wanted),
      book.resolve(wanted),
      book.resolve({ ...wanted, ordinal: 1 }),
      book.resolve({ ...wanted, service: 'other' }),
    ]);
    assert.ok(a > 0);
    assert.equal(a, b);
    assert.equal(new Set([a, second, other]).size, 3);
    assert.equal(await book.resolve({ ...wanted, port: 143 }), 143);
  });

  it('gives another when somebody else got it, once for all', async () => {
    const book = new PortBook();
    const first = await book.resolve(wanted);
    const second = await book.resolve({ ...wanted, taken: first });
    assert.notEqual(second, first);
    assert.equal(await book.resolve({ ...wanted, taken: first }), second);
    assert.equal(await book.resolve(wanted), second);
  });

  it('clears a dead socket before the first worker, and leaves the living one of the others alone', async (test) => {
    const path = join(temporaryDir(test), 'echo.sock');
    const code = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`;
    assert.equal(spawnSync(process.execPath, ['-e', code]).signal, 'SIGKILL');
    const book = new PortBook();
    assert.equal(await book.resolve({ ...wanted, path }), 0);
    assert.equal(existsSync(path), false);
    const worker = createServer();
    await new Promise<void>((resolve) => worker.listen(path, resolve));
    test.after(() => worker.close());
    await book.resolve({ ...wanted, path });
    assert.equal(existsSync(path), true);
    await assert.rejects(new PortBook().resolve({ ...wanted, path }), /in use by another process/);
  });
});
