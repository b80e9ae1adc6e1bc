/**
 * A queue of records in front of one pack: group commit. The next batch starts when the sync of the one before has
 * returned, so a batch is what arrived meanwhile: one record when idle, hundreds under load, without a timer.
 *
 * Faults: a failed write or sync abandons the pack. The batch, with the journal bodies not yet synced, is written
 * once more to a new pack; if that fails too, exactly the callers of this batch get the error, journal bodies are
 * parked for the next one. A sync is never tried twice on one file: after a failure the kernel may have dropped the
 * pages and the second call would report success.
 */
import type { PackCodec } from './codec.js';
import { PackError } from './errors.js';
import { recordBytes } from './format.js';
import type { PackFs } from './fs.js';
import { PackFile, SpoolFailure, type Writing } from './pack-file.js';
import type { Series } from './series.js';
import type { PackId, PackRecord } from './types.js';

/** What nobody awaits, for the log. */
export interface PackIncident {
  readonly kind: 'pack-abandoned' | 'journal-lost' | 'seal-failed';
  readonly pack?: PackId;
  readonly error: PackError;
}

/** One thing to write (record or journal), or a bare request to sync; `done` is called once. */
export interface Job extends Writing {
  readonly done: (error: PackError | undefined, pack: PackId) => void;
}

export interface LaneOptions {
  readonly rollBytes: number;
  /** Every record gets a pack of its own. */
  readonly packPerRecord: boolean;
  readonly onIncident: (incident: PackIncident) => void;
  readonly codec?: PackCodec;
  /** Made in its packs ahead of small writes; default none. */
  readonly roomBytes?: number;
}

const BATCH_BYTES = 8 * 1024 * 1024;
const BATCH_BUFFERS = 512;
/** More journal than this without a sync and the batch syncs: it is kept in memory until then. */
const UNSYNCED_JOURNAL_BYTES = 1024 * 1024;
/** Journal kept while the disk is full or failing; beyond, the oldest is dropped and reported. */
const PARKED_JOURNAL_BYTES = 8 * 1024 * 1024;
const ATTEMPTS = 2;

