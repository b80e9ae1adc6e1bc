import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeFs } from '../packs/fs.js';
import { DiskCalls } from './sync.js';

function sync(
  disk: DiskCalls,
  fd: number,
): { readonly done: Promise<Error | null>; readonly isHere: boolean } {
  let isHere = false;
  const done = new Promise<Error | null>((resolve) => {
    disk.sync(fd, (error) => {
      isHere = true;
      resolve(error);
    });
  });
  return { done, isHere };
}

test('a sync holds nobody up: in this thread only when alone, and failures are told either way', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'angarium-sync-'));
  const fd = openSync(join(dir, 'file'), 'w');
  let isAlone = false;
  const disk = new DiskCalls(() => isAlone);
  const pooled = sync(disk, fd);
  assert.equal(pooled.isHere, false);
  assert.equal(await pooled.done, null);
  const packFs = disk.packFs(nodeFs);
  assert.equal(await packFs.writev(fd, [Buffer.alloc(1024 * 1024)], 0), 1024 * 1024);
  isAlone = true;
  const large = sync(disk, fd);
  assert.equal(large.isHere, false, 'the sync after a large write is not short');
  assert.equal(await large.done, null);
  closeSync(fd);
  for (isAlone of [true, false]) {
    assert.match(String(await sync(new DiskCalls(() => isAlone), fd).done), /EBADF/);
    await assert.rejects(new DiskCalls(() => isAlone).packFs(nodeFs).fdatasync(fd), /EBADF/);
    await assert.rejects(packFs.writev(fd, [Buffer.alloc(10)], 0), /EBADF/);
  }
  assert.equal(sync(new DiskCalls(() => true), fd).isHere, true);
  rmSync(dir, { recursive: true });
});

test('on a disk that is not fast, who has been alone for long still syncs in this thread', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'angarium-sync-'));
  const fd = openSync(join(dir, 'file'), 'w');
  let nowMs = 0;
  // Each sync takes four milliseconds.
  t.mock.method(performance, 'now', () => (nowMs += 4));
  let isAlone = true;
  const disk = new DiskCalls(() => isAlone);
  const here: boolean[] = [];
  for (let i = 0; i < 20; i++) {
    const { done, isHere } = sync(disk, fd);
    here.push(isHere);
    assert.equal(await done, null);
  }
  assert.deepEqual(here.slice(1, 16), Array<boolean>(15).fill(false));
  assert.deepEqual(here.slice(17), [true, true, true]);
  isAlone = false;
  assert.equal(await sync(disk, fd).done, null);
  isAlone = true;
  const after = sync(disk, fd);
  assert.equal(after.isHere, false, 'somebody came');
  assert.equal(await after.done, null);
  closeSync(fd);
  rmSync(dir, { recursive: true });
});
