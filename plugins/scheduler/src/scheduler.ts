/**
 * Looks once a second which jobs are due. Only the leading worker does: when it ends another one leads, and jobs begin to
 * count anew there. A job that is still running is not started again; one that fails is logged and tried at its next time.
 */
import {
  CLOCK,
  type Clock,
  Component,
  HOST,
  type Host,
  inject,
  injectable,
  JOBS,
  type Job,
  LOGGER,
  type Logger,
  type Registry,
  STATUS_SOURCES,
  type StatusSource,
} from '@angarium/sdk';
import { nextTime } from './next-time.js';

const TICK_MS = 1000;

interface Planned {
  nextMs: number;
  running: Promise<void> | undefined;
  last: { readonly startedMs: number; tookMs: number | undefined; error: string | undefined } | undefined;
}

@injectable()
export class Scheduler extends Component {
  private readonly planned = new Map<Job, Planned>();
  private readonly abort = new AbortController();

  constructor(
    @inject(JOBS) private readonly jobs: Registry<Job>,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(HOST) private readonly host: Host,
    @inject(LOGGER) private readonly log: Logger,
    @inject(STATUS_SOURCES) private readonly statusSources: Registry<StatusSource>,
  ) {
    super();
  }

  override start(): void {
    if (this.host.role !== 'server') return;
    this.own(this.clock.every(TICK_MS, () => this.tick()));
    this.own(this.statusSources.add({ name: 'jobs', read: () => this.status() }));
  }

  override async stop(): Promise<void> {
    this.abort.abort(new Error('the server is stopping'));
    await Promise.all([...this.planned.values()].map(({ running }) => running));
  }

  private tick(): void {
    if (!this.host.isLeader || this.abort.signal.aborted) return;
    const now = this.clock.now();
    for (const job of [...this.planned.keys()]) if (!this.jobs.items.includes(job)) this.planned.delete(job);
    for (const job of this.jobs.items) {
      const plan = this.plan(job, now);
      if (plan === undefined || plan.running !== undefined || now < plan.nextMs) continue;
      plan.running = this.run(job, plan).finally(() => {
        plan.running = undefined;
      });
    }
  }

  /** Undefined for a job whose schedule is none, which is told once. */
  private plan(job: Job, now: number): Planned | undefined {
    const known = this.planned.get(job);
    if (known !== undefined) return known.nextMs === Number.POSITIVE_INFINITY ? undefined : known;
    const plan: Planned = { nextMs: Number.POSITIVE_INFINITY, running: undefined, last: undefined };
    this.planned.set(job, plan);
    try {
      plan.nextMs = nextTime(job.schedule, now);
    } catch (err) {
      this.log.error('a job has no schedule', { job: job.name, err });
    }
    return plan;
  }

  private async run(job: Job, plan: Planned): Promise<void> {
    const startedMs = this.clock.now();
    const from = this.clock.monotonicMs();
    const last: NonNullable<Planned['last']> = { startedMs, tookMs: undefined, error: undefined };
    plan.last = last;
    try {
      await job.run(this.abort.signal);
    } catch (err) {
      last.error = err instanceof Error ? err.message : String(err);
      if (!this.abort.signal.aborted) this.log.error('a job failed', { job: job.name, err });
    }
    last.tookMs = Math.round(this.clock.monotonicMs() - from);
    plan.nextMs = nextTime(job.schedule, Math.max(this.clock.now(), plan.nextMs));
  }

  private status(): unknown {
    return Object.fromEntries(
      [...this.planned].map(([{ name }, { nextMs, running, last }]) => [
        name,
        {
          isRunning: running !== undefined,
          ...(Number.isFinite(nextMs) ? { next: new Date(nextMs).toISOString() } : {}),
          ...(last === undefined
            ? {}
            : {
                lastStart: new Date(last.startedMs).toISOString(),
                ...(last.tookMs === undefined ? {} : { tookMs: last.tookMs }),
                ...(last.error === undefined ? {} : { error: last.error }),
              }),
        },
      ]),
    );
  }
}
