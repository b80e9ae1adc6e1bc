/** Several processes on one data folder, and processes that are killed. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type MailboxId, NumberSet, personalMailbox, type UserId } from '@angarium/sdk';
import { rowsOf } from '@angarium/testing/contracts';
import { openTestEngine, silentLog, type TestEngine } from './engine.test.support.js';
import { Maintenance } from './maintenance/maintenance.js';
import { movingPartitions, type WorkerLine, workerMail } from './worker.test.support.js';

const workerFile = fileURLToPath(new URL('./worker.test.support.js', import.meta.url));

interface RunningWorker {
  readonly child: ChildProcess;
  readonly lines: WorkerLine[];
  readonly ended: Promise<number | null>;
}

function startWorker(dir: string, name: string, count: number, mailboxes: readonly string[]): RunningWorker {
  const child = spawn(process.execPath, [workerFile, dir, name, String(count), ...mailboxes], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: WorkerLine[] = [];
  const reader = createInterface({ input: child.stdout! });
  reader.on('line', (line) => {
    if (line.endsWith('}')) lines.push(JSON.parse(line) as WorkerLine);
  });
  const closed = new Promise((resolve) => reader.once('close', resolve));
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => void closed.then(() => resolve(code)));
  });
  return { child, lines, ended };
}

/** Counts all of them, in whatever shard. */
const ROOT = 'root';

async function makeMailboxes({ engine }: TestEngine, count: number): Promise<MailboxId[]> {
  const ids: MailboxId[] = [];
  for (let i = 0; i < count; i++)
    ids.push((await engine.catalogue.create(personalMailbox(`user${i}` as UserId), { quotaRoot: ROOT })).id);
  return ids;
}

/** Everything that was acknowledged is there, and everything that is there fits together. */
async function verify(
  { engine }: TestEngine,
  ids: readonly MailboxId[],
  lines: readonly WorkerLine[],
): Promise<void> {
  for (const id of ids) {
    const box = engine.mailbox(id);
    const snapshot = await box.snapshot();
    const rows = new Map(rowsOf(snapshot).map((row) => [row.uid, row]));
    const modSeqs = new Set<number>();
    const own = lines.filter((line) => 'mailbox' in line && line.mailbox === id);
    const expunged = new Set(own.flatMap((line) => (line.kind === 'expunged' ? [line.uid] : [])));
    const vanished = (await box.vanishedSince(0)).uids;
    for (const line of own) {
      if (line.kind === 'ready') continue;
      assert.ok(!modSeqs.has(line.modSeq), `modseq ${line.modSeq} was given twice`);
      modSeqs.add(line.modSeq);
      assert.ok(line.modSeq <= snapshot.highestModSeq);
      if (line.kind === 'expunged') assert.ok(vanished.has(line.uid) && !rows.has(line.uid));
      if (expunged.has(line.uid) || vanished.has(line.uid)) continue;
      const row = rows.get(line.uid);
      assert.ok(row, `message ${line.uid} was acknowledged and is not there`);
      if (line.kind === 'flagged') assert.ok(row.keywords.includes(line.keyword) && row.flags === 1);
      if (line.kind !== 'appended') continue;
      const bytes = await (await box.open(line.uid)).read(0, 1e6);
      assert.ok(bytes.equals(workerMail(line.subject)), 'another message is there');
    }
  }
  await verifyIntegrity(engine);
}

async function verifyIntegrity(engine: TestEngine['engine']): Promise<void> {
  const counted = { bytes: 0, messages: 0 };
  for (const status of await engine.status(engine.catalogue.listed({}).map(({ entry }) => entry.id))) {
    counted.bytes += status?.bytes ?? 0;
    counted.messages += status?.messages ?? 0;
  }
  const { bytes, messages } = await engine.usage(ROOT);
  assert.deepEqual({ bytes, messages }, counted, 'quota use is what is there');
  for (let shard = 0; shard < engine.shards.length; shard++) {
    assert.equal(engine.shards[shard]!.db.pragma('integrity_check', { simple: true }), 'ok');
    const blobs = await engine.writer.run('repairBlobs', { shard, isDry: true });
    assert.deepEqual(blobs, { wrongRefs: 0, orphans: 0, missing: 0 });
    assert.deepEqual(await engine.writer.run('repairUsage', { shard, isDry: true }), []);
  }
  for (const { ref } of engine.catalogue.listed({})) {
    const report = await engine.writer.run('reconstruct', { ref, isFull: true, isDry: true });
    assert.deepEqual(report.faults, []);
  }
}

