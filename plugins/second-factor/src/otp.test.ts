import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeBase32 } from './base32.js';
import { decodeBase32 } from './base32.test.support.js';
import { hotp, matchingStep, STEP_MS, stepAt } from './otp.js';

const secret = Buffer.from('12345678901234567890');

test('the values of RFC 4226, appendix D', () => {
  const expected = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489';
  assert.equal(Array.from({ length: 10 }, (_, counter) => hotp(secret, counter)).join(' '), expected);
});

test('the values of RFC 6238, appendix B', () => {
  const cases: readonly (readonly [number, string])[] = [
    [59, '94287082'],
    [1111111109, '07081804'],
    [1111111111, '14050471'],
    [1234567890, '89005924'],
    [2000000000, '69279037'],
    [20000000000, '65353130'],
  ];
  for (const [seconds, code] of cases) assert.equal(hotp(secret, stepAt(seconds * 1000), 8), code);
});

test('a code is found within the drift, later than the last that counted, and nowhere else', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 2 ** 40 }),
      fc.integer({ min: -5, max: 5 }),
      fc.nat({ max: 3 }),
      (nowMs, by, drift) => {
        const step = stepAt(nowMs) + by;
        fc.pre(step >= 0);
        const code = hotp(secret, step);
        const when = { nowMs, drift, lastStep: -1 };
        const found = matchingStep(secret, code, when);
        // Two steps may have the same code, once in a million.
        if (Math.abs(by) <= drift) assert.equal(found !== undefined && hotp(secret, found), code);
        else assert.ok(found === undefined || hotp(secret, found) === code);
        if (found === undefined) return;
        const again = matchingStep(secret, code, { ...when, lastStep: found });
        assert.ok(again === undefined || again > found);
      },
    ),
  );
  assert.equal(STEP_MS, 30_000);
});

test('what is no code of six digits is none', () => {
  const when = { nowMs: 0, drift: 1, lastStep: -1 };
  for (const text of ['', '75522', '7552244', '755 24', '７５５２２４']) {
    assert.equal(matchingStep(secret, text, when), undefined, text);
  }
  assert.equal(matchingStep(secret, '755224', when), 0);
});

test('base32: the values of RFC 4648 §10 without padding, round trips, and what is refused', () => {
  const pairs = {
    '': '',
    f: 'MY',
    fo: 'MZXQ',
    foo: 'MZXW6',
    foob: 'MZXW6YQ',
    fooba: 'MZXW6YTB',
    foobar: 'MZXW6YTBOI',
  };
  for (const [text, encoded] of Object.entries(pairs)) assert.equal(encodeBase32(Buffer.from(text)), encoded);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const text = encodeBase32(bytes);
      assert.deepEqual(decodeBase32(text), Buffer.from(bytes));
      assert.deepEqual(decodeBase32(text.toLowerCase()), Buffer.from(bytes));
    }),
  );
  for (const text of ['M', 'MZ1', 'MZ', 'MY=', 'é']) assert.equal(decodeBase32(text), undefined, text);
});
