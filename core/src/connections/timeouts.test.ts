import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '../test-support/fixtures.js';
import { earlier, type Timed, TimerWheel } from './timeouts.js';

class Entry implements Timed {
  deadlineMs = 0;
  wheelTick = 0;
  readonly firedMs: number[] = [];
  onDeadline(nowMs: number): void {
    this.firedMs.push(nowMs);
    this.deadlineMs = 0;
  }
}

describe('timer wheel', () => {
  it('fires every deadline once, not before its time and at most a tick later', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 400_000 }), { minLength: 1, maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 150_000 }), { minLength: 1, maxLength: 6 }),
        async (delays, jumps) => {
          const clock = new ManualClock();
          const wheel = new TimerWheel(clock);
          const entries = delays.map((delay) => {
            const entry = new Entry();
            entry.deadlineMs = delay;
            wheel.arm(entry);
            return { entry, delay };
          });
          for (const jump of jumps) await clock.advance(jump);
          await clock.advance(500_000);
          for (const { entry, delay } of entries) {
            assert.equal(entry.firedMs.length, 1);
            const late = entry.firedMs[0]! - delay;
            assert.ok(late >= 0 && late < 50, `${late} ms late`);
          }
          assert.equal(wheel.count, 0);
          assert.equal(clock.pending, 0);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('follows a deadline that moves on without being told', async () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    const entry = new Entry();
    entry.deadlineMs = 1000;
    wheel.arm(entry);
    await clock.advance(900);
    entry.deadlineMs = 5000;
    await clock.advance(3000);
    assert.deepEqual(entry.firedMs, []);
    await clock.advance(1200);
    assert.equal(entry.firedMs.length, 1);
  });

  it('is told of a deadline that becomes earlier', async () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    const entry = new Entry();
    entry.deadlineMs = 60_000;
    wheel.arm(entry);
    entry.deadlineMs = 100;
    wheel.arm(entry);
    await clock.advance(200);
    assert.equal(entry.firedMs.length, 1);
  });

  it('holds nothing that was removed, and no timer when it is empty', async () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    const entry = new Entry();
    entry.deadlineMs = 100;
    wheel.arm(entry);
    wheel.remove(entry);
    assert.equal(wheel.count, 0);
    assert.equal(clock.pending, 0);
    await clock.advance(1000);
    assert.deepEqual(entry.firedMs, []);
  });

  it('knows that 0 is no deadline', () => {
    assert.equal(earlier(0, 5), 5);
    assert.equal(earlier(5, 0), 5);
    assert.equal(earlier(7, 5), 5);
    assert.equal(earlier(0, 0), 0);
  });
});
