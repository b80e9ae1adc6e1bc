import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineError, parseLine } from './words.js';

test('words, quotes, remarks, and `;` between commands', () => {
  assert.deepEqual(parseLine('put a.script "my script"; list'), [['put', 'a.script', 'my script'], ['list']]);
  assert.deepEqual(parseLine("get 'a\"b' c\\ d\t x"), [['get', 'a"b', 'c d', 'x']]);
  assert.deepEqual(parseLine('list # of scripts; quit'), [['list']]);
  assert.deepEqual(parseLine('get a#b "" ;; '), [['get', 'a#b', '']]);
  assert.throws(() => parseLine('get "a'), LineError);
});

test('any words come back from their quoted form', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (words) => {
      const double = words.map((word) => `"${word.replace(/["\\$`]/g, '\\$&')}"`).join(' ');
      assert.deepEqual(parseLine(double), [words]);
    }),
  );
});
