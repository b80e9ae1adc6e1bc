import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { joinReference, Pattern } from './pattern.js';

function matches(pattern: string, name: string, separator = '.'): boolean {
  return new Pattern(pattern, separator).matches(name);
}

test('wildcards of RFC 3501 §6.3.8', () => {
  const yes: [string, string][] = [
    ['*', 'a.b'],
    ['*', ''],
    ['%', 'a'],
    ['a.*', 'a.b.c'],
    ['a.%', 'a.b'],
    ['a*', 'a'],
    ['*b', 'a.b'],
    ['%.%', 'a.b'],
    ['%*%', 'a.b.c'],
    ['a%c', 'abc'],
    ['a%.c', 'ab.c'],
    ['*a%b', 'x.a.ayb'],
    ['inbox', 'INBOX'],
    ['iNbOx.%', 'INBOX.x'],
    ['inbox*', 'INBOX.x'],
    ['', ''],
  ];
  const no: [string, string][] = [
    ['%', 'a.b'],
    ['a.%', 'a.b.c'],
    ['a.%', 'a'],
    ['a', 'ab'],
    ['ab', 'a'],
    ['A', 'a'],
    ['i*', 'INBOX'],
    ['inboxes', 'INBOXes'],
    ['%.%', 'a'],
    ['a%c', 'a.c'],
    ['\0a&', 'a&'],
    ['*'.padEnd(1025, 'a'), 'a'.repeat(1024)],
  ];
  for (const [pattern, name] of yes) assert.ok(matches(pattern, name), `${pattern} ${name}`);
  for (const [pattern, name] of no) assert.ok(!matches(pattern, name), `${pattern} ${name}`);
});

test('a pattern means what the regular expression means', () => {
  const unit = fc.constantFrom('a', 'b', '.', '%', '*');
  const pattern = fc.string({ unit, maxLength: 8 });
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 });
  fc.assert(
    fc.property(pattern, name, (text, candidate) => {
      const source = [...text].map((one) =>
        one === '*' ? '.*' : one === '%' ? '[^.]*' : one === '.' ? '\\.' : one,
      );
      assert.equal(matches(text, candidate), new RegExp(`^${source.join('')}$`).test(candidate));
    }),
    { numRuns: 5000 },
  );
});

test('no pattern costs more than pattern times name', () => {
  const pattern = new Pattern('*a%'.repeat(300), '.');
  const name = 'a'.repeat(490);
  // With backtracking this would not end in this universe.
  assert.ok(pattern.matches(name));
  assert.ok(!new Pattern(`${'*a%'.repeat(300)}b`, '.').matches(name));
});

test('reference and pattern are joined as they are, with one separator', () => {
  assert.equal(joinReference('', 'a', '.'), 'a');
  assert.equal(joinReference('INBOX.', '%', '.'), 'INBOX.%');
  assert.equal(joinReference('INBOX.', '.a', '.'), 'INBOX.a');
  assert.equal(joinReference('INBOX', '%', '.'), 'INBOX%');
});
