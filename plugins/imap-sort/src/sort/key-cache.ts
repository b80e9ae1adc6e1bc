/**
 * Keys of whole chunks. A message's keys never change and chunks are shared by all sessions of the worker, so a mailbox that is
 * sorted again (another window of it, another client) is not read again; they go when the chunk does.
 */
import type { SnapshotChunk } from '@angarium/sdk';
import type { Column } from './keys.js';

/** All chunks together; what a key takes beside its octets is counted with it. */
const MAX_BYTES = 64 * 1024 * 1024;
const BYTES_A_KEY = 24;

export class KeyCache {
  private chunks = new WeakMap<SnapshotChunk, Map<string, Column>>();
  private held = 0;

  get(chunk: SnapshotChunk, key: string): Column | undefined {
    return this.chunks.get(chunk)?.get(key);
  }

  /** Beyond the bound all of them go: what is in use comes back with its next sort. */
  put(chunk: SnapshotChunk, key: string, column: Column): void {
    const bytes = sizeOf(column);
    this.held += bytes;
    if (this.held > MAX_BYTES) {
      this.chunks = new WeakMap();
      this.held = bytes;
    }
    let columns = this.chunks.get(chunk);
    if (columns === undefined) {
      columns = new Map();
      this.chunks.set(chunk, columns);
    }
    columns.set(key, column);
  }
}

function sizeOf(column: Column): number {
  let bytes = column.length * BYTES_A_KEY;
  if (!(column instanceof Float64Array)) for (const { length } of column) bytes += length;
  return bytes;
}