test('two processes and this one change the same mailboxes; no update is lost, no modseq given twice', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'angarium-processes-'));
  const own = await openTestEngine({ dir });
  try {
    const ids = await makeMailboxes(own, 3);
    const workers = ['a', 'b'].map((name) => startWorker(dir, name, 40, ids));
    let isDone = false;
    const done = Promise.all(workers.map(({ ended }) => ended)).finally(() => {
      isDone = true;
    });
    let highest = 0;
    while (!isDone) {
      const { highestModSeq } = await own.engine.mailbox(ids[0]!).snapshot();
      assert.ok(highestModSeq >= highest, 'this process never sees an older state');
      highest = highestModSeq;
      await own.engine.mailbox(ids[0]!).updateFlags(NumberSet.range(1, 9), {
        mode: highest % 2 === 0 ? 'add' : 'remove',
        system: 4,
        keywords: [],
      });
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    assert.deepEqual(await done, [0, 0]);
    const lines = workers
      .flatMap((worker) => worker.lines)
      .filter((line) => line.kind !== 'flagged' || line.uid > 9);
    assert.equal(lines.filter(({ kind }) => kind === 'appended').length, 2 * 4 * 40);
    await verify(own, ids, lines);
  } finally {
    await own.close();
    rmSync(dir, { recursive: true });
  }
});

test('kill -9 under load, ten times: everything acknowledged is there, everything fits together', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'angarium-kill-'));
  try {
    const setup = await openTestEngine({ dir });
    const ids = await makeMailboxes(setup, 4);
    await setup.close();
    const lines: WorkerLine[] = [];
    for (let round = 0; round < 10; round++) {
      const worker = startWorker(dir, `r${round}`, 100_000, ids);
      // Killed after a number of acknowledgements, not after a time, in whatever it is doing then.
      const wanted = 20 + round * 17;
      await new Promise<void>((resolve) => {
        const poll = setInterval(() => {
          if (worker.lines.length < wanted && worker.child.exitCode === null) return;
          clearInterval(poll);
          resolve();
        }, 1);
      });
      worker.child.kill('SIGKILL');
      await worker.ended;
      assert.equal(worker.child.signalCode, 'SIGKILL', 'it was still at work');
      lines.push(...worker.lines);
      if (round % 3 !== 2) continue;
      const reopened = await openTestEngine({ dir });
      await verify(reopened, ids, lines);
      await reopened.close();
    }
    const reopened = await openTestEngine({ dir });
    await reopened.engine.writer.run('sealDead', {});
    await verify(reopened, ids, lines);
    await reopened.close();
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('kill -9 while mailboxes move between partitions: nothing is lost, nothing is left behind', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'angarium-processes-'));
  const config = { partitions: movingPartitions };
  process.env['ANGARIUM_TEST_MOVE_KEY'] = '5c'.repeat(32);
  try {
    const first = await openTestEngine({ dir, config });
    const ids = await makeMailboxes(first, 2);
    await first.close();
    const lines: WorkerLine[] = [];
    for (let kill = 0; kill < 4; kill++) {
      const worker = startWorker(dir, `move${kill}`, 1000, ids);
      // Somewhere between its first moves and its last.
      while (worker.lines.length < 60 + 37 * kill && worker.child.exitCode === null)
        await new Promise((resolve) => setImmediate(resolve));
      worker.child.kill('SIGKILL');
      await worker.ended;
      lines.push(...worker.lines);
    }
    assert.ok(lines.some(({ kind }) => kind === 'appended'));
    const after = await openTestEngine({ dir, config });
    await new Maintenance(after.engine, after.clock, silentLog).recover();
    await verify(after, ids, lines);
    for (const { db } of after.engine.shards)
      assert.equal(db.prepare('SELECT count(*) FROM moving').pluck().get(), 0);
    await after.close();
  } finally {
    delete process.env['ANGARIUM_TEST_MOVE_KEY'];
    rmSync(dir, { recursive: true });
  }
});
