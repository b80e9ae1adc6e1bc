/** PackWriter: the writing side of a partition for one process. Lanes do the work (lane.ts). */
import type { PackCodec } from './codec.js';
import { PackError } from './errors.js';
import { GUID_BYTES, MAX_BODY_BYTES } from './format.js';
import { nodeFs, type PackFs } from './fs.js';
import { ByteGate } from './gate.js';
import { encodeJournal, type JournalEntry } from './journal.js';
import { journalJob, Lane, messageJob, type PackIncident } from './lane.js';
import { type IsAlive, isAlive } from './owner.js';
import { sealSeries } from './seal.js';
import { Series } from './series.js';
import type { PackRecord, PackRef } from './types.js';

export interface PackWriterOptions {
  /** The partition's pack folder; created when absent. */
  readonly packsDir: string;
  /** Roll to a new pack at this size; default 256 MB. */
  readonly rollBytes?: number;
  /** A body above this gets a pack of its own; default 4 MB. */
  readonly ownPackBytes?: number;
  /** A pack that grows by little writes is made longer by so much at a time, with zeros behind its records; default 0. */
  readonly roomBytes?: number;
  /** Bytes in memory that may wait; beyond, `append` waits before it queues; default 64 MB. */
  readonly queueBytes?: number;
  /** Told of what nobody awaits: an abandoned pack, journal entries dropped. For the log. */
  readonly onIncident?: (incident: PackIncident) => void;
  /** Default: bodies are stored as they come. */
  readonly codec?: PackCodec;
  readonly fs?: PackFs;
  readonly alive?: IsAlive;
}

const MB = 1024 * 1024;
/** What a queued record costs beside its body. */
const JOB_BYTES = 256;
/** A spooled body is copied through blocks of this size. */
const SPOOL_COPY_BYTES = MB;

/**
 * One a process and partition. `open` claims a series (a dead process's if there is one, whose packs it seals).
 * The chunks of a record in memory are written without a copy: leave them alone until the append has settled.
 */
export class PackWriter {
  private readonly main: Lane;
  private readonly bulk: Lane;
  private readonly large: Lane;
  private readonly gate: ByteGate;
  private readonly ownPackBytes: number;
  private closing: Promise<void> | undefined;

  private constructor(
    private readonly owned: Series,
    options: PackWriterOptions,
  ) {
    const fs = options.fs ?? nodeFs;
    const rollBytes = options.rollBytes ?? 256 * MB;
    const onIncident = options.onIncident ?? (() => undefined);
    const coded = options.codec === undefined ? {} : { codec: options.codec };
    this.ownPackBytes = options.ownPackBytes ?? 4 * MB;
    this.gate = new ByteGate(options.queueBytes ?? 64 * MB);
    const roomBytes = options.roomBytes ?? 0;
    this.main = new Lane(fs, owned, { rollBytes, packPerRecord: false, onIncident, roomBytes, ...coded });
    this.bulk = new Lane(fs, owned, { rollBytes, packPerRecord: false, onIncident, ...coded });
    this.large = new Lane(fs, owned, { rollBytes, packPerRecord: true, onIncident, ...coded });
  }

  /** Throws PackError `io`, `no-space`. */
  static async open(options: PackWriterOptions): Promise<PackWriter> {
    const fs = options.fs ?? nodeFs;
    try {
      await fs.makeDir(options.packsDir);
      const series = await Series.claim(fs, options.packsDir, options.alive ?? isAlive);
      if (series === undefined) throw new PackError('io', 'no series left');
      await sealSeries(fs, options.packsDir, series, (pack, error) =>
        options.onIncident?.({ kind: 'seal-failed', pack, error }),
      );
      return new PackWriter(series, options);
    } catch (error) {
      throw PackError.from(error, `open packs in ${options.packsDir}`);
    }
  }

  /** Number of the series owned. */
  get series(): number {
    return this.owned.id;
  }

  /**
   * Resolves when every record is on disk (fdatasync done, directory entry too), places in the order given.
   * Rejects with PackError (`no-space`, `io`, `spool`, `too-big`, `closed`) when any of these records is not safe,
   * after all of them have settled. Waits before it queues while too much is queued.
   * `lane: 'bulk'` keeps compaction's copies in packs of their own, away from new mail.
   */
  async append(records: readonly PackRecord[], options: { readonly lane?: 'bulk' } = {}): Promise<PackRef[]> {
    if (records.length === 0) return [];
    const lengths = records.map(bodyLength);
    const held = records.reduce((sum, record, index) => sum + memoryBytes(record, lengths[index]!), 0);
    await this.gate.take(held);
    try {
      if (this.closing !== undefined) throw new PackError('closed', 'pack writer is closed');
      const lane = options.lane === 'bulk' ? this.bulk : this.main;
      return await new Promise<PackRef[]>((resolve, reject) => {
        const places: PackRef[] = new Array(records.length);
        let left = records.length;
        let failure: PackError | undefined;
        records.forEach((record, index) => {
          const length = lengths[index]!;
          const job = messageJob(record, length, (error, pack, offset) => {
            failure ??= error;
            places[index] = { pack, offset, length };
            if (--left > 0) return;
            if (failure === undefined) resolve(places);
            else reject(failure);
          });
          (length > this.ownPackBytes ? this.large : lane).add(job);
        });
      });
    } finally {
      this.gate.give(held);
    }
  }

  /**
   * Queues journal entries; call after COMMIT. Written soon and without a sync, which comes with the next append,
   * roll, flush or close. Entries survive an abandoned pack; what is dropped is told to `onIncident`.
   */
  journal(entries: readonly JournalEntry[], options: { readonly lane?: 'bulk' } = {}): void {
    if (this.closing !== undefined) throw new PackError('closed', 'pack writer is closed');
    for (const body of encodeJournal(entries)) {
      this.gate.force(body.length);
      const job = journalJob(body, () => this.gate.give(body.length));
      (options.lane === 'bulk' ? this.bulk : this.main).add(job);
    }
  }

  /** Resolves when all that was queued before, journal included, is on disk. Rejects with PackError. */
  async flush(): Promise<void> {
    await Promise.all([this.main.flush(), this.bulk.flush(), this.large.flush()]);
  }

  /** Writes what is queued, syncs, seals its packs, gives the series back. Never rejects: failures are incidents. */
  close(): Promise<void> {
    this.closing ??= this.shutDown();
    return this.closing;
  }

  private async shutDown(): Promise<void> {
    await Promise.all(
      [this.main, this.bulk, this.large].map(async (lane) => {
        await lane.flush().catch(() => undefined);
        await lane.close();
      }),
    );
    await this.owned.release().catch(() => undefined); // the next writer finds the owner dead instead
  }
}

function bodyLength({ guid, body }: PackRecord): number {
  if (guid.length !== GUID_BYTES) throw new RangeError('a GUID has 32 bytes');
  let length = 0;
  if ('chunks' in body) for (const chunk of body.chunks) length += chunk.length;
  else length = body.length;
  if (length > MAX_BODY_BYTES) throw new PackError('too-big', 'a body has 4 GB at most');
  return length;
}

function memoryBytes({ body }: PackRecord, length: number): number {
  return JOB_BYTES + ('chunks' in body ? length : Math.min(length, SPOOL_COPY_BYTES));
}
