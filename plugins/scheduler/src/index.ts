/** Runs jobs of other plugins by the clock, on one worker. */
import { definePlugin, part } from '@angarium/sdk';
import { Scheduler } from './scheduler.js';

export default definePlugin({ parts: [part(Scheduler)] });
