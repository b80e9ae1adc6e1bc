/**
 * Keys of whole chunks. A message's keys never change and chunks are shared by all sessions of the worker, so a mailbox that is
 * sorted again (another window of it, another client) is not read again; they go when the chunk does.
 */
import type { SnapshotChunk } from '@angarium/sdk';
import type { Column } from './keys.js';

/** All chunks together; some fifty octets each, mostly less. */
const MAX_KEYS = 1_000_000;

export class KeyCache {
  private chunks = new WeakMap<SnapshotChunk, Map<string, Column>>();
  private held = 0;

  get(chunk: SnapshotChunk, key: string): Column | undefined {
    return this.chunks.get(chunk)?.get(key);
  }

  /** Beyond the bound all of them go: what is in use comes back with its next sort. */
  put(chunk: SnapshotChunk, key: string, column: Column): void {
    this.held += column.length;
    if (this.held > MAX_KEYS) {
      this.chunks = new WeakMap();
      this.held = column.length;
    }
    let columns = this.chunks.get(chunk);
    if (columns === undefined) {
      columns = new Map();
      this.chunks.set(chunk, columns);
    }
    columns.set(key, column);
  }
}
