/** Check sums of bodies: compared once for each record. */
import { crc32 } from 'node:zlib';
import { PackError } from './errors.js';
import type { RecordHeader } from './format.js';
import type { PackId, PackRef } from './types.js';

/** Bodies known to be good: what has been compared once is not compared again while this process remembers it. */
const MAX_VERIFIED = 65_536;

/**
 * Which records have had the check sum of their body compared. Records never change where they are, and a pack's number is never
 * used again; what rots afterwards is found by the next process, and by `store check`.
 */
export class Verified {
  private readonly packs = new Map<PackId, Set<number>>();
  private count = 0;

  /** @throws PackError corrupt */
  check(ref: PackRef, header: RecordHeader, body: Buffer): void {
    if (this.has(ref)) return;
    checkBody(ref, header, crc32(body));
    this.add(ref);
  }

  has({ pack, offset }: PackRef): boolean {
    return this.packs.get(pack)?.has(offset) === true;
  }

  add(ref: PackRef): void {
    let offsets = this.packs.get(ref.pack);
    // Starting anew is simpler than forgetting one by one, and as rare.
    if (this.count >= MAX_VERIFIED) {
      this.packs.clear();
      this.count = 0;
      offsets = undefined;
    }
    if (offsets === undefined) {
      offsets = new Set();
      this.packs.set(ref.pack, offsets);
    }
    offsets.add(ref.offset);
    this.count++;
  }

  forget(pack: PackId): void {
    this.count -= this.packs.get(pack)?.size ?? 0;
    this.packs.delete(pack);
  }
}

/** @throws PackError corrupt */
export function checkBody(ref: PackRef, header: RecordHeader, crc: number): void {
  if (crc === header.bodyCrc) return;
  throw new PackError('corrupt', `pack ${ref.pack}, offset ${ref.offset}: check sum of the body is wrong`);
}
