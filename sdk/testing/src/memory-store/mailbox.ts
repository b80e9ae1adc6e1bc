/** The Mailbox contract over a MemoryBox. */
import {
  type ContentPiece,
  type ContentRequest,
  type Copied,
  type CopyOptions,
  type ExpungedMessage,
  Flag,
  type FlagChange,
  type FlagUpdate,
  type Lease,
  type Mailbox,
  type MailboxId,
  type MailboxSnapshot,
  MailError,
  NumberSet,
  type Origin,
  type StoredMessage,
  type SummaryBatch,
  type UpdateOptions,
  type UserId,
} from '@angarium/sdk';
import { applyFlags, type MemoryBox, type MemoryMessage } from './box.js';
import type { MemoryMailStore } from './store.js';
import { type TransferEnd, transfer } from './transfer.js';
import { checkLimits } from './usage.js';

const PIECE = 1 << 20;
const BATCH = 128;

export class MemoryMailbox implements Mailbox {
  constructor(
    private readonly store: MemoryMailStore,
    readonly id: MailboxId,
    private readonly viewer: UserId | undefined,
  ) {}

  async snapshot(): Promise<MailboxSnapshot> {
    const box = this.box();
    return box.snapshot(box.privateViewer(this.viewer));
  }

  async claimRecent(): Promise<number> {
    const box = this.box();
    const from = box.recentFrom;
    box.recentFrom = box.uidNext;
    return from;
  }

  async recentFrom(): Promise<number> {
    return this.box().recentFrom;
  }

  async vanishedSince(modSeq: number, within?: NumberSet): Promise<{ uids: NumberSet; complete: boolean }> {
    const gone = this.box().expunged.filter((record) => record.modSeq > modSeq);
    const uids = NumberSet.of(...gone.map(({ message }) => message.uid));
    return { uids: within ? uids.intersect(within) : uids, complete: true };
  }

  async *summaries(uids: NumberSet): AsyncIterable<SummaryBatch> {
    const found = this.readable(uids);
    for (let i = 0; i < found.length; i += BATCH) {
      const some = found.slice(i, i + BATCH);
      yield { uids: Uint32Array.from(some, (m) => m.uid), records: some.map((m) => m.content.record) };
    }
  }

  async open(uid: number): Promise<StoredMessage> {
    const [message] = this.readable(NumberSet.of(uid));
    if (!message) throw new MailError('EXPUNGEISSUED', 'The message is gone');
    const { bytes, guid } = message.content;
    return { uid, size: bytes.length, guid, read: async (from, to) => bytes.subarray(from, to) };
  }

  async *contents(requests: readonly ContentRequest[]): AsyncIterable<ContentPiece> {
    for (const [index, { uid, from, to }] of requests.entries()) {
      const [message] = this.readable(NumberSet.of(uid));
      if (!message) {
        yield { index, bytes: Buffer.alloc(0), isLast: true, isMissing: true };
        continue;
      }
      const bytes = message.content.bytes.subarray(from, Math.min(to, message.content.bytes.length));
      let at = 0;
      do {
        const lent = new LentPiece(bytes.subarray(at, at + PIECE));
        at += PIECE;
        yield { index, bytes: lent.bytes, isLast: at >= bytes.length, isMissing: false, lease: lent };
      } while (at < bytes.length);
    }
  }

  async updateFlags(uids: NumberSet, change: FlagChange, options: UpdateOptions = {}): Promise<FlagUpdate> {
    const box = this.box();
    const viewer = box.privateViewer(this.viewer);
    const keywords =
      change.mode === 'remove' ? known(box, change.keywords) : box.takeKeywords(change.keywords);
    const modSeq = box.modSeq + 1;
    const changed: number[] = [];
    const modified: number[] = [];
    for (const message of box.find(uids)) {
      if (options.unchangedSince !== undefined && modSeqFor(box, message, viewer) > options.unchangedSince) {
        modified.push(message.uid);
      } else if (this.change(box, message, viewer, change, keywords, modSeq)) changed.push(message.uid);
    }
    if (changed.length === 0)
      return { changed: NumberSet.empty, modified: NumberSet.of(...modified), modSeq: box.modSeq };
    box.modSeq = modSeq;
    const set = NumberSet.of(...changed);
    this.store.changed(this.id, 'flags', modSeq);
    await this.store.flagged.call({ mailbox: this.id, uids: set, change, modSeq, origin: options.origin });
    return { changed: set, modified: NumberSet.of(...modified), modSeq };
  }

