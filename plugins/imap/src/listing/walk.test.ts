import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Pattern } from './pattern.js';
import { walk } from './walk.js';

function match(names: readonly string[], ...patterns: string[]): string[] {
  const items = names.map((text) => ({ text, item: text }));
  const found = walk(items, {
    patterns: patterns.map((text) => new Pattern(text, '.')),
    separator: '.',
  });
  return [...found].map(
    ({ text, item, hasChildren }) => `${text}${item === undefined ? '?' : ''}${hasChildren ? '+' : ''}`,
  );
}

test('levels above come with % at the end, each once, before what is below them', () => {
  const names = ['INBOX', 'INBOX.a.b', 'INBOX.a.c', 'user.fred', 'user.fred.x.y', 'z'];
  assert.deepEqual(match(names, '*'), [
    'INBOX+',
    'INBOX.a.b',
    'INBOX.a.c',
    'user.fred+',
    'user.fred.x.y',
    'z',
  ]);
  assert.deepEqual(match(names, '%'), ['INBOX+', 'user?+', 'z']);
  assert.deepEqual(match(names, 'INBOX.%'), ['INBOX.a?+']);
  assert.deepEqual(match(names, '*%'), [
    'INBOX+',
    'INBOX.a?+',
    'INBOX.a.b',
    'INBOX.a.c',
    'user?+',
    'user.fred+',
    'user.fred.x?+',
    'user.fred.x.y',
    'z',
  ]);
  assert.deepEqual(match(names, '%.fred'), ['user.fred+']);
  assert.deepEqual(match(names, 'z', '%'), ['INBOX+', 'user?+', 'z']);
  assert.deepEqual(match([], '%'), []);
});

test('what is listed is what a naive reading of the rules lists', () => {
  const level = fc.constantFrom('a', 'b', 'c');
  const name = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('.'));
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '%', '*'), minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 12 }), pattern, (unsorted, text) => {
      const names = unsorted.sort();
      const one = new Pattern(text, '.');
      const expected = new Set(names.filter((each) => one.matches(each)));
      if (text.endsWith('%')) {
        for (const each of names) {
          const levels = each.split('.');
          for (let n = 1; n < levels.length; n++) {
            const above = levels.slice(0, n).join('.');
            if (one.matches(above)) expected.add(names.includes(above) ? above : `${above}?`);
          }
        }
      }
      const found = match(names, text);
      assert.deepEqual(found.map((each) => each.replace('+', '')).sort(), [...expected].sort());
      for (const each of found) {
        const plain = each.replace(/[?+]/g, '');
        assert.equal(
          each.endsWith('+'),
          names.some((other) => other.startsWith(`${plain}.`)),
          each,
        );
      }
    }),
    { numRuns: 2000 },
  );
});
