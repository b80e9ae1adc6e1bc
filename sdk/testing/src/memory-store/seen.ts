/** Private \Seen of those who are not the owner: which messages, and when that changed. */
import { Flag, type SnapshotChunk } from '@angarium/sdk';

export class SeenOverlay {
  /** UID → modseq of the last change; negative when unseen now. */
  private readonly changes = new Map<number, number>();

  set(uid: number, isSeen: boolean, modSeq: number): void {
    this.changes.set(uid, isSeen ? modSeq : -modSeq);
  }

  isSeen(uid: number): boolean {
    return (this.changes.get(uid) ?? -1) > 0;
  }

  modSeqOf(uid: number): number {
    return Math.abs(this.changes.get(uid) ?? 0);
  }

  /** The chunk as this viewer sees it. */
  over(chunk: SnapshotChunk): SnapshotChunk {
    const flags = chunk.flags.slice();
    const modseqs = chunk.modseqs.slice();
    let maxModSeq = 0;
    for (let i = 0; i < chunk.count; i++) {
      const uid = chunk.uids[i]!;
      flags[i] = (flags[i]! & ~Flag.seen) | (this.isSeen(uid) ? Flag.seen : 0);
      modseqs[i] = Math.max(modseqs[i]!, this.modSeqOf(uid));
      maxModSeq = Math.max(maxModSeq, modseqs[i]!);
    }
    return { ...chunk, flags, modseqs, maxModSeq };
  }
}
