/** STORE: evaluated here, over chunks, so that no caller has to read before it writes. */
import { Flag, type FlagChange } from '@angarium/sdk';
import type { Columns } from '../model/chunk.js';
import { unflatten } from '../model/ids.js';
import type { FlagsEntry } from '../packs/index.js';
import { allocateBits, type KeywordBits, knownBits, namesOf } from './keywords.js';
import type { In, Out } from './protocol.js';
import { ViewerSeen } from './seen.js';
import type { MailboxRow, ShardWriter } from './shard.js';

/** Above this a notice says "look yourself". */
const MAX_NOTED_CHUNKS = 8;

export interface FlagsOutcome {
  readonly result: Out<'flags'>;
  readonly from: number;
  readonly chunks: readonly number[] | undefined;
  readonly partition: number;
  /** For the journal: what they have now, messages with equal flags together. */
  readonly journal: readonly FlagsEntry[];
}

export function noted(chunks: readonly number[]): readonly number[] | undefined {
  return chunks.length <= MAX_NOTED_CHUNKS ? chunks : undefined;
}

export function updateFlags(shard: ShardWriter, input: In<'flags'>): FlagsOutcome {
  const row = shard.mailbox(input.ref);
  const from = row.highestModSeq;
  const pass = new FlagPass(shard, row, input);
  const set = unflatten(input.uids);
  const written: number[] = [];
  for (const { id, columns } of shard.chunks(row.id, input.uids)) {
    let isChanged = false;
    for (let i = 0; i < columns.count; i++) {
      if (set.has(columns.uids[i]!) && pass.message(columns, i)) isChanged = true;
    }
    if (!isChanged) continue;
    shard.putChunk(id, columns, pass.modSeq);
    written.push(id);
  }
  if (pass.changed.length > 0) {
    row.highestModSeq = pass.modSeq;
    pass.seen?.save();
    shard.save(row);
  }
  const { changed, modified } = pass;
  return {
    result: { changed, modified, modSeq: row.highestModSeq },
    from,
    chunks: noted(written),
    partition: row.partition,
    journal: pass.journal(),
  };
}

/** Appends to flat ranges; UIDs come ascending. */
export function pushUid(ranges: number[], uid: number): void {
  const last = ranges.length - 1;
  if (last > 0 && ranges[last] === uid - 1) ranges[last] = uid;
  else ranges.push(uid, uid);
}

class FlagPass {
  readonly changed: number[] = [];
  readonly modified: number[] = [];
  readonly modSeq: number;
  readonly seen: ViewerSeen | undefined;
  private readonly groups = new Map<string, { flags: number; keywords: string[]; uids: number[] }>();
  private readonly unchangedSince: number;
  /** Bits that the change decides, and what it makes of them. */
  private readonly system: Change;
  private readonly keywords: readonly Change[];

  constructor(
    shard: ShardWriter,
    private readonly row: MailboxRow,
    { change, unchangedSince, viewer }: In<'flags'>,
  ) {
    this.modSeq = row.highestModSeq + 1;
    this.unchangedSince = unchangedSince ?? Number.POSITIVE_INFINITY;
    this.seen = viewer === undefined ? undefined : new ViewerSeen(shard, row.id, viewer);
    const bits =
      change.mode === 'remove' ? knownBits(row, change.keywords) : allocateBits(shard, row, change.keywords);
    this.system = systemChange(change);
    this.keywords = keywordChanges(change, bits);
  }

  /** Entries for what changed in the index itself; a viewer's own \Seen is not journalled. */
  journal(): FlagsEntry[] {
    const { modSeq, row } = this;
    return [...this.groups.values()].map(({ flags, keywords, uids }) => ({
      kind: 'flags',
      mailbox: row.uniqueId,
      modseq: modSeq,
      flags,
      keywords,
      uids: Array.from({ length: uids.length / 2 }, (_, i): [number, number] => [
        uids[2 * i]!,
        uids[2 * i + 1]!,
      ]),
    }));
  }

  private note(columns: Columns, at: number): void {
    const flags = columns.flags[at]!;
    const key = `${flags} ${columns.keywords.subarray(4 * at, 4 * at + 4).join()}`;
    let group = this.groups.get(key);
    if (group === undefined) {
      group = { flags, keywords: namesOf(this.row.keywords, columns.keywords, at), uids: [] };
      this.groups.set(key, group);
    }
    pushUid(group.uids, columns.uids[at]!);
  }

  /** Applies the change to message `at`; true when its row of the chunk is different now. */
  message(columns: Columns, at: number): boolean {
    const uid = columns.uids[at]!;
    const base = columns.flags[at]!;
    const { seen, row } = this;
    const before = seen === undefined ? base : (base & ~Flag.seen) | (seen.isSeen(uid) ? Flag.seen : 0);
    if (Math.max(columns.modseqs[at]!, seen?.modSeqOf(uid) ?? 0) > this.unchangedSince) {
      pushUid(this.modified, uid);
      return false;
    }
    const after = applied(this.system, before);
    let isChanged = false;
    for (let w = 0; w < 4; w++) {
      const old = columns.keywords[4 * at + w]!;
      const now = applied(this.keywords[w]!, old);
      if (now === old) continue;
      columns.keywords[4 * at + w] = now;
      isChanged = true;
    }
    const own = seen === undefined ? ~0 : ~Flag.seen;
    if (((after ^ before) & own) !== 0) {
      const stored = (base & ~own) | (after & own);
      recount(row, base, stored, columns.sizes[at]!);
      columns.flags[at] = stored;
      isChanged = true;
    }
    if (isChanged) {
      columns.modseqs[at] = this.modSeq;
      this.note(columns, at);
    }
    const isSeenChanged = seen !== undefined && ((after ^ before) & Flag.seen) !== 0;
    if (isSeenChanged) seen.set(uid, (after & Flag.seen) !== 0, this.modSeq);
    if (isChanged || isSeenChanged) pushUid(this.changed, uid);
    return isChanged;
  }
}

/** new = (old & keep) | set */
interface Change {
  readonly keep: number;
  readonly set: number;
}

function applied({ keep, set }: Change, old: number): number {
  return ((old & keep) | set) >>> 0;
}

function systemChange({ mode, system, touchable }: FlagChange): Change {
  if (mode === 'add') return { keep: ~0, set: system };
  if (mode === 'remove') return { keep: ~system, set: 0 };
  const mask = touchable?.system ?? ~0;
  return { keep: ~mask, set: system & mask };
}

function keywordChanges({ mode, touchable }: FlagChange, bits: KeywordBits): Change[] {
  return bits.map((word) => {
    if (mode === 'add') return { keep: ~0, set: word };
    if (mode === 'remove') return { keep: ~word, set: 0 };
    return touchable?.keywords === false ? { keep: ~0, set: 0 } : { keep: 0, set: word };
  });
}

function recount(row: MailboxRow, before: number, after: number, size: number): void {
  const changed = before ^ after;
  if ((changed & Flag.seen) !== 0) row.unseen += (after & Flag.seen) === 0 ? 1 : -1;
  if ((changed & Flag.deleted) === 0) return;
  const sign = (after & Flag.deleted) === 0 ? -1 : 1;
  row.deleted += sign;
  row.deletedBytes += sign * size;
}
