import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { QuotaConfig } from './config.js';
import { limitsOf, parseDurationMs } from './config.js';
import { decodeLimits, encodeLimits } from './resources.js';
import { isNearlyFull, shares } from './thresholds.js';

const config = { quotawarnpercent: 90, quotawarnsize: 0, quotawarnkb: 0, quotawarnmsg: 0 } as QuotaConfig;

test('limits survive being stored; what is no limit is dropped; nothing makes it throw', () => {
  const limit = fc.option(fc.nat(), { nil: undefined });
  const limits = fc.record(
    { bytes: limit, messages: limit, mailboxes: limit, annotationBytes: limit },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(limits, (some) => {
      const known = Object.fromEntries(Object.entries(some).filter(([, value]) => value !== undefined));
      assert.deepEqual(decodeLimits(encodeLimits(known)), known);
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => void decodeLimits(text)));
  fc.assert(fc.property(fc.json(), (text) => void decodeLimits(text)));
  assert.deepEqual(decodeLimits('{"bytes":-1,"messages":"5","other":1}'), {});
});

test('a warning needs the percentage, and with a size also less than that left', () => {
  const usage = (bytes: number) => ({ bytes, messages: 0, mailboxes: 1 });
  const nearly = (bytes: number, limit: number, more: Partial<QuotaConfig> = {}) =>
    isNearlyFull({ ...config, ...more }, shares({ bytes: limit }, usage(bytes))[0]!);
  assert.ok(!nearly(900, 1000));
  assert.ok(nearly(910, 1000));
  const mega = 1024 * 1024;
  assert.ok(!nearly(910 * mega, 1000 * mega, { quotawarnsize: 1024 }), '90 MiB are left');
  assert.ok(nearly(999.5 * mega, 1000 * mega, { quotawarnsize: 1024 }));
  assert.ok(nearly(999.5 * mega, 1000 * mega, { quotawarnkb: 1024 }));
  assert.ok(nearly(910, 1000, { quotawarnsize: 1024 }), 'a size above the limit says nothing');
  assert.deepEqual(shares({ bytes: 0 }, usage(0))[0]!.isOver, false);
  assert.ok(shares({ bytes: 0 }, usage(1))[0]!.isOver);
});

test('sizes and durations of the manifest', () => {
  const none = { storage: '', messages: -1, mailboxes: -1, annotationStorage: '' };
  assert.deepEqual(limitsOf({ ...none, storage: '10' }), { bytes: 10_240 });
  assert.deepEqual(limitsOf({ ...none, storage: '2GB', annotationStorage: '1KB', messages: 0 }), {
    bytes: 2 * 1024 ** 3,
    messages: 0,
    annotationBytes: 1024,
  });
  assert.equal(limitsOf(none), undefined);
  assert.deepEqual(
    ['90s', '15m', '1h', '7d', '0s'].map(parseDurationMs),
    [90_000, 900_000, 3_600_000, 604_800_000, 1000],
  );
});
