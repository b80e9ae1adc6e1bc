/** Chunks that only one client's view has: messages that are gone from the store, flags the client has worked out. */
import {
  type FlagChange,
  MailboxSnapshot,
  type NumberSet,
  type SnapshotChunk,
  systemFlagNames,
} from '@angarium/sdk';

/** Indexes within a chunk must fit 16 bits (FetchBatch.at), and a change should not cost much. */
const MAX_ROWS = 256;

/** Marks a chunk that must be compared message by message. */
const NEVER_SAME = -1;

/** Messages picked from chunks, in UID order. */
export interface Picked {
  readonly chunks: SnapshotChunk[];
  readonly at: number[];
}

/** Rows copied from other chunks, packed into new ones. */
class ChunkBuilder {
  private rows: Picked = { chunks: [], at: [] };

  constructor(private readonly out: SnapshotChunk[]) {}

  add(chunk: SnapshotChunk, at: number): void {
    this.rows.chunks.push(chunk);
    this.rows.at.push(at);
    if (this.rows.at.length === MAX_ROWS) this.flush();
  }

  flush(): void {
    const { chunks, at } = this.rows;
    if (at.length > 0) this.out.push(packed(chunks, at));
    this.rows = { chunks: [], at: [] };
  }
}

function packed(chunks: readonly SnapshotChunk[], at: readonly number[]): SnapshotChunk {
  const count = at.length;
  const made = {
    count,
    maxModSeq: NEVER_SAME,
    uids: new Uint32Array(count),
    flags: new Uint32Array(count),
    modseqs: new Float64Array(count),
    sizes: new Uint32Array(count),
    dates: new Uint32Array(count),
    keywords: new Uint32Array(count * 4),
  };
  for (let row = 0; row < count; row++) {
    const from = chunks[row]!;
    const i = at[row]!;
    made.uids[row] = from.uids[i]!;
    made.flags[row] = from.flags[i]!;
    made.modseqs[row] = from.modseqs[i]!;
    made.sizes[row] = from.sizes[i]!;
    made.dates[row] = from.dates[i]!;
    for (let word = 0; word < 4; word++) made.keywords[row * 4 + word] = from.keywords[i * 4 + word]!;
  }
  return made;
}

/** `newest` with the ghosts put back where they were. Chunks without ghosts stay the same objects. */
export function withGhosts(newest: MailboxSnapshot, ghosts: Picked): MailboxSnapshot {
  const chunks: SnapshotChunk[] = [];
  const builder = new ChunkBuilder(chunks);
  let g = 0;
  const ghostUid = (): number =>
    g < ghosts.at.length ? ghosts.chunks[g]!.uids[ghosts.at[g]!]! : Number.POSITIVE_INFINITY;
  for (const chunk of newest.chunks) {
    if (ghostUid() > chunk.uids[chunk.count - 1]!) {
      chunks.push(chunk);
      continue;
    }
    for (let at = 0; at < chunk.count; at++) {
      for (; ghostUid() < chunk.uids[at]!; g++) builder.add(ghosts.chunks[g]!, ghosts.at[g]!);
      builder.add(chunk, at);
    }
    builder.flush();
  }
  for (; g < ghosts.at.length; g++) builder.add(ghosts.chunks[g]!, ghosts.at[g]!);
  builder.flush();
  return new MailboxSnapshot(newest.head, chunks);
}

/** `newest` without the messages that have come after what has been told, and with the old UIDNEXT. */
export function withoutNew(newest: MailboxSnapshot, told: MailboxSnapshot): MailboxSnapshot {
  const { uidNext } = told.head;
  if (newest.head.uidNext === uidNext) return newest;
  const chunks: SnapshotChunk[] = [];
  for (const chunk of newest.chunks) {
    if (chunk.uids[chunk.count - 1]! < uidNext) chunks.push(chunk);
    else {
      const count = chunk.uids.findIndex((uid) => uid >= uidNext);
      if (count > 0)
        chunks.push(packed(new Array<SnapshotChunk>(count).fill(chunk), [...Array(count).keys()]));
      break;
    }
  }
  return new MailboxSnapshot({ ...newest.head, uidNext }, chunks);
}

/** The bits of a change in one mailbox; keywords the mailbox does not know have none. */
interface BitChange {
  readonly mode: FlagChange['mode'];
  readonly system: number;
  readonly words: readonly number[];
}

function toBits(change: FlagChange, keywordNames: readonly string[]): BitChange {
  const words = [0, 0, 0, 0];
  const wanted = new Set(change.keywords.map((name) => name.toLowerCase()));
  keywordNames.forEach((name, bit) => {
    if (name !== '' && wanted.has(name.toLowerCase())) words[bit >> 5]! |= 1 << (bit & 31);
  });
  return { mode: change.mode, system: change.system, words };
}

const ALL_BITS = systemFlagNames.reduce((bits, [bit]) => bits | bit, 0);

function applied(mode: FlagChange['mode'], old: number, bits: number, own: number): number {
  if (mode === 'add') return old | bits;
  if (mode === 'remove') return old & ~bits;
  return (old & ~own) | bits;
}

/**
 * `view` as the client sees it after a change of flags that it works out by itself; `modSeq`, when given, is what it
 * has been told of them.
 */
export function withChange(
  view: MailboxSnapshot,
  uids: NumberSet,
  change: FlagChange,
  keywordNames: readonly string[],
  modSeq?: number,
): MailboxSnapshot {
  const bits = toBits(change, keywordNames);
  const chunks = [...view.chunks];
  const copies = new Map<SnapshotChunk, SnapshotChunk>();
  view.eachRun(view.indexesOf(uids), (chunk, from, to, index) => {
    let copy = copies.get(chunk);
    if (copy === undefined) {
      copy = {
        ...chunk,
        maxModSeq: NEVER_SAME,
        flags: chunk.flags.slice(),
        keywords: chunk.keywords.slice(),
        modseqs: modSeq === undefined ? chunk.modseqs : chunk.modseqs.slice(),
      };
      copies.set(chunk, copy);
      chunks[view.chunkIndexOf(index)] = copy;
    }
    for (let at = from; at < to; at++) {
      copy.flags[at] = applied(bits.mode, copy.flags[at]!, bits.system, ALL_BITS);
      for (let word = 0; word < 4; word++) {
        const k = at * 4 + word;
        copy.keywords[k] = applied(bits.mode, copy.keywords[k]!, bits.words[word]!, -1);
      }
      if (modSeq !== undefined) copy.modseqs[at] = modSeq;
    }
  });
  return new MailboxSnapshot(view.head, chunks);
}
