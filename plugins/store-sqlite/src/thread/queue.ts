/**
 * Group commit for one database: jobs that arrive while a commit runs share the next one. Each has a savepoint, so
 * that one failure does not sink the others. Locks of other processes are waited for by timer, not inside SQLite.
 */

import { MailError } from '@angarium/sdk';
import { isBusy } from '../errors.js';
import type { Db } from '../sql/open.js';

interface Job {
  readonly work: () => unknown;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** A batch ends here, so that other processes get the write lock. */
const MAX_BATCH_JOBS = 512;
const MAX_BATCH_MS = 20;
const RETRY_MAX_MS = 16;
/** Longer than any batch of other processes should take. */
const GIVE_UP_MS = 30_000;

export class CommitQueue {
  private jobs: Job[] = [];
  private isScheduled = false;
  private busySince: number | undefined;
  private readonly begin;
  private readonly commit;
  private readonly rollback;
  private readonly savepoint;
  private readonly release;
  private readonly rollbackTo;
  /** Transactions so far and jobs in them, for `status`. */
  commits = 0;
  jobsDone = 0;
  busyRetries = 0;

  constructor(readonly db: Db) {
    this.begin = db.prepare('BEGIN IMMEDIATE');
    this.commit = db.prepare('COMMIT');
    this.rollback = db.prepare('ROLLBACK');
    this.savepoint = db.prepare('SAVEPOINT job');
    this.release = db.prepare('RELEASE job');
    this.rollbackTo = db.prepare('ROLLBACK TO job');
  }

  /** `work` runs inside a transaction, alone; what it returns is durable when the promise resolves. */
  run<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.jobs.push({ work, resolve: resolve as (value: unknown) => void, reject });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => this.pump());
  }

  private pump(): void {
    this.isScheduled = false;
    if (this.jobs.length === 0) return;
    try {
      this.begin.run();
    } catch (error) {
      this.failedToBegin(error);
      return;
    }
    this.busySince = undefined;
    this.batch();
    if (this.jobs.length > 0) this.schedule();
  }

  private failedToBegin(error: unknown): void {
    const now = performance.now();
    this.busySince ??= now;
    if (isBusy(error) && now - this.busySince < GIVE_UP_MS) {
      this.busyRetries++;
      this.isScheduled = true;
      setTimeout(() => this.pump(), 1 + Math.random() * (RETRY_MAX_MS - 1));
      return;
    }
    this.busySince = undefined;
    const reason = isBusy(error)
      ? new MailError('UNAVAILABLE', 'Mail store is busy', { cause: error })
      : error;
    for (const job of this.jobs.splice(0)) job.reject(reason);
  }

  private batch(): void {
    const done: { readonly job: Job; readonly value: unknown }[] = [];
    const end = performance.now() + MAX_BATCH_MS;
    const isAlone = this.jobs.length === 1;
    let taken = 0;
    for (const job of this.jobs) {
      if (taken === MAX_BATCH_JOBS || (taken > 0 && performance.now() > end)) break;
      taken++;
      try {
        if (!isAlone) this.savepoint.run();
        const value = job.work();
        if (!isAlone) this.release.run();
        done.push({ job, value });
      } catch (error) {
        job.reject(error);
        if (isAlone || !this.undo()) {
          this.jobs.splice(0, taken);
          this.lost(done);
          return;
        }
      }
    }
    this.jobs.splice(0, taken);
    this.finish(done);
  }

  /** Takes the job's savepoint back; false when SQLite has ended the whole transaction (disk full, I/O error). */
  private undo(): boolean {
    if (!this.db.inTransaction) return false;
    this.rollbackTo.run();
    this.release.run();
    return true;
  }

  private finish(done: readonly { readonly job: Job; readonly value: unknown }[]): void {
    try {
      this.commit.run();
    } catch (error) {
      if (this.db.inTransaction) this.rollback.run();
      if (done.length === 1) done[0]!.job.reject(error);
      else this.requeue(done.map(({ job }) => job));
      return;
    }
    this.commits++;
    this.jobsDone += done.length;
    for (const { job, value } of done) job.resolve(value);
  }

  /** The transaction is gone with work of others in it: those are done again, each on its own. */
  private lost(done: readonly { readonly job: Job; readonly value: unknown }[]): void {
    if (this.db.inTransaction) this.rollback.run();
    this.requeue(done.map(({ job }) => job));
  }

  private requeue(jobs: readonly Job[]): void {
    for (const job of jobs) {
      try {
        this.begin.run();
        const value = job.work();
        this.commit.run();
        this.commits++;
        this.jobsDone++;
        job.resolve(value);
      } catch (error) {
        if (this.db.inTransaction) this.rollback.run();
        job.reject(error);
      }
    }
  }
}
