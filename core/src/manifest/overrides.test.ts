import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { formatPath, parsePath } from '../schema/path.js';
import { applyOverride, parseOverride } from './overrides.js';

const step = fc.oneof(fc.string({ minLength: 1, maxLength: 8 }), fc.nat(20));
const path = fc.array(step, { minLength: 1, maxLength: 5 });

describe('--set', () => {
  it('reads back every path it writes', () => {
    fc.assert(fc.property(path, (steps) => assert.deepEqual(parsePath(formatPath(steps)), steps)));
  });

  it('any text is a path or an Error with a reason, never anything else', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          assert.ok(parsePath(text).length > 0);
        } catch (error) {
          assert.ok(error instanceof Error && /is not a path/.test(error.message), String(error));
        }
      }),
    );
  });

  it('sets what it says: the value is at its path afterwards', () => {
    const names = fc.array(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 });
    const values = fc.oneof(
      fc.integer(),
      fc.boolean(),
      fc.string(),
      fc.array(fc.integer()),
      fc.constant(null),
    );
    fc.assert(
      fc.property(names, values, (steps, value) => {
        const root = {};
        const source = `${formatPath(steps)}=${stringify(value, { lineWidth: 0 })}`;
        applyOverride(root, parseOverride(source));
        let found: unknown = root;
        for (const name of steps) {
          assert.ok(Object.hasOwn(found as object, name));
          found = (found as Record<string, unknown>)[name];
        }
        assert.deepEqual(found, value);
      }),
    );
  });

  it('never touches a prototype', () => {
    const root = {};
    applyOverride(root, parseOverride('__proto__.polluted=1'));
    assert.equal(({} as { polluted?: number }).polluted, undefined);
    assert.ok(Object.hasOwn(root, '__proto__'));
  });

  it('adds to lists at their end only', () => {
    const root = { list: [1] };
    applyOverride(root, parseOverride('list[1]=2'));
    assert.deepEqual(root.list, [1, 2]);
    assert.throws(() => applyOverride(root, parseOverride('list[9]=2')), /the list has 2 entries/);
  });
});
