import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { durationText } from '../duration.js';
import { summed } from './plugin-stats.js';

const row = {
  plugin: 'echo',
  hook: 'x',
  calls: 0,
  errors: 0,
  refusals: 0,
  late: 0,
  meanMs: 0,
  estimatedTotalMs: 0,
};
const times = { label: 'kernel', startMs: 0, durationMs: 5, children: [] };

describe('plugins stats', () => {
  it('adds up the workers, and shows the slowest start', () => {
    const slow = { ...times, durationMs: 9 };
    const result = summed([
      { hooks: [{ ...row, calls: 10, errors: 1, meanMs: 2, estimatedTotalMs: 20 }], hooksInFlight: 1, times },
      {
        hooks: [
          { ...row, calls: 30, late: 2, meanMs: 4, estimatedTotalMs: 120 },
          { ...row, hook: 'y', calls: 1, meanMs: 500, estimatedTotalMs: 500 },
        ],
        hooksInFlight: 2,
        times: slow,
      },
    ]);
    assert.deepEqual(result, {
      workers: 2,
      hooksInFlight: 3,
      hooks: [
        { ...row, hook: 'y', calls: 1, meanMs: 500, estimatedTotalMs: 500 },
        { ...row, calls: 40, errors: 1, late: 2, meanMs: 3.5, estimatedTotalMs: 140 },
      ],
      times: slow,
    });
    assert.deepEqual(summed([]), { workers: 0, hooksInFlight: 0, hooks: [], times: null });
  });

  it('tells durations in the two biggest units', () => {
    const minuteMs = 60_000;
    assert.deepEqual(
      [999, 59_000, 12 * minuteMs, 310 * minuteMs, (8 * 24 + 2) * 60 * minuteMs].map(durationText),
      ['0 s', '59 s', '12 min', '5 h 10 min', '8 d 2 h'],
    );
  });
});
