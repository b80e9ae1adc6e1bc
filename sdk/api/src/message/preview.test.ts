import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { htmlText } from './html-text.js';
import { PREVIEW_CHARACTERS, previewOf } from './preview.js';

const plain: readonly [text: string, preview: string][] = [
  ['', ''],
  ['Hello\r\n\r\n  world\t!\r\n', 'Hello world !'],
  ['answer\r\n\r\nOn Monday, Fred wrote:\r\n> question\r\n> more\r\nbelow', 'answer below'],
  ['> only a quotation', '> only a quotation'],
  ['text\r\n-- \r\nFred', 'text'],
  ['-- \r\nFred', '-- Fred'],
  ['a\u200b\u00adb\u0000c\ufeff', 'ab c'],
  ['x'.repeat(500), 'x'.repeat(200)],
  ['😀'.repeat(300), '😀'.repeat(200)],
  ['lone \ud800 half', 'lone \ufffd half'],
];

for (const [text, preview] of plain) {
  test(`preview of ${JSON.stringify(text.slice(0, 30))}`, () =>
    assert.equal(previewOf(text, 'plain'), preview));
}

const html: readonly [text: string, preview: string][] = [
  ['<p>Hello<b>, wor</b>ld</p><p>next', 'Hello, world next'],
  ['<html><head><title>T</title><style>p { x: "<" }</style></head><body>text</body>', 'text'],
  ['a<script>if (a < b) "</p>"</script >b<!-- <p>c</p> -->d', 'a b d'.replace(' d', 'd')],
  ['caf&eacute; &amp;&#32;&#x263A; &nbsp; &bogus; &', 'café & ☺ &bogus; &'],
  ['<a title="a > b" href=\'>\'>link</a>', 'link'],
  ['1 < 2 and 3 <4', '1 < 2 and 3 <4'],
  ['line<br>break<td>cell', 'line break cell'],
  ['<style>never closed', ''],
  ['<p', ''],
  ['&#0;&#xD800;&#1114112;', '\ufffd\ufffd\ufffd'],
];

for (const [text, preview] of html) {
  test(`preview of the HTML ${JSON.stringify(text.slice(0, 40))}`, () =>
    assert.equal(previewOf(text, 'html'), preview));
}

test('whatever comes, a preview is short, well-formed and one line', () => {
  const markup = fc.array(
    fc.oneof(
      fc.constantFrom(
        '<',
        '>',
        '&',
        '<p>',
        '<style>',
        '<!--',
        '-->',
        '"',
        "'",
        '&#',
        ';',
        '\r\n',
        '> ',
        '-- \r\n',
      ),
      fc.string({ unit: 'binary', maxLength: 20 }),
    ),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(markup, fc.constantFrom('plain', 'html'), (pieces, kind) => {
      const preview = previewOf(pieces.join(''), kind as 'plain' | 'html');
      assert.ok([...preview].length <= PREVIEW_CHARACTERS);
      assert.ok(preview.isWellFormed() && preview === preview.trim() && !/[\r\n\0]/.test(preview));
    }),
  );
});

test('hostile HTML costs linear time', () => {
  for (const unit of ['<', '<a "', '<style>', '<!--', '&#', '<p ', "<'"]) htmlText(unit.repeat(200_000));
});
