/** When a job is due next. */
import type { Job } from '@angarium/sdk';

/**
 * `{ everyMs }`: so long after `now`. `{ at: '0200' }`: the next time that local clocks show it; where a change to
 * summer time leaves it out, what JavaScript makes of it, an hour later.
 * @throws RangeError for what is no such schedule
 */
export function nextTime(schedule: Job['schedule'], nowMs: number): number {
  if ('everyMs' in schedule) {
    if (!(schedule.everyMs > 0)) throw new RangeError(`not a period: ${schedule.everyMs} ms`);
    return nowMs + schedule.everyMs;
  }
  const [, hours, minutes] = /^([01]\d|2[0-3])([0-5]\d)$/.exec(schedule.at) ?? [];
  if (hours === undefined) throw new RangeError(`not a time of day: ${schedule.at}`);
  const date = new Date(nowMs);
  for (let day = date.getDate(); ; day++) {
    const time = new Date(date.getFullYear(), date.getMonth(), day, Number(hours), Number(minutes)).getTime();
    if (time > nowMs) return time;
  }
}
