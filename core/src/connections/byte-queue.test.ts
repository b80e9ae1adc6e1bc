import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ByteQueue } from './byte-queue.js';

type Step =
  | { readonly do: 'push'; readonly bytes: Buffer }
  | { readonly do: 'unshift'; readonly bytes: Buffer }
  | { readonly do: 'take' | 'drop' | 'some'; readonly share: number }
  | { readonly do: 'find' };

/** Small chunks with many LFs, and now and then big ones, so that gathering and views both occur. */
const bytes = fc
  .tuple(fc.constantFrom(1, 1, 2, 7, 300, 1023, 1024, 5000), fc.integer({ min: 0, max: 255 }))
  .map(([length, seed]) => Buffer.from(Array.from({ length }, (_, index) => (seed + index * 7) % 12)));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: bytes.map((each) => ({ do: 'push' as const, bytes: each })) },
  { weight: 1, arbitrary: bytes.map((each) => ({ do: 'unshift' as const, bytes: each })) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('take' as const, 'drop' as const, 'some' as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'find' as const }) },
);

describe('byte queue', () => {
  it('behaves as one buffer, whatever is put in and taken out', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new ByteQueue();
        let model = Buffer.alloc(0);
        const given: { readonly view: Buffer; readonly copy: Buffer }[] = [];
        for (const each of steps) {
          if (each.do === 'push') {
            queue.push(each.bytes);
            model = Buffer.concat([model, each.bytes]);
          } else if (each.do === 'unshift') {
            queue.unshift(each.bytes);
            model = Buffer.concat([each.bytes, model]);
          } else if (each.do === 'find') {
            assert.equal(queue.indexOfLineFeed(), model.indexOf(10));
          } else {
            let length = Math.floor(each.share * model.length);
            if (each.do === 'drop') queue.drop(length);
            else if (each.do === 'some' && length === 0) continue;
            else {
              const taken = each.do === 'take' ? queue.take(length) : queue.takeSome(length);
              length = taken.length;
              given.push({ view: taken, copy: Buffer.from(model.subarray(0, length)) });
            }
            model = model.subarray(length);
          }
          assert.equal(queue.length, model.length);
          if (model.length > 0) assert.equal(queue.byteAt(model.length - 1), model.at(-1));
        }
        assert.deepEqual(queue.take(queue.length), model);
        // What was handed out is not changed by what came later.
        for (const { view, copy } of given) assert.deepEqual(view, copy);
      }),
    );
  });

  it('gathers single bytes instead of keeping an object for each', () => {
    const queue = new ByteQueue();
    const before = process.memoryUsage();
    for (let count = 0; count < 1_000_000; count++) queue.push(Buffer.from('x'));
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    assert.equal(queue.length, 1_000_000);
    assert.ok(heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers < 40e6);
    assert.equal(queue.take(1_000_000).indexOf('y'), -1);
  });

  it('refuses to give more than it has', () => {
    const queue = new ByteQueue();
    queue.push(Buffer.from('ab'));
    assert.throws(() => queue.take(3), RangeError);
    assert.throws(() => queue.byteAt(2), RangeError);
  });
});
