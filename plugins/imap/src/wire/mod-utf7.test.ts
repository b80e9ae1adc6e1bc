import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeModUtf7, encodeModUtf7 } from './mod-utf7.js';

test('names of RFC 3501 §5.1.3, and what lies at the edges', () => {
  const pairs: [string, string][] = [
    ['INBOX', 'INBOX'],
    ['', ''],
    ['&', '&-'],
    ['a&b', 'a&-b'],
    ['&&', '&-&-'],
    ['~peter/mail/台北/日本語', '~peter/mail/&U,BTFw-/&ZeVnLIqe-'],
    ['台北日本語', '&U,BTF2XlZyyKng-'],
    ['Entwürfe', 'Entw&APw-rfe'],
    ['é&', '&AOk-&-'],
    ['\u{1f4ec}', '&2D3c7A-'],
    ['\x7f', '&AH8-'],
    ['-&-', '-&--'],
  ];
  for (const [text, encoded] of pairs) {
    assert.equal(encodeModUtf7(text), encoded);
    assert.equal(decodeModUtf7(encoded), text);
  }
});

test('what nobody may write', () => {
  const wrong = [
    '&', // never closed
    'a&',
    '&Jjo', // ends in base64
    '&Jjo!', // no shift to ASCII before "!" (RFC 3501 §5.1.3)
    '&U,BTFw-&ZeVnLIqe-', // superfluous shift
    '&AGE-', // "a" can represent itself
    '&ACY-', // "&" has its own form
    '&AOl-', // bits left over
    '&AOkA-', // a sextet too many
    '&A-', // half a character
    '&AOk/-', // "/" is "," here
    '&AOk=-',
    '&2D0-', // lone surrogate
    '&3Ow-',
    'é', // 8-bit
    'a\x00',
    'a\tb',
  ];
  for (const text of wrong) assert.equal(decodeModUtf7(text), undefined, text);
});

test('every text has one encoding, in printable ASCII, and comes back from it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      const encoded = encodeModUtf7(text);
      assert.match(encoded, /^[\x20-\x7e]*$/);
      assert.equal(decodeModUtf7(encoded), text);
    }),
  );
});

test('whatever is decoded is the only encoding of what came out', () => {
  const soup = fc.string({ unit: fc.constantFrom(...'&-aA0,+/é=Jjo\x00'), maxLength: 12 });
  fc.assert(
    fc.property(soup, (encoded) => {
      const text = decodeModUtf7(encoded);
      if (text !== undefined) assert.equal(encodeModUtf7(text), encoded);
    }),
    { numRuns: 2000 },
  );
});
