import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mutated, unasked } from './imap-mutations.js';

/** What is left when lines and the literals they announce are taken off; undefined when a literal would have to be asked for. */
function rest(text: string): string | undefined {
  for (let left = text; ; ) {
    const end = left.indexOf('\r\n');
    if (end < 0) return left;
    const literal = /\{(\d+)(\+?)\}$/.exec(left.slice(0, end));
    left = left.slice(end + 2);
    if (literal === null) continue;
    if (literal[2] === '' || left.length < Number(literal[1])) return undefined;
    left = left.slice(Number(literal[1]));
  }
}

test('literals come unasked and whole', () => {
  assert.equal(unasked('LOGIN {4}\r\nfred {10}\r\nshort'), 'LOGIN {4+}\r\nfred {10+}\r\nshortxxxxx\r\n');
  assert.equal(unasked('X ~{2}'), 'X ~{2+}\r\nxx\r\n');
  assert.equal(unasked('X {99999999999}'), 'X {5+}\r\nxxxxx\r\n');
  assert.equal(unasked('a\nb'), 'a\r\nb\r\n');
});

test('whatever is made of a line, the server never waits for more of it', () => {
  const pieces = fc.constantFrom('a', ' ', '{3}', '{2+}', '~{1}', '\r\n', '\n', '\r', '{', '}', '{0}');
  const text = fc.array(pieces, { maxLength: 20 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, fc.gen(), (line, g) => {
      assert.equal(rest(unasked(mutated(line, (below) => g(fc.nat, below - 1)))), '');
    }),
    { numRuns: 1000 },
  );
});
