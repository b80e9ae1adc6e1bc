import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMailError, SIEVE_SCRIPTS } from '@angarium/sdk';
import { createTestKernel, memoryStore } from '@angarium/testing';

async function setUp(config: Record<string, unknown> = {}) {
  const kernel = await createTestKernel({
    plugins: [memoryStore, 'namespace', { name: 'sieve', config }],
  });
  return { scripts: kernel.get(SIEVE_SCRIPTS), [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose]() };
}

const code = (wanted: string) => (error: unknown) => isMailError(error) && error.code === wanted;
const keep = Buffer.from('keep;');

test('scripts are stored as they are, renamed, made active, deleted', async () => {
  await using it = await setUp();
  const { scripts } = it;
  const octets = Buffer.from('\ufeff# ü\r\nkeep;');
  assert.deepEqual(await scripts.put('fred', 'eins', octets), { errors: [], warnings: [] });
  assert.deepEqual(Buffer.from(await scripts.get('fred', 'eins')), octets);
  await scripts.setActive('fred', 'eins');
  await scripts.put('fred', 'zwei', keep);
  await assert.rejects(scripts.delete('fred', 'eins'), code('INUSE'));
  await assert.rejects(scripts.rename('fred', 'eins', 'zwei'), code('ALREADYEXISTS'));
  await scripts.rename('fred', 'eins', 'drei');
  assert.deepEqual(await scripts.list('fred'), [
    { name: 'drei', active: true, octets: octets.length },
    { name: 'zwei', active: false, octets: 5 },
  ]);
  assert.deepEqual(await scripts.list('wilma'), []);
  await scripts.setActive('fred', undefined);
  await scripts.delete('fred', 'drei');
  for (const call of [
    scripts.get('fred', 'drei'),
    scripts.delete('fred', 'drei'),
    scripts.rename('fred', 'drei', 'x'),
    scripts.setActive('fred', 'drei'),
  ])
    await assert.rejects(call, code('NONEXISTENT'));
});

test('a bad script is not stored, and limits hold, also for many at once', async () => {
  await using it = await setUp({ maxScripts: 3, maxScriptBytes: 1024 });
  const { scripts } = it;
  const { errors } = await scripts.put('fred', 'bad', Buffer.from('keep'));
  assert.equal(errors.length, 1);
  await assert.rejects(scripts.get('fred', 'bad'), code('NONEXISTENT'));
  await assert.rejects(scripts.put('fred', 'big', Buffer.alloc(1025, ' ')), code('LIMIT'));
  await assert.rejects(scripts.haveSpace('fred', 'big', 1025), code('LIMIT'));
  await assert.rejects(scripts.put('fred', 'a\nb', keep), code('CANNOT'));
  const puts = await Promise.allSettled(
    Array.from({ length: 8 }, (_, i) => scripts.put('fred', `s${i}`, keep)),
  );
  assert.equal(puts.filter(({ status }) => status === 'fulfilled').length, 3);
  assert.equal((await scripts.list('fred')).length, 3);
  await assert.rejects(scripts.haveSpace('fred', 'other', 10), code('OVERQUOTA'));
  const [first] = await scripts.list('fred');
  await scripts.haveSpace('fred', first!.name, 10);
});
