/**
 * Group commit for one database: jobs that arrive while a commit runs share the next one. Each has a savepoint, so
 * that one failure does not sink the others. Locks of other processes are waited for by timer, not inside SQLite.
 *
 * The connection runs with synchronous=NORMAL and the queue syncs the WAL itself before it answers: that is what FULL
 * does, but without the write lock, and off this thread when others work (sync.ts), so that the syncs of many shards
 * and of packs run at the same time. Checkpoints order their own syncs as ever.
 */
import { closeSync, fdatasync, openSync } from 'node:fs';
import { MailError } from '@angarium/sdk';
import { isBusy } from '../errors.js';
import type { Db } from '../sql/open.js';

interface Job {
  readonly work: () => unknown;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

interface Done {
  readonly job: Job;
  readonly value: unknown;
}

/** A batch ends here, so that other processes get the write lock. */
const MAX_BATCH_JOBS = 512;
const MAX_BATCH_MS = 20;
const RETRY_MAX_MS = 16;
/** Longer than any batch of other processes should take. */
const GIVE_UP_MS = 30_000;

/** Makes what was written to the file durable. */
export type SyncFile = (fd: number, done: (error: Error | null) => void) => void;

export class CommitQueue {
  private jobs: Job[] = [];
  /** A pump is scheduled, waiting for a lock, or waiting for the sync. */
  private isBusy = false;
  private ends: (() => void)[] = [];
  private busySince: number | undefined;
  private walFd: number | undefined;
  /** A sync failed and the WAL still holds what may be lost: what comes behind it is as safe as that is. */
  private walFault: Error | undefined;
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

  constructor(
    readonly db: Db,
    private readonly sync: SyncFile = fdatasync,
  ) {
    this.begin = db.prepare('BEGIN IMMEDIATE');
    this.commit = db.prepare('COMMIT');
    this.rollback = db.prepare('ROLLBACK');
    this.savepoint = db.prepare('SAVEPOINT job');
    this.release = db.prepare('RELEASE job');
    this.rollbackTo = db.prepare('ROLLBACK TO job');
  }

  /** `work` runs inside a transaction, alone, perhaps twice; what it returns is durable when the promise resolves. */
  run<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.jobs.push({ work, resolve: resolve as (value: unknown) => void, reject });
      this.schedule();
    });
  }

  /** From inside a job: `run` is called once its transaction has ended, however it did. */
  atEnd(run: () => void): void {
    this.ends.push(run);
  }

  close(): void {
    if (this.walFd !== undefined) closeSync(this.walFd);
    this.walFd = undefined;
    this.db.close();
  }

  private schedule(): void {
    if (this.isBusy) return;
    this.isBusy = true;
    setImmediate(() => this.pump());
  }

  private pump(): void {
    try {
      this.begin.run();
    } catch (error) {
      this.failedToBegin(error);
      return;
    }
    this.busySince = undefined;
    const done = this.batch();
    for (const run of this.ends.splice(0)) run();
    if (done.length > 0) this.makeDurable(done);
    else this.next();
  }

  private next(): void {
    this.isBusy = false;
    if (this.jobs.length > 0) this.schedule();
  }

  private failedToBegin(error: unknown): void {
    const now = performance.now();
    this.busySince ??= now;
    if (isBusy(error) && now - this.busySince < GIVE_UP_MS) {
      this.busyRetries++;
      setTimeout(() => this.pump(), 1 + Math.random() * (RETRY_MAX_MS - 1));
      return;
    }
    this.busySince = undefined;
    this.isBusy = false;
    const reason = isBusy(error)
      ? new MailError('UNAVAILABLE', 'Mail store is busy', { cause: error })
      : error;
    for (const job of this.jobs.splice(0)) job.reject(reason);
  }

  /** Runs and commits what waits; answers the jobs that are committed. */
  private batch(): readonly Done[] {
    const done: Done[] = [];
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
          return this.oneByOne(done);
        }
      }
    }
    this.jobs.splice(0, taken);
    return this.finish(done);
  }

  /** Takes the job's savepoint back; false when SQLite has ended the whole transaction (disk full, I/O error). */
  private undo(): boolean {
    if (!this.db.inTransaction) return false;
    this.rollbackTo.run();
    this.release.run();
    return true;
  }

  private finish(done: readonly Done[]): readonly Done[] {
    try {
      this.commit.run();
    } catch (error) {
      if (done.length !== 1) return this.oneByOne(done);
      if (this.db.inTransaction) this.rollback.run();
      done[0]!.job.reject(error);
      return [];
    }
    this.commits++;
    return done;
  }

  /** The transaction is gone with work of several jobs in it: each is done again, on its own. */
  private oneByOne(lost: readonly Done[]): readonly Done[] {
    if (this.db.inTransaction) this.rollback.run();
    const done: Done[] = [];
    for (const { job } of lost) {
      try {
        this.begin.run();
        const value = job.work();
        this.commit.run();
        this.commits++;
        done.push({ job, value });
      } catch (error) {
        if (this.db.inTransaction) this.rollback.run();
        job.reject(error);
      }
    }
    return done;
  }

  private makeDurable(done: readonly Done[]): void {
    const settle = (error: unknown): void => {
      this.jobsDone += done.length;
      for (const { job, value } of done) {
        if (error === undefined) job.resolve(value);
        else job.reject(error);
      }
      this.next();
    };
    if (this.walFault !== undefined) {
      settle(this.rescue(this.walFault));
      return;
    }
    try {
      this.walFd ??= openSync(`${this.db.name}-wal`, 'r');
      this.sync(this.walFd, (error) => settle(error === null ? undefined : this.rescue(error)));
    } catch (error) {
      settle(error);
    }
  }

  /**
   * A sync failed once must not be tried again: the kernel may have dropped what it could not write. The committed
   * pages are still readable, so they are moved into the database, which is synced by itself. Undefined: done; until
   * then no commit behind them is promised, however well the sync goes.
   */
  private rescue(error: Error): Error | undefined {
    this.walFault = error;
    try {
      const [state] = this.db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
      if (state?.busy === 0) this.walFault = undefined;
    } catch {
      // The reason is the first failure.
    }
    return this.walFault;
  }
}
