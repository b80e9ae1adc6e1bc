/**
 * Snapshots shared by all sessions of a worker, per mailbox and viewer. One that a session holds or that fits into the
 * cache is brought up to date by reading the chunks that changed; while nothing has changed it stays the same object.
 */
import { type MailboxHead, MailboxSnapshot, type SnapshotChunk } from '@angarium/sdk';
import { nonexistent } from '../errors.js';
import { decodeChunk, MESSAGE_BYTES } from '../model/chunk.js';
import { blockOfSeenRow, seenRowOf } from '../model/ids.js';
import { blockOf, overlayChunk, SeenBlock } from '../model/overlay.js';
import type { Change } from '../thread/protocol.js';
import { MailboxRowState } from '../thread/shard.js';
import type { MailboxHeadRow, ShardReader } from './shard-reader.js';

/** What a snapshot was made of, so that the next one can be made of it. */
interface Base {
  readonly snapshot: MailboxSnapshot;
  /** Row ids of the chunks. */
  readonly ids: readonly number[];
  readonly keywords: string;
  readonly uidValidity: number;
}

interface ViewerBase {
  readonly snapshot: MailboxSnapshot;
  readonly base: Base;
  readonly blocks: ReadonlyMap<number, SeenBlock>;
  unseen: number | undefined;
}

/** Notices of changes, in order; enough of them tell which chunks are new without a walk over all. */
interface Hint {
  readonly from: number;
  readonly to: number;
  readonly chunks: readonly number[];
}

const MAX_HINTS = 64;
const EMPTY_HEAD_MODSEQ = 1;

export class SnapshotCache {
  /** Weak: a snapshot lives as long as a session has it or the LRU keeps it. */
  private readonly bases: WeakCache<Base>;
  private readonly views: WeakCache<ViewerBase>;
  private readonly hints = new Map<string, Hint[]>();

  constructor(maxBytes: number) {
    this.bases = new WeakCache(maxBytes, (id) => this.hints.delete(id));
    this.views = new WeakCache(maxBytes / 4);
  }

  /** @throws MailError NONEXISTENT, CORRUPTION */
  get(reader: ShardReader, id: string, uidValidity: number, viewer: string | undefined): MailboxSnapshot {
    if (viewer === undefined) return this.base(reader, id, uidValidity).snapshot;
    return this.view(reader, id, uidValidity, viewer).snapshot;
  }

  /** Messages the viewer has not seen. */
  unseen(reader: ShardReader, id: string, uidValidity: number, viewer: string): number {
    const view = this.view(reader, id, uidValidity, viewer);
    view.unseen ??= countUnseen(view.snapshot.chunks);
    return view.unseen;
  }

  /** Tells what a commit wrote. */
  hint({ mailbox, from, modSeq, chunks }: Change): void {
    if (chunks === undefined || modSeq === 0 || !this.bases.has(mailbox)) return;
    const list = this.hints.get(mailbox) ?? [];
    if (list.length === 0) this.hints.set(mailbox, list);
    else if (list.length === MAX_HINTS) list.shift();
    list.push({ from, to: modSeq, chunks });
  }

  forget(id: string): void {
    this.bases.delete(id);
    this.hints.delete(id);
  }

  private base(reader: ShardReader, id: string, uidValidity: number): Base {
    const known = this.bases.get(id);
    if (known !== undefined && isCurrent(known, liveHead(reader, id), uidValidity)) return known;
    const found = reader.consistently(() => {
      const head = liveHead(reader, id);
      return this.load(reader, id, known, head, uidValidity);
    });
    this.bases.set(id, found, sizeOf(found.snapshot));
    this.hints.delete(id);
    return found;
  }

  private load(
    reader: ShardReader,
    id: string,
    known: Base | undefined,
    head: MailboxHeadRow | undefined,
    uidValidity: number,
  ): Base {
    const { chunks, ids } =
      head === undefined
        ? { chunks: [], ids: [] }
        : known === undefined
          ? readAll(reader, head.id)
          : (this.readHinted(reader, id, known, head) ?? readNewer(reader, known, head));
    const keywords = head?.keywords ?? '[]';
    const isSameList = known !== undefined && known.keywords === keywords;
    const keywordNames = isSameList ? known.snapshot.head.keywordNames : (JSON.parse(keywords) as string[]);
    const snapshot = new MailboxSnapshot(toHead(head, uidValidity, keywordNames), chunks);
    return { snapshot, ids, keywords, uidValidity };
  }

