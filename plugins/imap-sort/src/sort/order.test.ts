import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countUp } from '../numbers.js';
import { Turns } from '../turns.js';
import { sortInSlices } from './order.js';

test('property: sorting in slices is sorting', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(20), { maxLength: 5000, size: 'max' }), async (keys) => {
      const compare = (a: number, b: number): number => keys[a]! - keys[b]! || a - b;
      const sorted = await sortInSlices(countUp(keys.length), compare, new Turns());
      assert.deepEqual([...sorted], [...countUp(keys.length)].sort(compare));
    }),
    { numRuns: 30 },
  );
});

test('others have their turns, and a signal ends it', async () => {
  const count = 100_000;
  const abort = new AbortController();
  let turns = 0;
  const tick = (): void => {
    if (++turns === 10) abort.abort(new Error('enough'));
    else setImmediate(tick);
  };
  setImmediate(tick);
  const descending = (a: number, b: number): number => b - a;
  await assert.rejects(sortInSlices(countUp(count), descending, new Turns(abort.signal)), /enough/);
  assert.ok(turns >= 10);
});
