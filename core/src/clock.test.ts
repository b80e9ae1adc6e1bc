import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from './clock.js';

describe('system clock', () => {
  it('sleeps, and wakes at once when told', async () => {
    await systemClock.sleep(1);
    const abort = new AbortController();
    const sleeping = systemClock.sleep(1_000_000, abort.signal);
    abort.abort(new Error('enough'));
    await assert.rejects(sleeping, { message: 'enough' });
    await assert.rejects(systemClock.sleep(1, abort.signal), { message: 'enough' });
  });

  it('a delay longer than a timer can be does not fire at once', async () => {
    let fired = false;
    const timer = systemClock.after(2 ** 40, () => {
      fired = true;
    });
    await systemClock.sleep(20);
    timer[Symbol.dispose]();
    assert.equal(fired, false);
  });

  it('repeats until disposed', async () => {
    let count = 0;
    await new Promise<void>((resolve) => {
      const timer = systemClock.every(1, () => {
        count++;
        if (count < 3) return;
        timer[Symbol.dispose]();
        resolve();
      });
    });
    await systemClock.sleep(10);
    assert.equal(count, 3);
  });
});
