/**
 * How the store thread calls the disk. A call through libuv's pool costs two changes of threads, more than a short
 * call itself: so what is short is done here, as long as nobody else's work waits for it.
 */
import { fdatasync, fdatasyncSync, writevSync } from 'node:fs';
import type { PackFs } from '../packs/index.js';
import type { SyncFile } from './queue.js';

/** A disk whose last sync took longer is left to the pool. */
const SHORT_SYNC_MS = 1;
/** Who has been alone for so many syncs, as one delivery after the other is, may well be for the next, also on a slower disk. */
const QUIET_SYNCS = 16;
/** What somebody who comes all the same may have to wait. */
const QUIET_SYNC_MS = 8;
/** Goes into the page cache at once. */
const SHORT_WRITE_BYTES = 256 * 1024;

export class DiskCalls {
  private lastSyncMs = 0;
  private quietSyncs = 0;

  /** @param isAlone no other operation runs that a sync in this thread would hold up. */
  constructor(private readonly isAlone: () => boolean) {}

  readonly sync: SyncFile = (fd, done) => {
    const startMs = performance.now();
    const finished = (error: Error | null): void => {
      this.lastSyncMs = performance.now() - startMs;
      done(error);
    };
    if (!this.isHere()) {
      fdatasync(fd, finished);
      return;
    }
    let failure: Error | null = null;
    try {
      fdatasyncSync(fd);
    } catch (error) {
      failure = error as Error;
    }
    finished(failure);
  };

  /** Is the next sync done in this thread? */
  private isHere(): boolean {
    this.quietSyncs = this.isAlone() ? this.quietSyncs + 1 : 0;
    if (this.quietSyncs === 0) return false;
    return this.lastSyncMs <= (this.quietSyncs > QUIET_SYNCS ? QUIET_SYNC_MS : SHORT_SYNC_MS);
  }

  packFs(fs: PackFs): PackFs {
    return {
      ...fs,
      writev: async (fd, buffers, position) => {
        const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
        if (bytes <= SHORT_WRITE_BYTES) return writevSync(fd, buffers, position);
        // Its sync will not be short either.
        this.lastSyncMs = Number.POSITIVE_INFINITY;
        return await fs.writev(fd, buffers, position);
      },
      fdatasync: (fd) =>
        new Promise((resolve, reject) => {
          this.sync(fd, (error) => (error === null ? resolve() : reject(error)));
        }),
    };
  }
}
