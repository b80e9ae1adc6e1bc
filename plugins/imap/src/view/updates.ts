/**
 * What is new to a client: its picture of the mailbox against the newest snapshot. Pure; cost is what changed, since
 * chunks that are the same object, or that the modseq shows to be the same, are passed over whole.
 */
import { type MailboxSnapshot, NumberSet, type SnapshotChunk } from '@angarium/sdk';
import { type Picked, withGhosts } from './chunks.js';

export interface Updates {
  /** The client's picture once all of this has been told. */
  readonly next: MailboxSnapshot;
  /** Indexes into the old picture, to be told as expunged; empty unless that is allowed. */
  readonly expunged: NumberSet;
  readonly expungedUids: NumberSet;
  /** UIDs that are gone and stay in `next`. */
  readonly ghosts: NumberSet;
  /** Indexes into `next`: flags or keywords differ. */
  readonly flags: NumberSet;
  /** Indexes into `next`: only the mod-sequence differs. */
  readonly modSeqs: NumberSet;
  /** Messages at the end of `next` that were not there. */
  readonly appended: number;
}

/** @throws Error when the store shows a message below one it has shown before: numbers would be wrong from there on. */
export function compareViews(
  told: MailboxSnapshot,
  newest: MailboxSnapshot,
  mayExpunge: boolean,
): Updates | undefined {
  if (told === newest) return undefined;
  const walk = new Walk(hasReusedBit(told.head.keywordNames, newest.head.keywordNames), mayExpunge);
  const appended = walk.run(told.chunks, newest.chunks);
  const goneUids = NumberSet.fromAscending(walk.gone.at.map((at, i) => walk.gone.chunks[i]!.uids[at]!));
  const keepsGhosts = !mayExpunge && !goneUids.isEmpty;
  return {
    next: keepsGhosts ? withGhosts(newest, walk.gone) : newest,
    expunged: mayExpunge ? NumberSet.fromAscending(walk.goneIndexes) : NumberSet.empty,
    expungedUids: mayExpunge ? goneUids : NumberSet.empty,
    ghosts: keepsGhosts ? goneUids : NumberSet.empty,
    flags: NumberSet.fromAscending(walk.flags),
    modSeqs: NumberSet.fromAscending(walk.modSeqs),
    appended,
  };
}

/** A bit that stood for another keyword before: equal bits do not mean equal flags. */
function hasReusedBit(old: readonly string[], now: readonly string[]): boolean {
  return old.some((name, bit) => name !== '' && now[bit] !== name);
}

/**
 * Same messages, same flags? UIDs only vanish from the middle, so equal ends and equal count mean equal sets;
 * a change of flags would have raised the highest modseq.
 */
function isSame(a: SnapshotChunk, b: SnapshotChunk): boolean {
  return (
    a === b ||
    (a.maxModSeq === b.maxModSeq &&
      a.count === b.count &&
      a.uids[0] === b.uids[0] &&
      a.uids[a.count - 1] === b.uids[b.count - 1])
  );
}

/** Both sides in UID order, side by side. */
class Walk {
  readonly gone: Picked = { chunks: [], at: [] };
  /** Indexes into the old picture. */
  readonly goneIndexes: number[] = [];
  readonly flags: number[] = [];
  readonly modSeqs: number[] = [];

  constructor(
    private readonly anyChangeCounts: boolean,
    private readonly mayExpunge: boolean,
  ) {}

  /** Answers how many messages follow after the last that the client knows. */
  run(told: readonly SnapshotChunk[], newest: readonly SnapshotChunk[]): number {
    let j = 0;
    let b = 0;
    let index = 0;
    for (const chunk of told) {
      const other = newest[j];
      if (b === 0 && other !== undefined && isSame(chunk, other)) {
        index += chunk.count;
        j++;
        continue;
      }
      for (let a = 0; a < chunk.count; a++, index++) {
        const now = newest[j];
        const uid = chunk.uids[a]!;
        if (now === undefined || now.uids[b]! > uid) {
          this.gone.chunks.push(chunk);
          this.gone.at.push(a);
          this.goneIndexes.push(index);
        } else if (now.uids[b]! < uid) {
          throw new Error(`the store shows UID ${now.uids[b]} below ${uid}, which came after it`);
        } else {
          this.compare(chunk, a, now, b, index);
          if (++b === now.count) {
            j++;
            b = 0;
          }
        }
      }
    }
    let appended = -b;
    for (; j < newest.length; j++) appended += newest[j]!.count;
    return appended;
  }

  private compare(old: SnapshotChunk, a: number, now: SnapshotChunk, b: number, index: number): void {
    const k = a * 4;
    const l = b * 4;
    const isOther =
      old.flags[a] !== now.flags[b] ||
      old.keywords[k] !== now.keywords[l] ||
      old.keywords[k + 1] !== now.keywords[l + 1] ||
      old.keywords[k + 2] !== now.keywords[l + 2] ||
      old.keywords[k + 3] !== now.keywords[l + 3];
    const isNewer = old.modseqs[a] !== now.modseqs[b];
    if (!isOther && !isNewer) return;
    const next = this.mayExpunge ? index - this.goneIndexes.length : index;
    (isOther || this.anyChangeCounts ? this.flags : this.modSeqs).push(next);
  }
}
