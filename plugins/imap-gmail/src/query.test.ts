import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_QUERY, QueryError, searchKeysOf } from './query.js';

const NOW = Date.UTC(2024, 5, 15, 12);

const queries: readonly [query: string, keys: string][] = [
  ['', 'ALL'],
  ['hello world', '((TEXT "hello") (TEXT "world"))'],
  ['"hello world"', '((TEXT "hello world"))'],
  ['from:amy OR from:david', '(OR (FROM "amy") (FROM "david"))'],
  ['a OR b OR c', '(OR OR (TEXT "a") (TEXT "b") (TEXT "c"))'],
  ['{from:amy from:david}', '((OR (FROM "amy") (FROM "david")))'],
  ['dinner -movie', '((TEXT "dinner") NOT (TEXT "movie"))'],
  ['subject:(dinner movie)', '(((SUBJECT "dinner") (SUBJECT "movie")))'],
  ['-from:"a b" -(x y)', '(NOT (FROM "a b") NOT ((TEXT "x") (TEXT "y")))'],
  ['to:x', '((OR OR TO "x" CC "x" BCC "x"))'],
  ['has:attachment filename:pdf', '((X-GM-HAS-ATTACHMENT) (X-GM-FILENAME "pdf"))'],
  ['is:unread is:starred', '((UNSEEN) (FLAGGED))'],
  ['in:anywhere', '((ALL))'],
  ['label:Work', '((OR KEYWORD Work X-GM-IN "Work"))'],
  ['label:"a b"', '((OR KEYWORD a=20b X-GM-IN "a b"))'],
  ['before:2004/04/18 after:04-16-2004', '((BEFORE 18-Apr-2004) (SINCE 16-Apr-2004))'],
  ['older_than:1y newer_than:2d', '((BEFORE 15-Jun-2023) (SINCE 13-Jun-2024))'],
  ['larger:10M smaller:1k size:5', '((LARGER 10485760) (SMALLER 1024) (LARGER 5))'],
  ['rfc822msgid:<1@x> list:a@b', '((HEADER Message-ID "<1@x>") (HEADER List-Id "a@b"))'],
  ['http://x.org 12:30', '((TEXT "http:") (TEXT "//x.org") (TEXT "12:30"))'],
  ['say "a \\ b', '((TEXT "say") (TEXT "a \\\\ b"))'],
  ['caf\xc3\xa9', '((TEXT {5}\r\ncaf\xc3\xa9))'],
  ['OR a OR', '((TEXT "a"))'],
  ['a - b', '((TEXT "a") (TEXT "-") (TEXT "b"))'],
  ['()', '(ALL)'],
];

for (const [query, keys] of queries) {
  test(`X-GM-RAW ${query}`, () => assert.equal(searchKeysOf(query, NOW), keys));
}

for (const wrong of [
  '(a',
  'a)',
  '{a',
  '(a}',
  'before:tomorrow',
  'before:2024/02/30',
  'larger:big',
  'older_than:x',
  'from:)',
  '('.repeat(60),
  'x'.repeat(MAX_QUERY + 1),
  `${'-'.repeat(100)}a`,
  `${'from:'.repeat(60)}a`,
]) {
  test(`X-GM-RAW ${wrong.slice(0, 20)} is refused`, () => {
    // What is only odd is words.
    if (/^(-|from:from)/.test(wrong)) searchOrRefuse(wrong);
    else assert.throws(() => searchKeysOf(wrong, NOW), QueryError);
  });
}

function searchOrRefuse(query: string): void {
  try {
    searchKeysOf(query, NOW);
  } catch (error) {
    assert.ok(error instanceof QueryError, String(error));
  }
}

test('whatever is typed is understood or refused', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '(',
      ')',
      '{',
      '}',
      '-',
      'OR',
      '"',
      ':',
      'from:',
      'subject:',
      'label:',
      'is:unread',
      ' ',
      'in:inbox',
      '\\',
    ),
    fc.string({
      unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
      maxLength: 8,
    }),
  );
  fc.assert(fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => searchOrRefuse(pieces.join(''))));
});
