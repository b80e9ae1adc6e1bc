/** Limits of roots that lie in several shards, with several processes. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  isMailError,
  type MailboxId,
  mailboxKey,
  NumberSet,
  personalMailbox,
  sharedMailbox,
  type UserId,
} from '@angarium/sdk';
import Database from 'better-sqlite3';
import { openTestEngine } from './engine.test.support.js';
import { recountUsage } from './maintenance/repair.js';
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

test('while another process decides about roots that span shards, those wait and others do not', async () => {
  const own = await openTestEngine();
  const { engine, dir } = own;
  const spanning = await engine.catalogue.create(sharedMailbox(['box']), { quotaRoot: root });
  const user = personalMailbox('fred' as UserId);
  const fred = await engine.catalogue.create(user, { quotaRoot: mailboxKey(user) });
  await using message = await engine.stage([Buffer.from('Subject: x\r\n\r\nx\r\n')], { maxBytes: 1e6 });
  const item = { message, flags: { system: 0, keywords: [] }, internalDateMs: 0 };
  const append = async (mailbox: MailboxId, quotaRoot: string) =>
    (await engine.append([{ mailbox, items: [item], limits: [{ quotaRoot, messages: 1 }] }]))[0]!;
  const other = new RootLock(join(dir, 'meta', 'quota.lock'));
  assert.ok(other.tryHold());
  let isWaiting = true;
  const waiting = append(spanning.id, root).finally(() => {
    isWaiting = false;
  });
  assert.ok((await append(fred.id, mailboxKey(user))).ok);
  const over = await append(fred.id, mailboxKey(user));
  assert.ok(!over.ok && isMailError(over.error) && over.error.code === 'OVERQUOTA');
  assert.ok(isWaiting);
  other.close();
  assert.ok((await waiting).ok);
  const copied = engine.mailbox(spanning.id).copyTo(NumberSet.of(1), spanning.id, {
    limits: [{ quotaRoot: root, messages: 1 }],
  });
  await assert.rejects(copied, (error) => isMailError(error) && error.code === 'OVERQUOTA');
  await own.close();
});

test('a wrong use is told, and counted anew, also where the root has no mailbox', async () => {
  const own = await openTestEngine();
  const { engine, dir } = own;
  const user = personalMailbox('fred' as UserId);
  const quotaRoot = mailboxKey(user);
  const fred = await engine.catalogue.create(user, { quotaRoot });
  await using message = await engine.stage([Buffer.from('Subject: x\r\n\r\nx\r\n')], { maxBytes: 1e6 });
  const item = { message, flags: { system: 0, keywords: [] }, internalDateMs: 0 };
  await engine.append([{ mailbox: fred.id, items: [item] }]);
  assert.deepEqual(await recountUsage(engine, true), []);
  for (const name of ['00', '01']) {
    const db = new Database(join(dir, 'meta', `${name}.db`));
    db.prepare('INSERT OR REPLACE INTO quota_usage VALUES (?, 100, 7)').run(quotaRoot);
    db.close();
  }
  const fault = {
    quotaRoot,
    was: { bytes: 200, messages: 14 },
    is: { bytes: message.size, messages: 1 },
  };
  assert.deepEqual(await recountUsage(engine, true), [fault]);
  assert.deepEqual(await recountUsage(engine, false), [fault]);
  assert.deepEqual(await recountUsage(engine, false), []);
  assert.equal((await engine.usage(quotaRoot)).messages, 1);
  await own.close();
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
