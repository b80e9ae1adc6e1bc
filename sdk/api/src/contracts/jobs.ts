import { type RegistryContract, registry } from '../di.js';

/** A job runs on one worker at a time; a run is skipped while the last one goes on. */
export interface Job {
  readonly name: string;
  /** `{ everyMs }`, or `{ at: '0200' }` local time daily (Cyrus EVENTS). */
  readonly schedule: { readonly everyMs: number } | { readonly at: string };
  run(signal: AbortSignal): Promise<void>;
}
export const JOBS: RegistryContract<Job> = registry('jobs', 1);
