/** One mailbox in memory: plain objects a message, chunks made of them for snapshots. The readable model of a store. */
import {
  ALL_SYSTEM_FLAGS,
  type FlagChange,
  MAX_KEYWORDS,
  type MailboxEntry,
  MailboxSnapshot,
  MailError,
  type NumberSet,
  ownerOf,
  type SnapshotChunk,
  type UserId,
} from '@angarium/sdk';
import { SeenOverlay } from './seen.js';

export interface StoredContent {
  readonly bytes: Buffer;
  readonly guid: Buffer;
  readonly record: Buffer;
}

export interface MemoryMessage {
  readonly uid: number;
  readonly content: StoredContent;
  readonly dateSec: number;
  flags: number;
  keywords: Set<string>;
  modSeq: number;
  annotations: Map<string, Map<string, Uint8Array>>;
}

export interface ExpungedRecord {
  readonly message: MemoryMessage;
  readonly atMs: number;
  readonly modSeq: number;
}

const CHUNK = 100;

export class MemoryBox {
  messages: MemoryMessage[] = [];
  expunged: ExpungedRecord[] = [];
  uidNext = 1;
  modSeq = 1;
  recentFrom = 1;
  lastAppendMs = 0;
  /** Index is the bit; '' where none is in use. */
  keywordNames: readonly string[] = [];
  readonly overlays = new Map<UserId, SeenOverlay>();
  private readonly snapshots = new Map<UserId | undefined, { modSeq: number; snapshot: MailboxSnapshot }>();

  constructor(public entry: MailboxEntry) {}

  overlay(viewer: UserId): SeenOverlay {
    const overlay = this.overlays.get(viewer) ?? new SeenOverlay();
    this.overlays.set(viewer, overlay);
    return overlay;
  }

  /** Undefined when the \Seen that this viewer sees is the mailbox's own. */
  privateViewer(viewer: UserId | undefined): UserId | undefined {
    return this.entry.sharedSeen || viewer === ownerOf(this.entry.name) ? undefined : viewer;
  }

  /**
   * The keywords as this mailbox spells them; new ones get a bit. When there is none left, names that no message has
   * give theirs up. All or nothing. @throws MailError LIMIT
   */
  takeKeywords(names: Iterable<string>): string[] {
    let bits = [...this.keywordNames];
    const taken: string[] = [];
    for (const name of names) {
      let known = bits.find((other) => other.toLowerCase() === name.toLowerCase());
      if (known === undefined) {
        if (freeBit(bits) === undefined) bits = this.withoutUnused(bits, taken);
        const bit = freeBit(bits);
        if (bit === undefined) throw new MailError('LIMIT', `A mailbox can have ${MAX_KEYWORDS} keywords`);
        bits[bit] = known = name;
      }
      taken.push(known);
    }
    this.keywordNames = bits;
    return taken;
  }

  /** Expunged messages that may come back keep their names. */
  private withoutUnused(bits: readonly string[], taken: readonly string[]): string[] {
    const used = new Set(taken);
    for (const message of [...this.messages, ...this.expunged.map((record) => record.message)]) {
      for (const name of message.keywords) used.add(name);
    }
    return bits.map((name) => (used.has(name) ? name : ''));
  }

  find(uids: NumberSet): MemoryMessage[] {
    return this.messages.filter((m) => uids.has(m.uid));
  }

  /** Takes messages out, to be kept for a while; answers the highest modseq after that. */
  remove(uids: NumberSet, nowMs: number): number {
    const going = this.find(uids);
    if (going.length === 0) return this.modSeq;
    const modSeq = ++this.modSeq;
    for (const message of going) this.expunged.push({ message, atMs: nowMs, modSeq });
    this.messages = this.messages.filter((message) => !uids.has(message.uid));
    return modSeq;
  }

  snapshot(viewer: UserId | undefined): MailboxSnapshot {
    const cached = this.snapshots.get(viewer);
    if (cached?.modSeq === this.modSeq && cached.snapshot.head.uidNext === this.uidNext)
      return cached.snapshot;
    const chunks: SnapshotChunk[] = [];
    for (let i = 0; i < this.messages.length; i += CHUNK) {
      const chunk = this.reuse(
        cached?.snapshot,
        chunks.length,
        this.chunk(this.messages.slice(i, i + CHUNK), viewer),
      );
      chunks.push(chunk);
    }
    const head = {
      uidValidity: this.entry.uidValidity,
      uidNext: this.uidNext,
      highestModSeq: this.modSeq,
      keywordNames: [...this.keywordNames],
    };
    const snapshot = new MailboxSnapshot(head, chunks);
    this.snapshots.set(viewer, { modSeq: this.modSeq, snapshot });
    return snapshot;
  }

  /** An unchanged chunk keeps its identity, as a real store's does. */
  private reuse(old: MailboxSnapshot | undefined, at: number, chunk: SnapshotChunk): SnapshotChunk {
    const before = old?.chunks[at];
    const same =
      before !== undefined &&
      before.count === chunk.count &&
      before.maxModSeq === chunk.maxModSeq &&
      before.uids.every((uid, i) => uid === chunk.uids[i]);
    return same ? before : chunk;
  }

  private chunk(messages: MemoryMessage[], viewer: UserId | undefined): SnapshotChunk {
    const count = messages.length;
    const keywords = new Uint32Array(4 * count);
    messages.forEach((message, i) => {
      for (const name of message.keywords) {
        const bit = this.keywordNames.indexOf(name);
        keywords[4 * i + (bit >>> 5)]! |= 1 << (bit & 31);
      }
    });
    const chunk: SnapshotChunk = {
      count,
      maxModSeq: Math.max(0, ...messages.map((m) => m.modSeq)),
      uids: Uint32Array.from(messages, (m) => m.uid),
      flags: Uint32Array.from(messages, (m) => m.flags),
      modseqs: Float64Array.from(messages, (m) => m.modSeq),
      sizes: Uint32Array.from(messages, (m) => m.content.bytes.length),
      dates: Uint32Array.from(messages, (m) => m.dateSec),
      keywords,
    };
    return viewer === undefined ? chunk : this.overlay(viewer).over(chunk);
  }
}

function freeBit(bits: readonly string[]): number | undefined {
  const free = bits.indexOf('');
  if (free >= 0) return free;
  return bits.length < MAX_KEYWORDS ? bits.length : undefined;
}

/** What a flag change makes of a message's flags; undefined when nothing changes. */
export function applyFlags(
  old: { readonly flags: number; readonly keywords: ReadonlySet<string> },
  change: FlagChange,
  keywords: readonly string[],
): { flags: number; keywords: Set<string> } | undefined {
  const touchable = change.touchable ?? { system: ALL_SYSTEM_FLAGS, keywords: true };
  let flags = old.flags;
  let names = new Set(old.keywords);
  if (change.mode === 'add') {
    flags |= change.system;
    for (const name of keywords) names.add(name);
  } else if (change.mode === 'remove') {
    flags &= ~change.system;
    for (const name of keywords) names.delete(name);
  } else {
    flags = (flags & ~touchable.system) | (change.system & touchable.system);
    if (touchable.keywords) names = new Set(keywords);
  }
  const same =
    flags === old.flags && names.size === old.keywords.size && [...names].every((n) => old.keywords.has(n));
  return same ? undefined : { flags, keywords: names };
}
