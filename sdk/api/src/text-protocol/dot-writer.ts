/** A dot-stuffed block on its way out to a client. */
import type { Lease } from '../kernel/connection.js';
import { DotStuffer, withDots } from './dot-stuffing.js';
import type { TextSession } from './text-session.js';

/** Where dots are further apart than this on average, what lies between them is sent from where it is. */
const COPY_BELOW_BYTES = 4096;

/** Await `session.drained()` between chunks, and leave them as they are until they are sent. */
export class DotWriter {
  private readonly stuffer = new DotStuffer();

  constructor(private readonly session: TextSession) {}

  /** The next chunk of data, cut anywhere. `lease`: as `Connection.write`. */
  write(chunk: Buffer, lease?: Lease): void {
    const places = this.stuffer.cut(chunk);
    if (chunk.length === 0) lease?.release();
    else if (places.length === 0) this.session.write(chunk, lease);
    else if (chunk.length < (places.length + 1) * COPY_BELOW_BYTES) {
      this.session.write(withDots(chunk, places));
      lease?.release();
    } else this.writeBetween(chunk, places, lease);
  }

  /** The terminator, with a CRLF before it when the data lacks one. */
  end(): void {
    this.session.write(this.stuffer.end());
  }

  private writeBetween(chunk: Buffer, places: readonly number[], lease: Lease | undefined): void {
    // Short runs are copied and released at once, long ones when they are sent.
    const shared = lease && sharedLease(lease, places.length + 1);
    let from = 0;
    for (const place of places) {
      this.session.write(chunk.subarray(from, place), shared);
      this.session.write('.');
      from = place;
    }
    this.session.write(chunk.subarray(from), shared);
  }
}

/** Released when each of its users has released it. */
function sharedLease(lease: Lease, users: number): Lease {
  let left = users;
  return {
    release: () => {
      if (--left === 0) lease.release();
    },
  };
}
