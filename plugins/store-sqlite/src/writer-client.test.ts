import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { test } from 'node:test';
import { openTestEngine, silentLog } from './engine.test.support.js';
import { ThreadWriter } from './writer-client.js';

test('the end of a store thread that failed does not take the next one with it', async () => {
  const { engine, close } = await openTestEngine();
  const { paths, partitions } = engine.folder;
  const [shardPath] = paths.shardPaths as [string];
  const settings = { paths, partitions, packBytes: 1e6 };
  const writer = new ThreadWriter(settings, 1e6, silentLog, () => undefined);

  renameSync(shardPath, `${shardPath}.away`);
  await assert.rejects(writer.run('counts', {}), { code: 'UNAVAILABLE' });
  renameSync(`${shardPath}.away`, shardPath);
  // The failed thread's exit arrives while this one starts.
  assert.equal((await writer.run('counts', {})).jobs, 0);
  await writer.close();
  await close();
});