  /** Follows the notices from the known state to this one; undefined when one is missing. */
  private readHinted(reader: ShardReader, id: string, known: Base, head: MailboxHeadRow): Loaded | undefined {
    const touched = new Set<number>();
    let at = known.snapshot.highestModSeq;
    for (const { from, to, chunks } of this.hints.get(id) ?? []) {
      if (to <= at) continue;
      if (from !== at) return undefined;
      for (const chunk of chunks) touched.add(chunk);
      at = to;
    }
    if (at < head.highestModSeq) return undefined;
    const fresh = new Map<number, SnapshotChunk | undefined>();
    for (const chunk of touched) {
      const bytes = reader.chunk(chunk);
      fresh.set(chunk, bytes === undefined ? undefined : decodeChunk(bytes));
    }
    return spliced(known, fresh);
  }

  private view(reader: ShardReader, id: string, uidValidity: number, viewer: string): ViewerBase {
    const key = `${id} ${viewer}`;
    const known = this.views.get(key);
    const found = reader.consistently(() => {
      const base = this.base(reader, id, uidValidity);
      if (known?.base === base) return known;
      const head = reader.head(id);
      const number = head === undefined ? undefined : reader.viewer(head.id, viewer);
      return overlaid(reader, base, known, number);
    });
    if (found !== known) this.views.set(key, found, sizeOf(found.snapshot) / 2);
    return found;
  }
}

/** @throws MailError NONEXISTENT */
function liveHead(reader: ShardReader, id: string): MailboxHeadRow | undefined {
  const head = reader.head(id);
  if (head !== undefined && head.state !== MailboxRowState.live) throw nonexistent();
  return head;
}

interface Loaded {
  readonly chunks: readonly SnapshotChunk[];
  readonly ids: readonly number[];
}

function isCurrent(known: Base, head: MailboxHeadRow | undefined, uidValidity: number): boolean {
  const modSeq = head?.highestModSeq ?? EMPTY_HEAD_MODSEQ;
  return (
    known.snapshot.highestModSeq === modSeq &&
    known.uidValidity === uidValidity &&
    known.snapshot.head.uidNext === (head?.uidNext ?? 1)
  );
}

function toHead(
  head: MailboxHeadRow | undefined,
  uidValidity: number,
  keywordNames: readonly string[],
): MailboxHead {
  return {
    uidValidity,
    uidNext: head?.uidNext ?? 1,
    highestModSeq: head?.highestModSeq ?? EMPTY_HEAD_MODSEQ,
    keywordNames,
  };
}

function readAll(reader: ShardReader, mailboxNumber: number): Loaded {
  const rows = reader.chunks(mailboxNumber);
  return { ids: rows.map(([id]) => id), chunks: rows.map(([, bytes]) => decodeChunk(bytes)) };
}

/** Chunks that are not newer than what is known are kept. */
function readNewer(reader: ShardReader, known: Base, head: MailboxHeadRow): Loaded {
  const kept = new Map(known.ids.map((id, index) => [id, known.snapshot.chunks[index]!]));
  const ids: number[] = [];
  const chunks: SnapshotChunk[] = [];
  for (const [id, modSeq] of reader.chunkHeads(head.id)) {
    const old = kept.get(id);
    ids.push(id);
    const bytes = old !== undefined && modSeq <= known.snapshot.highestModSeq ? undefined : reader.chunk(id);
    chunks.push(bytes === undefined ? old! : decodeChunk(bytes));
  }
  return { ids, chunks };
}

function spliced(known: Base, fresh: ReadonlyMap<number, SnapshotChunk | undefined>): Loaded {
  const ids = [...known.ids];
  const chunks = [...known.snapshot.chunks];
  for (const [id, chunk] of fresh) {
    const at = placeOf(ids, id);
    const isThere = ids[at] === id;
    if (chunk === undefined) {
      if (!isThere) continue;
      ids.splice(at, 1);
      chunks.splice(at, 1);
    } else if (isThere) chunks[at] = chunk;
    else {
      ids.splice(at, 0, id);
      chunks.splice(at, 0, chunk);
    }
  }
  return { ids, chunks };
}

