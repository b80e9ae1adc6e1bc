import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { commentText, tokenize } from './lexer.js';

function kinds(source: string): string[] {
  return tokenize(source).map(({ kind, text }) => `${kind} ${text}`);
}

const nested = `\`a $\{\`}\` + { b: 1 }} c\``;

const cases: readonly (readonly [name: string, source: string, expected: readonly string[]])[] = [
  ['doc and plain comments', '/** a */ /* b */ // c', ['doc /** a */', 'comment /* b */', 'comment // c']],
  ['an empty block comment is no doc comment', '/**/ x', ['comment /**/', 'word x']],
  ['comment marks in strings', `'/* a */' "// b"`, [`string '/* a */'`, `string "// b"`]],
  ['quotes in comments', "// don't\nx", ["comment // don't", 'word x']],
  ['escaped quotes', `'it\\'s' x`, [`string 'it\\'s'`, 'word x']],
  ['templates in templates', `${nested} x`, [`template ${nested}`, 'word x']],
  [
    'a pattern with a slash and quotes in it',
    `= /[/'"]\\/x/g; y`,
    ['punctuation =', `pattern /[/'"]\\/x/g`, 'punctuation ;', 'word y'],
  ],
  ['division', 'a / b / c', ['word a', 'punctuation /', 'word b', 'punctuation /', 'word c']],
  [
    'division after a bracket',
    '(a) / 2 // c',
    ['punctuation (', 'word a', 'punctuation )', 'punctuation /', 'word 2', 'comment // c'],
  ],
  ['private names', '#a $b', ['word #a', 'word $b']],
];

describe('tokenizer', () => {
  for (const [name, source, expected] of cases) it(name, () => assert.deepEqual(kinds(source), expected));

  it('covers any source without gaps but white space, and ends', () => {
    const pieces = fc.constantFrom(
      '/',
      '*',
      '`',
      '${',
      '}',
      '{',
      "'",
      '"',
      '\\',
      '\n',
      ' ',
      'a',
      '/**',
      '*/',
      '//',
      '=',
    );
    fc.assert(
      fc.property(fc.array(pieces), (parts) => {
        const source = parts.join('');
        const tokens = tokenize(source);
        let at = 0;
        for (const { start, end, text } of tokens) {
          assert.equal(source.slice(at, start).trim(), '');
          assert.equal(source.slice(start, end), text);
          at = end;
        }
        assert.equal(source.slice(at).trim(), '');
      }),
    );
  });
});

describe('commentText', () => {
  it('drops the marks of every line and keeps lists', () => {
    assert.equal(commentText('/**\n   * a:\n   * - b\n   *   c\n   */'), 'a:\n- b\n  c');
  });
  it('keeps emphasis', () => assert.equal(commentText('/** a *b* `c.*` */'), 'a *b* `c.*`'));
});
