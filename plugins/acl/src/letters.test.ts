import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lettersOfRights, rightsFromLetters } from '@angarium/sdk';
import fc from 'fast-check';
import { oldLetters, parseRights, printRights, UnknownRight } from './letters.js';
import { EVERY_RIGHT } from './rules.js';

const order = 'lrswipkxtecdan0123456789';
const someRights = fc.integer({ min: 0, max: EVERY_RIGHT });

test('what is printed is understood as the same, but for a lone member of c or d, which they widen', () => {
  for (const deleteright of ['c', 'd'] as const) {
    const old = oldLetters(deleteright);
    fc.assert(
      fc.property(someRights, (rights) => {
        const printed = printRights(rights, old);
        assert.equal(parseRights(printed.replace(/[cd]/g, ''), old), rights);
        assert.deepEqual(
          [...printed],
          [...printed].sort((a, b) => order.indexOf(a) - order.indexOf(b)),
        );
        assert.equal(printed.includes('c'), (rights & old.c) !== 0);
        assert.equal(printed.includes('d'), (rights & old.d) !== 0);
        const widened = (printed.includes('c') ? old.c : 0) | (printed.includes('d') ? old.d : 0);
        assert.equal(parseRights(printed, old), rights | widened);
      }),
    );
    assert.equal(old.c | old.d, rightsFromLetters('kxte'));
  }
});

test('stored letters are bits and back, whatever they are', () => {
  fc.assert(
    fc.property(someRights, (rights) => assert.equal(rightsFromLetters(lettersOfRights(rights)), rights)),
  );
  assert.equal(rightsFromLetters('cdzL '), 0);
});

test('any other character is no right, and named', () => {
  const old = oldLetters('c');
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 1, unit: 'grapheme' }), (letter) => {
      if (order.includes(letter)) return;
      assert.throws(() => parseRights(`lr${letter}`, old), UnknownRight);
    }),
  );
});