/** Index of the first that is not below `id`. */
function placeOf(ids: readonly number[], id: number): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ids[middle]! < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Chunks whose base and blocks are the same as in `known` are taken from there. */
function overlaid(
  reader: ShardReader,
  base: Base,
  known: ViewerBase | undefined,
  viewer: number | undefined,
): ViewerBase {
  const blocks = new Map(known?.blocks);
  const changed = new Map<number, SeenBlock>();
  const since = known?.snapshot.highestModSeq ?? 0;
  if (viewer !== undefined) {
    for (const [row, bytes] of reader.seenBlocks(seenRowOf(viewer, 0), seenRowOf(viewer + 1, 0), since)) {
      const block = new SeenBlock(bytes);
      blocks.set(blockOfSeenRow(row), block);
      changed.set(blockOfSeenRow(row), block);
    }
  }
  const old = new Map<SnapshotChunk, SnapshotChunk>();
  known?.base.snapshot.chunks.forEach((chunk, index) => {
    old.set(chunk, known.snapshot.chunks[index]!);
  });
  const chunks = base.snapshot.chunks.map((chunk) => {
    const before = old.get(chunk);
    if (before !== undefined && !touches(chunk, changed, since)) return before;
    return overlayChunk(chunk, (number) => blocks.get(number));
  });
  const snapshot = new MailboxSnapshot(base.snapshot.head, chunks);
  return { snapshot, base, blocks, unseen: undefined };
}

function touches(chunk: SnapshotChunk, blocks: ReadonlyMap<number, SeenBlock>, since: number): boolean {
  if (!overlaps(chunk, blocks)) return false;
  for (const uid of chunk.uids) {
    const block = blocks.get(blockOf(uid));
    if (block !== undefined && block.modSeqOf(uid) > since) return true;
  }
  return false;
}

function overlaps({ uids, count }: SnapshotChunk, blocks: ReadonlyMap<number, SeenBlock>): boolean {
  const first = blockOf(uids[0]!);
  const last = blockOf(uids[count - 1]!);
  for (const block of blocks.keys()) if (block >= first && block <= last) return true;
  return false;
}

function countUnseen(chunks: readonly SnapshotChunk[]): number {
  let unseen = 0;
  for (const { count, flags } of chunks) for (let i = 0; i < count; i++) if ((flags[i]! & 1) === 0) unseen++;
  return unseen;
}

function sizeOf(snapshot: MailboxSnapshot): number {
  return 512 + snapshot.chunks.length * 400 + snapshot.count * MESSAGE_BYTES;
}

/** Strong for the most recently used up to `maxBytes`, weak beyond. */
class WeakCache<T extends object & { readonly snapshot: MailboxSnapshot }> {
  private readonly strong = new Map<string, { readonly value: T; readonly bytes: number }>();
  private readonly weak = new Map<string, WeakRef<MailboxSnapshot>>();
  /** A held snapshot keeps what it was made of. */
  private readonly values = new WeakMap<MailboxSnapshot, T>();
  private readonly cleanup = new FinalizationRegistry<string>((key) => {
    if (this.weak.get(key)?.deref() !== undefined) return;
    this.weak.delete(key);
    this.onGone(key);
  });
  private bytes = 0;

  /** @param onGone the last one of a key was collected. */
  constructor(
    private readonly maxBytes: number,
    private readonly onGone: (key: string) => void = () => undefined,
  ) {}

  has(key: string): boolean {
    return this.strong.has(key) || this.weak.has(key);
  }

  get(key: string): T | undefined {
    const slot = this.strong.get(key);
    if (slot !== undefined) {
      this.strong.delete(key);
      this.strong.set(key, slot);
      return slot.value;
    }
    const snapshot = this.weak.get(key)?.deref();
    return snapshot === undefined ? undefined : this.values.get(snapshot);
  }

  set(key: string, value: T, bytes: number): void {
    this.drop(key);
    this.strong.set(key, { value, bytes });
    this.bytes += bytes;
    this.weak.set(key, new WeakRef(value.snapshot));
    this.values.set(value.snapshot, value);
    this.cleanup.register(value.snapshot, key);
    for (const oldest of this.strong.keys()) {
      if (this.bytes <= this.maxBytes) break;
      if (oldest !== key) this.drop(oldest);
    }
  }

  delete(key: string): void {
    this.drop(key);
    this.weak.delete(key);
  }

  private drop(key: string): void {
    const slot = this.strong.get(key);
    if (slot === undefined) return;
    this.strong.delete(key);
    this.bytes -= slot.bytes;
  }
}
