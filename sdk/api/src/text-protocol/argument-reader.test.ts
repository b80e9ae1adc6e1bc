import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ArgumentReader, CommandSyntaxError } from './argument-reader.js';

test('words, numbers, fixed texts and the rest', () => {
  const args = new ArgumentReader('RETR  12\tFROM:<x>  a  b ', 4);
  assert.equal(args.expectNumber('message'), 12);
  assert.equal(args.tryText('to:'), false);
  assert.equal(args.tryText('from:'), true);
  assert.equal(args.tryWord(), '<x>');
  assert.equal(args.rest(), ' a  b ');
  assert.equal(args.isAtEnd, true);
  assert.equal(args.tryWord(), undefined);
  args.expectEnd();
});

test('what is missing or too much is told', () => {
  assert.throws(() => new ArgumentReader('').expectWord('name'), /name expected/);
  assert.throws(() => new ArgumentReader('1 2').expectEnd(), CommandSyntaxError);
  for (const number of ['-1', '1.5', 'x', '99999999999999999999', '11']) {
    assert.throws(() => new ArgumentReader(number).expectNumber('n', 10), CommandSyntaxError);
  }
});

test('words joined by blanks come back', () => {
  const word = fc.stringMatching(/^[!-~]{1,8}$/);
  fc.assert(
    fc.property(fc.array(word), (words) => {
      const args = new ArgumentReader(words.join('  '));
      for (const expected of words) assert.equal(args.tryWord(), expected);
      assert.ok(args.isAtEnd);
    }),
  );
});
