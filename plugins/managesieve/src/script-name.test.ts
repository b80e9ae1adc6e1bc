import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseScriptName } from './script-name.js';

test('names are in NFC and hold nothing that RFC 5804 §1.6 forbids', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
      const isWhole = Buffer.from(text).toString() === text;
      const codes = [...text.normalize('NFC')].map((char) => char.codePointAt(0)!);
      const isForbidden = (code: number) =>
        code <= 0x1f || (code >= 0x7f && code <= 0x9f) || code === 0x2028 || code === 0x2029;
      const name = parseScriptName(Buffer.from(text));
      if (name === undefined) {
        const isUnassigned = codes.some((code) => /\p{Cn}/u.test(String.fromCodePoint(code)));
        assert.ok(codes.length === 0 || codes.some(isForbidden) || isUnassigned || codes[0] === 0xfeff);
      } else {
        assert.ok(!codes.some(isForbidden) && codes.length > 0);
        if (isWhole) assert.equal(name, text.normalize('NFC'));
        assert.equal(parseScriptName(Buffer.from(name)), name);
      }
    }),
    { numRuns: 1000 },
  );
});

test('octets that are no UTF-8 are no name', () => {
  for (const octets of [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]])
    assert.equal(parseScriptName(Uint8Array.from(octets)), undefined);
  assert.equal(parseScriptName(Buffer.from('vacation – août')), 'vacation – août');
});