  async expunge(
    uids: NumberSet,
    options: { readonly onlyDeleted: boolean; readonly origin?: Origin },
  ): Promise<{ uids: NumberSet; modSeq: number }> {
    const going = () =>
      NumberSet.of(
        ...this.box()
          .find(uids)
          .filter((m) => !options.onlyDeleted || (m.flags & Flag.deleted) !== 0)
          .map((m) => m.uid),
      );
    await this.store.expunging.call(this.id, going(), options.origin);
    const set = going();
    const modSeq = this.box().remove(set, this.store.now());
    if (set.isEmpty) return { uids: set, modSeq };
    this.store.changed(this.id, 'expunged', modSeq);
    await this.store.expunged.call({
      mailbox: this.id,
      uids: set,
      modSeq,
      isMove: false,
      origin: options.origin,
    });
    return { uids: set, modSeq };
  }

  async copyTo(uids: NumberSet, to: MailboxId, options: CopyOptions = {}): Promise<Copied> {
    const { copied } = await transfer(this.store, this.end(), uids, to, { ...options, isMove: false });
    return copied;
  }

  async moveTo(
    uids: NumberSet,
    to: MailboxId,
    options: CopyOptions = {},
  ): Promise<Copied & { expungeModSeq: number }> {
    const { copied, expungeModSeq } = await transfer(this.store, this.end(), uids, to, {
      ...options,
      isMove: true,
    });
    return { ...copied, expungeModSeq };
  }

  async annotations(
    uids: NumberSet,
    user: UserId | undefined,
  ): Promise<ReadonlyMap<number, ReadonlyMap<string, Uint8Array>>> {
    const found = new Map<number, ReadonlyMap<string, Uint8Array>>();
    for (const { uid, annotations } of this.box().find(uids)) {
      const own = annotations.get(user ?? '');
      if (own !== undefined && own.size > 0) found.set(uid, new Map(own));
    }
    return found;
  }

  async setAnnotations(
    uids: NumberSet,
    user: UserId | undefined,
    entries: ReadonlyMap<string, Uint8Array | undefined>,
    { unchangedSince = Number.POSITIVE_INFINITY, origin }: UpdateOptions = {},
  ): Promise<{ modSeq: number; modified: NumberSet }> {
    const batch = { mailbox: this.box().entry, uids, user, entries, limits: [], origin };
    await this.store.annotating.call(batch);
    const box = this.box();
    const isModified = (message: MemoryMessage): boolean =>
      modSeqFor(box, message, this.viewer) > unchangedSince;
    const failed = box.find(uids).filter(isModified);
    const modified = NumberSet.fromAscending(failed.map(({ uid }) => uid));
    const messages = box.find(uids.minus(modified));
    if (messages.length === 0) return { modSeq: box.modSeq, modified };
    let annotationBytes = 0;
    for (const { annotations } of messages)
      for (const [entry, value] of entries)
        annotationBytes += (value?.length ?? 0) - (annotations.get(user ?? '')?.get(entry)?.length ?? 0);
    checkLimits(this.store.catalogue, batch.limits, box, { messages: 0, bytes: 0, annotationBytes });
    const modSeq = ++box.modSeq;
    for (const message of messages) {
      const all = message.annotations.get(user ?? '') ?? new Map<string, Uint8Array>();
      message.annotations.set(user ?? '', all);
      for (const [entry, value] of entries) value === undefined ? all.delete(entry) : all.set(entry, value);
      message.modSeq = modSeq;
    }
    this.store.changed(this.id, 'annotations', modSeq);
    return { modSeq, modified };
  }