export class Lane {
  private queue: Job[] = [];
  private parked: Buffer[] = [];
  private pack: PackFile | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly fs: PackFs,
    private readonly series: Series,
    private readonly options: LaneOptions,
  ) {}

  add(job: Job): void {
    this.queue.push(job);
    this.running ??= this.run();
  }

  /** Resolves when all that was added before is safe. */
  flush(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.add({ length: 0, offset: 0, done: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  }

  /** Ends the current pack. Call when the queue is flushed and nothing is added any more. */
  async close(): Promise<void> {
    await this.running;
    if (this.pack !== undefined) await this.roll();
    if (this.parked.length > 0)
      this.dropParked(0, new PackError('closed', 'journal not written before close'));
  }

  private async run(): Promise<void> {
    await Promise.resolve(); // records added in the same tick share the first batch
    while (this.queue.length > 0) await this.commit(this.takeBatch());
    this.running = undefined;
  }

  private takeBatch(): Job[] {
    let bytes = 0;
    let buffers = 0;
    let count = 0;
    for (const job of this.queue) {
      bytes += recordBytes(job.length);
      buffers +=
        2 + (job.record !== undefined && 'chunks' in job.record.body ? job.record.body.chunks.length : 1);
      if (count > 0 && (bytes > BATCH_BYTES || buffers > BATCH_BUFFERS || this.options.packPerRecord)) break;
      count++;
    }
    const parked = this.parked.map((body) => journalJob(body));
    this.parked = [];
    return [...parked, ...this.queue.splice(0, count)];
  }

  private async commit(batch: Job[]): Promise<void> {
    for (let attempt = 1; batch.length > 0; ) {
      try {
        const pack = await this.writeBatch(batch);
        for (const job of batch) job.done(undefined, pack);
        if (this.options.packPerRecord && this.pack !== undefined) await this.roll();
        return;
      } catch (error) {
        const carried = await this.abandon(PackError.from(error, 'write pack'));
        batch = [...carried.map((body) => journalJob(body)), ...batch];
        if (error instanceof SpoolFailure) {
          batch = batch.filter((job) => job !== error.writing);
          this.fail(
            [error.writing as Job],
            new PackError('spool', 'spool file unusable', { cause: error.cause }),
          );
        } else if (attempt++ === ATTEMPTS) {
          this.fail(batch, PackError.from(error, 'append'));
          return;
        }
      }
    }
  }

  private async writeBatch(batch: readonly Job[]): Promise<PackId> {
    const writings = batch.filter((job) => job.record !== undefined || job.journal !== undefined);
    const mustSync = batch.some((job) => job.journal === undefined);
    const bytes = writings.reduce((sum, job) => sum + recordBytes(job.length), 0);
    if (this.pack !== undefined && this.pack.end + bytes > this.options.rollBytes && writings.length > 0) {
      await this.endPack();
    }
    if (this.pack === undefined && writings.length === 0) return 0;
    const { codec, roomBytes } = this.options;
    this.pack ??= await PackFile.create(this.fs, this.series, codec, roomBytes);
    const pack = this.pack;
    if (writings.length > 0) await pack.write(writings);
    if ((mustSync && !pack.isSafe) || pack.unsyncedJournalBytes > UNSYNCED_JOURNAL_BYTES) await pack.sync();
    return pack.id;
  }

  /** Makes the current pack safe and ends it. A failed sync leaves it current, for `abandon`. */
  private async endPack(): Promise<void> {
    const pack = this.pack!;
    if (!pack.isSafe) await pack.sync();
    this.pack = undefined;
    await this.finish(pack);
  }

  /** As endPack, but a failure is dealt with here. */
  private async roll(): Promise<void> {
    try {
      await this.endPack();
    } catch (error) {
      this.park(await this.abandon(PackError.from(error, 'end pack')));
    }
  }

  /** Gives the current pack up; answers the journal bodies that must be written again. */
  private async abandon(error: PackError): Promise<Buffer[]> {
    const pack = this.pack;
    this.pack = undefined;
    if (pack === undefined) return [];
    this.options.onIncident({ kind: 'pack-abandoned', pack: pack.id, error });
    await this.finish(pack);
    return pack.unsyncedJournal;
  }

  private async finish(pack: PackFile): Promise<void> {
    await pack.close();
    try {
      await pack.finish();
    } catch (error) {
      this.options.onIncident({ kind: 'seal-failed', pack: pack.id, error: PackError.from(error, 'seal') });
    }
  }

  private fail(jobs: readonly Job[], error: PackError): void {
    const bodies: Buffer[] = [];
    for (const job of jobs) {
      job.done(error, 0);
      if (job.journal !== undefined) bodies.push(job.journal);
    }
    this.park(bodies, error);
  }

  private park(bodies: readonly Buffer[], error = new PackError('io', 'journal dropped')): void {
    this.parked.push(...bodies);
    this.dropParked(PARKED_JOURNAL_BYTES, error);
  }

  private dropParked(keepBytes: number, error: PackError): void {
    let bytes = this.parked.reduce((sum, body) => sum + body.length, 0);
    const before = this.parked.length;
    while (bytes > keepBytes) bytes -= this.parked.shift()!.length;
    if (this.parked.length < before) this.options.onIncident({ kind: 'journal-lost', error });
  }
}

/** A job for the body of a journal record; `settled` when it left the queue: written, or parked. */
export function journalJob(journal: Buffer, settled: () => void = () => undefined): Job {
  return { journal, length: journal.length, offset: 0, done: settled };
}

/** A job for a message; `done` gets an error, or pack and offset. */
export function messageJob(
  record: PackRecord,
  length: number,
  done: (error: PackError | undefined, pack: PackId, offset: number) => void,
): Job {
  const job: Job = { record, length, offset: 0, done: (error, pack) => done(error, pack, job.offset) };
  return job;
}
