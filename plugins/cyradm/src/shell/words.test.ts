import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineError, parseLine } from './words.js';

const env = { PLACE: '/srv/x', A1: 'one two' };

function words(line: string): string[][] {
  return parseLine(line, env).map((command) => [...command.words]);
}

test('quotes, backslashes, variables and semicolons', () => {
  assert.deepEqual(words('cm  user.fred\t'), [['cm', 'user.fred']]);
  assert.deepEqual(words('cm "user.a b" \'$HOME "x"\' a\\ b'), [['cm', 'user.a b', '$HOME "x"', 'a b']]);
  assert.deepEqual(words(`x $PLACE/y $${'{A1}'} "$A1" $NONE.`), [
    ['x', '/srv/x/y', 'one two', 'one two', '.'],
  ]);
  assert.deepEqual(words('cm a;lm;; dm b ;'), [['cm', 'a'], ['lm'], ['dm', 'b']]);
  assert.deepEqual(words('a"b"\'c\'d "" \'\''), [['abcd', '', '']]);
  assert.deepEqual(words('cost 5$'), [['cost', '5$']]);
  assert.deepEqual(words(''), []);
});

test('redirections take the number before them', () => {
  const [command] = parseLine('lm * >out 2>>err <in 3>&1 >&-', env);
  assert.deepEqual(command!.words, ['lm', '*']);
  assert.deepEqual(
    command!.redirections.map(({ fd, mode, target, isDescriptor }) => [fd, mode, target, isDescriptor]),
    [
      [1, 'write', 'out', false],
      [2, 'append', 'err', false],
      [0, 'read', 'in', false],
      [3, 'write', '1', true],
      [1, 'write', '-', true],
    ],
  );
});

test('what is no line is told', () => {
  for (const line of ['lm >', 'lm > ;', 'lm &', 'lm <> x', 'lm >>> x', 'lm "x', "lm 'x", 'lm >&x'])
    assert.throws(() => parseLine(line, env), LineError, line);
});

test('any words come back from their quoted form; nothing else is thrown than a LineError', () => {
  const quote = (word: string) => `"${word.replace(/[\\"$]/g, '\\$&')}"`;
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (list) => {
      assert.deepEqual(words(list.map(quote).join(' ')), [list]);
    }),
  );
  const mean = fc.string({ unit: fc.constantFrom(...'ab $\\"\'<>&;{}1') });
  fc.assert(
    fc.property(mean, (line) => {
      try {
        parseLine(line, env);
      } catch (error) {
        assert.ok(error instanceof LineError);
      }
    }),
  );
});
