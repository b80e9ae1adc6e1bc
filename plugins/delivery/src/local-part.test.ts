import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitDetail, unquoteLocalPart } from './local-part.js';

test('quoting of the transport is taken away (RFC 5321 §4.1.2)', () => {
  assert.equal(unquoteLocalPart('fred'), 'fred');
  assert.equal(unquoteLocalPart('"fred"'), 'fred');
  assert.equal(unquoteLocalPart('"fred\\ f"'), 'fred f');
  assert.equal(unquoteLocalPart('"a\\"b\\\\c"'), 'a"b\\c');
  assert.equal(unquoteLocalPart('"'), '"');
  assert.equal(unquoteLocalPart('""'), '');
});

test('every text comes back from its quoted form', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(unquoteLocalPart(`"${text.replace(/["\\]/g, '\\$&')}"`), text);
    }),
  );
});

test('the detail is what follows the first separator', () => {
  assert.deepEqual(splitDetail('fred+a+b', '+'), { base: 'fred', detail: 'a+b' });
  assert.deepEqual(splitDetail('fred+', '+'), { base: 'fred', detail: '' });
  assert.deepEqual(splitDetail('+shared', '+'), { base: '+shared', detail: undefined });
  assert.deepEqual(splitDetail('fred+a', ''), { base: 'fred+a', detail: undefined });
});
