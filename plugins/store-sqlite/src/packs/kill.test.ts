import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { codecs, scanAll, withTempDir } from './fixtures.test.support.js';
import { nodeFs } from './fs.js';
import { listPacks, sealDeadPacks } from './seal.js';
import { PackWriter } from './writer.js';

const CHILD = fileURLToPath(new URL('./appender.test.support.js', import.meta.url));
const KILLS = 10;

/** Runs an appender, kills it some time after its first acknowledgement; answers what it acknowledged. */
async function runAndKill(packsDir: string, name: string, kind: string, afterMs: number): Promise<string[]> {
  const child = spawn(process.execPath, [CHILD, packsDir, name, kind], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('latin1');
  const started = new Promise<void>((resolve) => {
    child.stdout.on('data', (text: string) => {
      output += text;
      if (output.length > 'ready\n'.length + 64) resolve();
    });
  });
  await Promise.race([started, once(child, 'exit')]);
  await sleep(afterMs);
  child.kill('SIGKILL');
  await once(child, 'close');
  return output.split('\n').filter((line) => /^[0-9a-f]{64}$/.test(line));
}

test('kill -9 of two writers in one folder, again and again: every acknowledged record is there', async () => {
  await withTempDir(async (packsDir) => {
    const acknowledged: string[] = [];
    for (let kill = 0; kill < KILLS; kill += 2) {
      const kinds = codecs.map(([kind]) => kind);
      const kindOf = (side: number) => kinds[(kill + side) % kinds.length]!;
      const pair = [0, 1].map((side) =>
        runAndKill(packsDir, `${kill}.${side}`, kindOf(side), 5 + kill * 11 + side * 17),
      );
      acknowledged.push(...(await Promise.all(pair)).flat());
    }
    assert.ok(acknowledged.length >= KILLS);
    const unsealed = (await listPacks(packsDir)).filter((pack) => pack.sealedBytes === undefined);
    const sealed = await sealDeadPacks(packsDir);
    assert.deepEqual(
      sealed,
      unsealed.map((pack) => pack.id),
    );
    const found = await scanAll(nodeFs, packsDir);
    for (const guid of acknowledged) assert.ok(found.messages.has(guid), guid);
    assert.deepEqual(found.damage, []);
    assert.ok(found.entries.length > 0);
    const series = new Set((await nodeFs.list(packsDir)).filter((name) => /^\d+$/.test(name)));
    assert.equal(series.size, 2, 'the series of the dead were used again');
    const writer = await PackWriter.open({ packsDir });
    await writer.close();
  });
});
