/**
 * `\Seen` of one viewer in a mailbox that is not his own: which messages he has seen, and at which modseq he said so.
 * In blocks of 256 UIDs, one row each, so that reading message by message rewrites 2 KB and not a list that grows.
 *
 *     block = seen bits u32[8], modseqs f64[256]        (modseq 0: never touched by this viewer)
 */
import type { SnapshotChunk } from '@angarium/sdk';
import { Flag } from '@angarium/sdk';

export const BLOCK_UIDS = 256;
const BITS_WORDS = BLOCK_UIDS / 32;
const BLOCK_BYTES = BITS_WORDS * 4 + BLOCK_UIDS * 8;

export function blockOf(uid: number): number {
  return Math.floor(uid / BLOCK_UIDS);
}

export class SeenBlock {
  readonly bytes: Buffer;
  private readonly bits: Uint32Array;
  private readonly modseqs: Float64Array;

  /** @param bytes those of a row; absent for a block nobody touched yet. */
  constructor(bytes?: Buffer) {
    const own = new ArrayBuffer(BLOCK_BYTES);
    this.bytes = Buffer.from(own);
    if (bytes !== undefined) bytes.copy(this.bytes);
    this.bits = new Uint32Array(own, 0, BITS_WORDS);
    this.modseqs = new Float64Array(own, BITS_WORDS * 4, BLOCK_UIDS);
  }

  isSeen(uid: number): boolean {
    const at = uid % BLOCK_UIDS;
    return ((this.bits[at >> 5]! >>> (at & 31)) & 1) === 1;
  }

  modSeqOf(uid: number): number {
    return this.modseqs[uid % BLOCK_UIDS]!;
  }

  set(uid: number, isSeen: boolean, modSeq: number): void {
    const at = uid % BLOCK_UIDS;
    const bit = 1 << (at & 31);
    const word = this.bits[at >> 5]!;
    this.bits[at >> 5] = (isSeen ? word | bit : word & ~bit) >>> 0;
    this.modseqs[at] = modSeq;
  }
}

/** The chunk as the viewer sees it. UIDs, sizes, dates and keywords are shared with the base chunk. */
export function overlayChunk(
  base: SnapshotChunk,
  block: (number: number) => SeenBlock | undefined,
): SnapshotChunk {
  const flags = new Uint32Array(base.count);
  const modseqs = new Float64Array(base.count);
  let maxModSeq = 0;
  for (let i = 0; i < base.count; i++) {
    const uid = base.uids[i]!;
    const own = block(blockOf(uid));
    flags[i] = (base.flags[i]! & ~Flag.seen) | (own?.isSeen(uid) === true ? Flag.seen : 0);
    const modSeq = Math.max(base.modseqs[i]!, own?.modSeqOf(uid) ?? 0);
    modseqs[i] = modSeq;
    if (modSeq > maxModSeq) maxModSeq = modSeq;
  }
  return { ...base, flags, modseqs, maxModSeq };
}
