import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JOBS, type Job, STATUS_SOURCES } from '@angarium/sdk';
import { createTestKernel, ManualClock } from '@angarium/testing';
import { nextTime } from './next-time.js';

async function setUp(host: { isLeader?: boolean; role?: 'command' } = {}) {
  const clock = new ManualClock();
  const kernel = await createTestKernel({ clock, plugins: ['scheduler'], host });
  return { kernel, clock, jobs: kernel.get(JOBS) };
}

function counting(name: string, schedule: Job['schedule'], run: Job['run'] = async () => {}) {
  const job = {
    name,
    schedule,
    runs: 0,
    async run(signal: AbortSignal) {
      job.runs++;
      await run(signal);
    },
  };
  return job;
}

test('jobs run by their period, one run at a time, and go on after a failure', async () => {
  const { kernel, clock, jobs } = await setUp();
  const job = counting('every minute', { everyMs: 60_000 });
  const failing = counting('failing', { everyMs: 60_000 }, async () => {
    throw new Error('no luck');
  });
  let release = () => {};
  const slow = counting('slow', { everyMs: 60_000 }, () => new Promise((resolve) => (release = resolve)));
  const broken = counting('broken', { at: '25:00' });
  const removal = jobs.add(job, failing, slow, broken);
  await clock.advance(59_000);
  assert.equal(job.runs, 0);
  await clock.advance(10 * 60_000);
  assert.equal(job.runs, 10, 'at 61 s, 121 s, … 601 s');
  assert.equal(failing.runs, 10);
  assert.equal(slow.runs, 1, 'it is still running');
  assert.equal(broken.runs, 0);
  const told = kernel.log.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields['job']);
  assert.equal(told.filter((name) => name === 'broken').length, 1);
  assert.equal(told.filter((name) => name === 'failing').length, 10);
  const status = (await kernel
    .get(STATUS_SOURCES)
    .items.find(({ name }) => name === 'jobs')!
    .read()) as Record<string, { isRunning: boolean; error?: string }>;
  assert.ok(status['slow']!.isRunning && status['failing']!.error === 'no luck');
  release();
  removal[Symbol.dispose]();
  await clock.advance(600_000);
  assert.equal(job.runs, 10, 'gone from the registry');
  await kernel[Symbol.asyncDispose]();
});

test('only the leading worker runs jobs, and no command', async () => {
  for (const host of [{ isLeader: false }, { role: 'command' as const }]) {
    const { kernel, clock, jobs } = await setUp(host);
    const job = counting('x', { everyMs: 1000 });
    jobs.add(job);
    await clock.advance(60_000);
    assert.equal(job.runs, 0);
    await kernel[Symbol.asyncDispose]();
  }
});

test('stopping tells the job that runs, and waits for it', async () => {
  const { kernel, clock, jobs } = await setUp();
  let hasEnded = false;
  const job = counting('long', { everyMs: 1000 }, async (signal) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    hasEnded = true;
  });
  jobs.add(job);
  await clock.advance(3000);
  assert.equal(job.runs, 1);
  await kernel[Symbol.asyncDispose]();
  assert.ok(hasEnded);
  assert.deepEqual(
    kernel.log.lines.filter(({ level }) => level === 'error'),
    [],
  );
});

test('times of day are local, today or tomorrow', () => {
  const at = (hours: number, minutes = 0, day = 10) => new Date(2025, 5, day, hours, minutes).getTime();
  assert.equal(nextTime({ at: '0200' }, at(1, 59)), at(2));
  assert.equal(nextTime({ at: '0200' }, at(2)), at(2, 0, 11));
  assert.equal(nextTime({ at: '2359' }, at(0)), at(23, 59));
  for (const wrong of ['2400', '0260', '200', '02:00', ''])
    assert.throws(() => nextTime({ at: wrong }, at(1)), RangeError, wrong);
  assert.throws(() => nextTime({ everyMs: 0 }, 0), RangeError);
});
