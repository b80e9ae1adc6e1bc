import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { UserId } from '@angarium/sdk';
import { setUp } from './set-up.test.support.js';

const fred = 'fred' as UserId;

test('passwords are not kept unless the operator says so; then sealed; then no more', async () => {
  await using it = await setUp();
  const { dataDir } = it.kernel;
  await it.managed.create(fred, { password: 'tanstaafl' });
  assert.equal(it.source.hasPlainSecrets, false);
  assert.equal(await it.source.plainSecret?.(fred), undefined);
  assert.ok(!existsSync(join(dataDir, 'keys', 'accounts-plain.key')));
  {
    await using keeping = await setUp({ dataDir, config: { plainSecrets: true } });
    assert.equal(keeping.source.hasPlainSecrets, true);
    assert.equal(await keeping.source.plainSecret?.(fred), undefined);
    assert.equal(await keeping.verify('fred', 'tanstaafl'), 'right');
    // The next login has it: hashing anew is not waited for.
    while ((await keeping.source.plainSecret?.(fred)) === undefined) await new Promise(setImmediate);
    assert.equal(await keeping.source.plainSecret?.(fred), 'tanstaafl');
    await keeping.managed.create('wilma' as UserId, { password: 'Grüße' });
    assert.equal(await keeping.source.plainSecret?.('wilma' as UserId), 'Grüße');
    assert.equal(await keeping.source.plainSecret?.('nobody' as UserId), undefined);
    for (const file of readdirSync(join(dataDir, 'accounts'))) {
      assert.ok(!readFileSync(join(dataDir, 'accounts', file)).includes('tanstaafl'), file);
    }
  }
  assert.equal(await it.source.plainSecret?.(fred), undefined);
});

test('SCRAM parameters are told for the hashes that are kept', async () => {
  await using it = await setUp({ config: { scram: ['SHA-256'] } });
  assert.deepEqual(it.source.scramParameters?.('SHA-256'), { iterations: 4096, saltBytes: 16 });
  assert.equal(it.source.scramParameters?.('SHA-1'), undefined);
});
