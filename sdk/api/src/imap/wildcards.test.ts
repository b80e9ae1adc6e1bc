import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { wildcardMatch } from './wildcards.js';

test('wildcards are what a regular expression makes of them', () => {
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '%'), maxLength: 6 });
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, (wild, plain) => {
      const source = wild.replace(/[*%]/g, (one) => (one === '*' ? '[^]*' : '[^/]*'));
      assert.equal(wildcardMatch(wild, plain, '/'), new RegExp(`^${source}$`).test(plain));
    }),
    { numRuns: 3000 },
  );
});

test('a pattern of nothing but wildcards costs no more than its length times that of the text', () => {
  assert.equal(wildcardMatch(`${'*a'.repeat(500)}b`, 'a'.repeat(1000), '/'), false);
});
