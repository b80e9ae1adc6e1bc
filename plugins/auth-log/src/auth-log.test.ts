import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type AuthAttempt, type Identity } from '@angarium/sdk';
import { createTestKernel, HookProbe, ManualClock, temporaryFolder } from '@angarium/testing';
import { AppendingFile } from './appending-file.js';

const probe = new HookProbe();
const attempt: AuthAttempt = {
  service: 'imap',
  mechanism: 'PLAIN',
  remoteAddress: '192.0.2.1',
  session: 's1',
  isSecured: true,
  user: 'fred',
};
const fred = { user: 'fred', actingFor: 'admin' } as unknown as Identity;

const linesOf = (file: string): unknown[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

test('a line a login, whatever came of it, readable by the owner alone', async () => {
  using folder = temporaryFolder();
  const clock = new ManualClock();
  {
    await using _ = await createTestKernel({ plugins: [probe, 'auth-log'], clock, dataDir: folder.path });
    await probe.hooks.hook('auth.succeeded').call(attempt, fred);
    await probe.hooks.hook('auth.failed').call(attempt, 'password wrong', true);
    await probe.hooks
      .hook('auth.failed')
      .call({ ...attempt, user: undefined }, 'the directory is\ndown', false);
  }
  const file = join(folder.path, 'log', 'auth.log');
  const same = {
    time: '2024-01-01T00:00:00.000Z',
    service: 'imap',
    mechanism: 'PLAIN',
    address: '192.0.2.1',
    tls: true,
    session: 's1',
    worker: 1,
  };
  assert.deepEqual(linesOf(file), [
    { ...same, outcome: 'ok', user: 'fred', actingFor: 'admin' },
    { ...same, outcome: 'failed', user: 'fred', reason: 'password wrong' },
    { ...same, outcome: 'refused', reason: 'the directory is\ndown' },
  ]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('successes can be left out, and the file be elsewhere', async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'elsewhere');
  {
    const plugin = { name: 'auth-log', config: { file, successes: false } };
    await using _ = await createTestKernel({ plugins: [probe, plugin] });
    assert.equal(probe.hooks.hook('auth.succeeded').isTapped, false);
    await probe.hooks.hook('auth.failed').call(attempt, 'x', true);
  }
  assert.equal(linesOf(file).length, 1);
});

test('a file that is moved away is begun anew', async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'a.log');
  const clock = new ManualClock();
  await using log = new AppendingFile(file, () => clock.monotonicMs(), assert.fail);
  log.append('1');
  await log.flush();
  renameSync(file, `${file}.1`);
  await clock.advance(1000);
  log.append('2');
  await log.flush();
  assert.equal(readFileSync(`${file}.1`, 'utf8'), '1\n');
  assert.equal(readFileSync(file, 'utf8'), '2\n');
});

test('many lines of several writers are whole', async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, 'a.log');
  const writers = Array.from({ length: 4 }, () => new AppendingFile(file, () => 0, assert.fail));
  for (let i = 0; i < 500; i++) {
    for (const [number, writer] of writers.entries())
      writer.append(JSON.stringify({ number, i, text: 'x'.repeat(200) }));
    if (i % 50 === 0) await new Promise(setImmediate);
  }
  for (const writer of writers) await writer[Symbol.asyncDispose]();
  const lines = linesOf(file) as { number: number; i: number }[];
  assert.equal(lines.length, 2000);
  for (const number of [0, 1, 2, 3])
    assert.deepEqual(
      lines.filter((line) => line.number === number).map(({ i }) => i),
      Array.from({ length: 500 }, (_, i) => i),
    );
});

test('what cannot be written is said once in the server log, and harms no login', async () => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, 'log', 'auth.log'), { recursive: true });
  await using kernel = await createTestKernel({ plugins: [probe, 'auth-log'], dataDir: folder.path });
  for (let i = 0; i < 3; i++) await probe.hooks.hook('auth.failed').call(attempt, 'x', true);
  while (kernel.log.lines.every(({ level }) => level !== 'error')) await new Promise(setImmediate);
  await kernel[Symbol.asyncDispose]();
  assert.equal(kernel.log.lines.filter(({ level }) => level === 'error').length, 1);
});
