import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatInternalDate, formatMailDate, parseDate, parseInternalDate, parseMailDate } from './dates.js';

const JULY = Date.UTC(1996, 6, 17, 9, 44, 25);
const DAY = Date.UTC(1996, 6, 17);

const CASES: readonly [text: string, ms: number | undefined][] = [
  ['Wed, 17 Jul 1996 02:44:25 -0700', JULY],
  ['17 Jul 96 02:44:25 PDT', JULY],
  ['Wed,17 Jul 1996 02:44:25 -0700 (PDT (really))', JULY],
  ['Wed, 17 (day) Jul 1996 02 : 44 : 25 -0700', JULY],
  ['Wednesday, 17-Jul-96 09:44:25 GMT', JULY],
  ['Wed Jul 17 09:44:25 1996', JULY],
  ['Wed Jul 17 02:44:25 PDT 1996', JULY],
  ['Wed Jul 17 02:44:25 -0700 1996', JULY],
  ['July 17, 1996 9:44:25 AM', JULY],
  ['1996-07-17T02:44:25.123-07:00', JULY],
  ['1996-07-17 09:44:25Z', JULY],
  ['17 Jul 1996 09:44:25 K', JULY],
  ['17 Jul 1996 11:44:25 CEST', JULY],
  ['17 Jul 1996 09:44:25 +9999', JULY],
  ['17 Jul 1996', DAY],
  ['17 Jul 1996 25:61', DAY],
  ['17 Jul 096 00:00 +0000', DAY],
  ['1 Jan 2024 00:00 -0000', Date.UTC(2024, 0, 1)],
  ['1 Jan 24 00:00:60 Z', Date.UTC(2024, 0, 1, 0, 1)],
  ['30 Feb 2024 00:00 +0000', undefined],
  ['0 Jan 2024', undefined],
  ['17 Foo 1996', undefined],
  ['yesterday', undefined],
  ['', undefined],
];

describe('dates', () => {
  for (const [text, ms] of CASES) test(JSON.stringify(text), () => assert.equal(parseDate(text), ms));

  test('the zone is kept', () => {
    assert.equal(parseMailDate('17 Jul 1996 02:44:25 -0730')?.zoneMinutes, -450);
  });

  test('formats', () => {
    assert.equal(formatInternalDate(JULY, -420), '17-Jul-1996 02:44:25 -0700');
    assert.equal(formatInternalDate(Date.UTC(2024, 0, 2)), ' 2-Jan-2024 00:00:00 +0000');
    assert.equal(formatMailDate(JULY, 330), 'Wed, 17 Jul 1996 15:14:25 +0530');
  });

  test('IMAP date-time is read strictly', () => {
    assert.equal(parseInternalDate('17-Jul-1996 02:44:25 -0700'), JULY);
    assert.equal(parseInternalDate(' 2-Jan-2024 00:00:00 +0000'), Date.UTC(2024, 0, 2));
    for (const text of [
      '17-Jul-96 02:44:25 -0700',
      '17-Jul-1996 24:44:25 -0700',
      '31-Feb-1996 02:44:25 -0700',
      '17-Xxx-1996 02:44:25 -0700',
      'x',
    ]) {
      assert.equal(parseInternalDate(text), undefined, text);
    }
  });

  test('what is formatted is read back', () => {
    const instant = fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2200, 0, 1) });
    fc.assert(
      fc.property(instant, fc.integer({ min: -14 * 60, max: 14 * 60 }), (ms, zone) => {
        const seconds = Math.floor(ms / 1000) * 1000;
        assert.deepEqual(parseMailDate(formatMailDate(seconds, zone)), {
          ms: seconds,
          zoneMinutes: zone + 0,
        });
        assert.equal(parseInternalDate(formatInternalDate(seconds, zone)), seconds);
      }),
    );
  });

  test('any text is read or refused', () => {
    const text = fc.string({ unit: fc.constantFrom(...'0123456789 :-+,JanMonZ()') });
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), (value) => {
        const ms = parseDate(value);
        assert.ok(ms === undefined || Number.isFinite(ms));
      }),
      { numRuns: 2000 },
    );
  });
});
