import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from './clock.js';

test('alarms run in order of time, repeated ones again and again', async () => {
  const clock = new ManualClock();
  const heard: string[] = [];
  clock.after(30, () => heard.push(`after at ${clock.monotonicMs()}`));
  const every = clock.every(20, () => heard.push(`every at ${clock.monotonicMs()}`));
  await clock.advance(45);
  every[Symbol.dispose]();
  await clock.advance(100);
  assert.deepEqual(heard, ['every at 20', 'after at 30', 'every at 40']);
  assert.equal(clock.monotonicMs(), 145);
});

test('a sleep ends with its signal', async () => {
  const clock = new ManualClock();
  const abort = new AbortController();
  const sleeping = clock.sleep(1000, abort.signal);
  abort.abort(new Error('enough'));
  await assert.rejects(sleeping, /enough/);
});
