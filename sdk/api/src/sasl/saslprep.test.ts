import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { preparePassword, saslprep } from './saslprep.js';

test('the examples of RFC 4013 §3', () => {
  assert.equal(saslprep('I\u00adX'), 'IX');
  assert.equal(saslprep('user'), 'user');
  assert.equal(saslprep('USER'), 'USER');
  assert.equal(saslprep('\u00aa'), 'a');
  assert.equal(saslprep('\u2168'), 'IX');
  assert.equal(saslprep('\u0007'), undefined);
  assert.equal(saslprep('\u0627\u0031'), undefined);
});

test('spaces of every kind become the ASCII one; what is mapped to nothing goes', () => {
  assert.equal(saslprep('a\u00a0b\u3000c\u200bd'), 'a b c d');
  assert.equal(saslprep('a\u200db\ufe0fc\ufeff'), 'abc');
});

test('prohibited: controls, private use, non-characters, surrogates, tags, what is not plain text', () => {
  for (const text of [
    '\u0080x',
    '\ue000x',
    '\ufffex',
    '\ud800x',
    '\u{e0020}x',
    '\ufffdx',
    '\u2ff0x',
    '\u206ax',
  ]) {
    assert.equal(saslprep(text), undefined, JSON.stringify(text));
  }
});

test('right-to-left text begins and ends so and holds no Latin letters', () => {
  assert.equal(saslprep('\u05d0\u05d1'), '\u05d0\u05d1');
  assert.equal(saslprep('\u05d01\u05d1'), '\u05d01\u05d1');
  assert.equal(saslprep('\u05d0a\u05d1'), undefined);
});

test('what Unicode 3.2 did not know is refused only in stored strings', () => {
  assert.equal(saslprep('\u{1f511}'), '\u{1f511}');
  assert.equal(saslprep('\u{1f511}', { isStored: true }), undefined);
});

test('a password that SASLprep prohibits or empties is taken as it is', () => {
  assert.equal(preparePassword('a\u0007'), 'a\u0007');
  assert.equal(preparePassword('\u00ad'), '\u00ad');
  assert.equal(preparePassword('pa\u0308ss'), 'p\u00e4ss');
});

test('preparing twice changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
      const once = saslprep(text);
      if (once !== undefined) assert.equal(saslprep(once), once);
    }),
    // Unicode has NFKC results that map again (U+00A8 and the like give a space, which stays).
    { numRuns: 500 },
  );
});
