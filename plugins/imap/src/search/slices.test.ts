import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeCharset, fold } from '@angarium/sdk';
import fc from 'fast-check';
import { cutAt, SliceSearch } from './slices.js';

function search(bytes: Buffer, needle: string, charset: string | undefined, max: number): boolean {
  let isFound = false;
  const slices = new SliceSearch([{ needle, slot: 0, place: 'body', field: '', word: '', fold }], fold);
  for (let from = 0; from < bytes.length; ) {
    const to = cutAt(bytes, from, charset, max);
    assert.ok(to > from, 'goes on');
    slices.feed(bytes.subarray(from, to), charset, (_probe, text) => {
      isFound ||= text.includes(needle);
    });
    from = to;
  }
  return isFound;
}

const word = fc.stringMatching(/^[a-zA-Zäößéжя漢 ]{1,12}$/);
const text = fc.array(fc.oneof(word, fc.constantFrom('\r\n', ' ', '\t', '  ')), {
  minLength: 1,
  maxLength: 40,
});

for (const charset of ['utf-8', 'utf-16le', undefined]) {
  test(`property: cut anywhere, the same is found (${charset})`, () => {
    fc.assert(
      fc.property(
        text,
        fc.nat(400),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 4, max: 64 }),
        (parts, at, length, max) => {
          const whole = parts.join('');
          const bytes = Buffer.from(whole, charset === 'utf-16le' ? 'utf16le' : 'utf8');
          const folded = fold(decodeCharset(bytes, charset));
          const needle = folded.slice(at % folded.length, (at % folded.length) + length);
          assert.equal(search(bytes, needle, charset, max), true, JSON.stringify({ whole, needle }));
          assert.equal(search(bytes, `${needle}\u0001`, charset, max), false);
        },
      ),
      { numRuns: 1000 },
    );
  });
}

test('ISO 2022 and double-octet charsets are cut at line ends', () => {
  const line = Buffer.from('1b2442467c4b5c1b28420d0a', 'hex');
  const bytes = Buffer.concat(Array.from({ length: 50 }, () => line));
  assert.equal(search(bytes, fold('日本 日本'), 'iso-2022-jp', 40), true);
});