  async expunged(): Promise<readonly ExpungedMessage[]> {
    return this.box().expunged.map(({ message, atMs }) => ({
      uid: message.uid,
      size: message.content.bytes.length,
      internalDateMs: message.dateSec * 1000,
      expungedMs: atMs,
      flags: { system: message.flags, keywords: [...message.keywords] },
    }));
  }

  async unexpunge(uids: NumberSet, origin?: Origin): Promise<Copied> {
    const box = this.box();
    const { uidValidity } = box.entry;
    const back = box.expunged.filter(({ message }) => uids.has(message.uid)).map(({ message }) => message);
    if (back.length === 0) return { uidValidity, source: [], target: [], modSeq: box.modSeq };
    const target = this.store.insert(box, back, undefined);
    box.expunged = box.expunged.filter(({ message }) => !uids.has(message.uid));
    const { modSeq } = box;
    this.store.changed(this.id, 'appended', modSeq);
    await this.store.appended.call({ mailbox: box.entry, uids: target, modSeq, source: undefined, origin });
    return { uidValidity, source: back.map(({ uid }) => uid), target: [...target], modSeq };
  }

  async purge(expungedBeforeMs: number): Promise<{ messages: number; bytes: number }> {
    const box = this.box();
    const old = box.expunged.filter(({ atMs }) => atMs < expungedBeforeMs);
    box.expunged = box.expunged.filter((record) => !old.includes(record));
    return {
      messages: old.length,
      bytes: old.reduce((sum, { message }) => sum + message.content.bytes.length, 0),
    };
  }

  private change(
    box: MemoryBox,
    message: MemoryMessage,
    viewer: UserId | undefined,
    change: FlagChange,
    keywords: readonly string[],
    modSeq: number,
  ): boolean {
    const overlay = viewer === undefined ? undefined : box.overlay(viewer);
    const seen = overlay?.isSeen(message.uid) ? Flag.seen : 0;
    const old = overlay
      ? { flags: (message.flags & ~Flag.seen) | seen, keywords: message.keywords }
      : message;
    const next = applyFlags(old, change, keywords);
    if (!next) return false;
    const shared = overlay ? (next.flags & ~Flag.seen) | (message.flags & Flag.seen) : next.flags;
    if (overlay && (next.flags & Flag.seen) !== seen)
      overlay.set(message.uid, (next.flags & Flag.seen) !== 0, modSeq);
    const same = shared === message.flags && [...next.keywords].join() === [...message.keywords].join();
    if (!same) Object.assign(message, { flags: shared, keywords: next.keywords, modSeq });
    return true;
  }

  /** Messages that are there, and those expunged a while ago, which sessions may still ask for. */
  private readable(uids: NumberSet): MemoryMessage[] {
    const box = this.box();
    const gone = box.expunged.map(({ message }) => message).filter((m) => uids.has(m.uid));
    return [...box.find(uids), ...gone].sort((a, b) => a.uid - b.uid);
  }

  private box(): MemoryBox {
    return this.store.require(this.id);
  }

  private end(): TransferEnd {
    return { id: this.id, viewer: this.viewer };
  }
}

function known(box: MemoryBox, names: readonly string[]): string[] {
  return names.flatMap((name) => box.keywordNames.filter((k) => k.toLowerCase() === name.toLowerCase()));
}

function modSeqFor(box: MemoryBox, message: MemoryMessage, viewer: UserId | undefined): number {
  return viewer === undefined
    ? message.modSeq
    : Math.max(message.modSeq, box.overlay(viewer).modSeqOf(message.uid));
}

/** Its octets are gone once they have been released: who looks at them later, or releases them twice, is found out. */
class LentPiece implements Lease {
  readonly bytes: Buffer;
  private isReleased = false;

  constructor(bytes: Buffer) {
    this.bytes = Buffer.from(bytes);
  }

  release(): void {
    if (this.isReleased) throw new Error('a piece of a message was released twice');
    this.isReleased = true;
    this.bytes.fill('!');
  }
}
