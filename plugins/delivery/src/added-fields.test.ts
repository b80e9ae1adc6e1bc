import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeWords, header } from '@angarium/sdk';
import fc from 'fast-check';
import { fieldText } from './added-fields.js';

const cases: readonly [name: string, value: string, expected: string | undefined][] = [
  ['X-Spam-Score', '4.2', 'X-Spam-Score: 4.2\r\n'],
  ['X', '', 'X: \r\n'],
  ['X-Note', 'Grüße', 'X-Note: =?utf-8?B?R3LDvMOfZQ==?=\r\n'],
  ['X y', 'v', undefined],
  ['X:', 'v', undefined],
  ['', 'v', undefined],
  ['X', 'a\r\nBcc: me', undefined],
  ['X', 'a\u0000', undefined],
  ['X', 'w'.repeat(1000), undefined],
];
for (const [name, value, expected] of cases) {
  test(`${JSON.stringify(`${name}: ${value.slice(0, 20)}`)} is ${expected === undefined ? 'no field' : 'a field'}`, () => {
    assert.equal(fieldText({ name, value }), expected);
  });
}

test('whatever it is made of, it is one field that reads as what was meant', () => {
  const word = fc.oneof(
    fc.string({ minLength: 1, maxLength: 30 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
  );
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 30 }), (words) => {
      const value = words.join(' ');
      const text = fieldText({ name: 'X-Test', value });
      if (text === undefined) {
        assert.match(value, /[\x00-\x08\x0a-\x1f\x7f]|\S{900}/);
        return;
      }
      assert.match(text, /^X-Test:[\t\x20-\x7e]*(\r\n [\t\x20-\x7e]*\S[\t\x20-\x7e]*)*\r\n$/);
      const bytes = Buffer.from(`${text}\r\n`, 'latin1');
      const read = header(bytes, 'X-Test') ?? '';
      const isPlain = /^[\t\x20-\x7e]*$/.test(value);
      const meant = (line: string) => line.replace(/[\t ]+/g, ' ').trim();
      // Ill-formed UTF-16 has no UTF-8; encoded words lose nothing, plain text at most runs of blanks at folds.
      if (isPlain) assert.equal(meant(read), meant(value));
      else assert.equal(decodeWords(read.trim()), value.toWellFormed());
    }),
  );
});
