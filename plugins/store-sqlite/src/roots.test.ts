/** Limits of roots that lie in several shards, with several processes. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type MailboxId, sharedMailbox } from '@angarium/sdk';
import { openTestEngine } from './engine.test.support.js';
import { RootLock } from './thread/root-lock.js';

const workerFile = fileURLToPath(new URL('./root-worker.test.support.js', import.meta.url));
const run = promisify(execFile);
/** The default domain's root, as a key. */
const root = '\u001f';

test('three processes fill a root over four shards to its limit exactly', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'angarium-roots-'));
  const config = { shards: 4 };
  try {
    const own = await openTestEngine({ dir, config });
    const ids: MailboxId[] = [];
    for (let i = 0; i < 12; i++)
      ids.push((await own.engine.catalogue.create(sharedMailbox([`box${i}`]), { quotaRoot: root })).id);
    const shards = new Set(own.engine.catalogue.listed({}).map(({ ref }) => ref.shard));
    assert.ok(shards.size > 1, 'the mailboxes are spread');
    await own.close();
    const workers = [0, 1, 2].map((at) =>
      // Each begins elsewhere.
      run(process.execPath, [workerFile, dir, '200', ...ids.slice(4 * at), ...ids.slice(0, 4 * at)]),
    );
    const filed = (await Promise.all(workers)).map(({ stdout }) => Number(stdout));
    assert.equal(
      filed.reduce((sum, count) => sum + count, 0),
      200,
    );
    const after = await openTestEngine({ dir, config });
    assert.equal((await after.engine.usage(root)).messages, 200);
    await after.close();
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('the lock is held by one process, and goes with it', () => {
  const dir = mkdtempSync(join(tmpdir(), 'angarium-lock-'));
  try {
    const one = new RootLock(join(dir, 'lock'));
    const two = new RootLock(join(dir, 'lock'));
    assert.ok(one.tryHold() && one.tryHold());
    assert.ok(!two.tryHold());
    one.release();
    assert.ok(two.tryHold());
    assert.ok(!one.tryHold());
    two.close();
    assert.ok(one.tryHold());
    one.close();
  } finally {
    rmSync(dir, { recursive: true });
  }
});
