/** A whole MailStore in RAM, for tests: every promise of the contract but durability. */
import { createHash } from 'node:crypto';
import {
  type AppendOutcome,
  type AppendTarget,
  type CatalogueChanged,
  type ChangeFeed,
  type ChangeKind,
  CLOCK,
  type Clock,
  Flag,
  HOOKS,
  type HookBus,
  inject,
  injectable,
  type Mailbox,
  type MailboxChanged,
  type MailboxId,
  type MailboxStatus,
  MailError,
  type MailStore,
  NumberSet,
  type Origin,
  type QuotaUsage,
  RECORDS,
  type StagedMessage,
  type StageOptions,
  SummaryView,
  summarise,
  type UserId,
} from '@angarium/sdk';
import type { MemoryBox, MemoryMessage, StoredContent } from './box.js';
import { MemoryCatalogue } from './catalogue.js';
import { MemoryMailbox } from './mailbox.js';
import { MemoryRecords } from './records.js';
import { annotationOctets, annotationUsageOf, checkLimits, usageOf } from './usage.js';

@injectable()
export class MemoryMailStore implements MailStore, ChangeFeed {
  readonly catalogue: MemoryCatalogue;
  readonly partitions = ['default'];
  readonly appending;
  readonly appended;
  readonly annotating;
  readonly flagged;
  readonly expunging;
  readonly expunged;
  private readonly listeners = new Set<{
    mailbox: MailboxId | undefined;
    run: (change: MailboxChanged) => void;
  }>();
  private readonly catalogueListeners = new Set<(change: CatalogueChanged) => void>();

  constructor(
    @inject(HOOKS) hooks: HookBus,
    @inject(CLOCK) private readonly clock: Clock,
    @inject(RECORDS) private readonly records: MemoryRecords = new MemoryRecords(clock),
  ) {
    this.catalogue = new MemoryCatalogue(
      hooks,
      () => this.now(),
      (id, kind) => this.changed(id, kind, 0),
      (change) => {
        for (const run of [...this.catalogueListeners]) run(change);
      },
    );
    this.appending = hooks.hook('message.appending');
    this.appended = hooks.hook('message.appended');
    this.annotating = hooks.hook('message.annotating');
    this.flagged = hooks.hook('message.flagged');
    this.expunging = hooks.hook('message.expunging');
    this.expunged = hooks.hook('message.expunged');
  }

  now(): number {
    return this.clock.now();
  }

  /** @throws MailError NONEXISTENT */
  require(id: MailboxId): MemoryBox {
    const box = this.catalogue.box(id);
    if (!box) throw new MailError('NONEXISTENT', 'Mailbox does not exist');
    return box;
  }

  mailbox(id: MailboxId, viewer?: UserId): Mailbox {
    return new MemoryMailbox(this, id, viewer);
  }

  async status(ids: readonly MailboxId[], viewer?: UserId): Promise<readonly (MailboxStatus | undefined)[]> {
    return ids.map((id) => {
      const box = this.catalogue.box(id);
      return box && this.statusOf(box, viewer);
    });
  }

  async stage(
    source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options: StageOptions,
  ): Promise<StagedMessage> {
    const { maxBytes, sizeHint = 0 } = options;
    if (sizeHint > maxBytes) throw tooBig(maxBytes);
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of source) {
      size += piece.length;
      if (size > maxBytes) throw tooBig(maxBytes);
      pieces.push(Buffer.from(piece));
    }
    const bytes = Buffer.concat(pieces);
    const guid = createHash('sha256').update(bytes).digest();
    const nowMs = this.now();
    const record = summarise(bytes, { guid, internalDateMs: nowMs, saveDateMs: nowMs });
    return {
      guid,
      size,
      summary: new SummaryView(record),
      read: async (from, to) => bytes.subarray(from, to),
      [Symbol.asyncDispose]: async () => {},
    };
  }

  append(targets: readonly AppendTarget[], origin?: Origin): Promise<readonly AppendOutcome[]> {
    return Promise.all(
      targets.map(async (target): Promise<AppendOutcome> => {
        try {
          return await this.appendTo(target, origin);
        } catch (error) {
          return { ok: false, error: error as Error };
        }
      }),
    );
  }

  async usage(quotaRoot: string): Promise<QuotaUsage> {
    return usageOf(this.catalogue, quotaRoot);
  }

  async annotationUsage(quotaRoot: string): Promise<number> {
    return annotationUsageOf(this.catalogue, quotaRoot);
  }

  watch(mailbox: MailboxId, run: (change: MailboxChanged) => void): Disposable {
    return this.listen(mailbox, run);
  }

  watchAll(run: (change: MailboxChanged) => void): Disposable {
    return this.listen(undefined, run);
  }

  watchCatalogue(run: (change: CatalogueChanged) => void): Disposable {
    const own = (change: CatalogueChanged): void => run(change);
    this.catalogueListeners.add(own);
    return { [Symbol.dispose]: () => void this.catalogueListeners.delete(own) };
  }

  changed(mailbox: MailboxId, kind: ChangeKind, modSeq: number): void {
    for (const listener of [...this.listeners]) {
      if (listener.mailbox === undefined || listener.mailbox === mailbox)
        listener.run({ mailbox, kind, modSeq });
    }
  }

  /** Gives the messages new UIDs in `box`. All or nothing. @throws MailError LIMIT */
  insert(box: MemoryBox, messages: readonly MemoryMessage[], viewer: UserId | undefined): NumberSet {
    const names = [...new Set(messages.flatMap((message) => [...message.keywords]))];
    const taken = box.takeKeywords(names);
    const spelling = new Map(names.map((name, i) => [name, taken[i]!]));
    const uids: number[] = [];
    const modSeq = ++box.modSeq;
    const seenBy = box.privateViewer(viewer);
    for (const message of messages) {
      const uid = box.uidNext++;
      const isSeen = (message.flags & Flag.seen) !== 0;
      if (seenBy !== undefined && isSeen) box.overlay(seenBy).set(uid, true, modSeq);
      const keywords = new Set([...message.keywords].map((name) => spelling.get(name)!));
      const flags = seenBy !== undefined ? message.flags & ~Flag.seen : message.flags;
      box.messages.push({
        ...message,
        uid,
        flags,
        keywords,
        modSeq,
        annotations: new Map([...message.annotations].map(([user, own]) => [user, new Map(own)])),
      });
      uids.push(uid);
    }
    box.lastAppendMs = this.now();
    return NumberSet.fromAscending(uids);
  }

  private async appendTo(target: AppendTarget, origin: Origin | undefined): Promise<AppendOutcome> {
    const { entry } = this.require(target.mailbox);
    const bytes = target.items.reduce((sum, { message }) => sum + message.size, 0);
    const messages = target.items.length;
    const batch = {
      mailbox: entry,
      messages,
      bytes,
      items: target.items,
      source: undefined,
      limits: target.limits ?? [],
      ...(target.ignoresQuota === true ? { ignoresQuota: true } : {}),
      origin,
    };
    await this.appending.call(batch);
    const { replaces } = target;
    if (replaces !== undefined) await this.expunging.call(replaces.mailbox, replaces.uids, origin);
    const incoming = await Promise.all(target.items.map((item) => this.incoming(item, target.viewer)));
    // The transaction: nothing from the look at the limits to the insert waits, so nobody comes between.
    const box = this.require(target.mailbox);
    const replaced = replaces === undefined ? undefined : this.replaced(box, replaces);
    checkLimits(this.catalogue, batch.limits, box, {
      messages: messages - (replaced?.messages ?? 0),
      bytes: bytes - (replaced?.bytes ?? 0),
      annotationBytes: annotationOctets(incoming),
    });
    if (target.once !== undefined && this.records.isMarked(target.mailbox, target.once)) {
      return {
        ok: false,
        isRepeat: true,
        error: new MailError('ALREADYEXISTS', 'The message is there already'),
      };
    }
    const uids = this.insert(box, incoming, target.viewer);
    if (target.once !== undefined) this.records.mark(target.mailbox, target.once);
    const { uidValidity } = box.entry;
    const { modSeq } = box;
    const expungeModSeq = replaced?.box.remove(replaces!.uids, this.now());
    this.changed(target.mailbox, 'appended', modSeq);
    await this.appended.call({ mailbox: box.entry, uids, modSeq, source: undefined, origin });
    if (replaces === undefined || expungeModSeq === undefined)
      return { ok: true, uidValidity, uids: [...uids], modSeq };
    this.changed(replaces.mailbox, 'expunged', expungeModSeq);
    await this.expunged.call({
      mailbox: replaces.mailbox,
      uids: replaces.uids,
      modSeq: expungeModSeq,
      isMove: false,
      origin,
    });
    return { ok: true, uidValidity, uids: [...uids], modSeq, expungeModSeq };
  }

  /** The mailbox that loses messages, and what that frees where `box` counts. @throws MailError EXPUNGEISSUED, NONEXISTENT */
  private replaced(
    box: MemoryBox,
    { mailbox, uids }: NonNullable<AppendTarget['replaces']>,
  ): { box: MemoryBox; messages: number; bytes: number } {
    const from = this.require(mailbox);
    const going = from.find(uids);
    if (going.length < uids.size) throw new MailError('EXPUNGEISSUED', 'The message to be replaced is gone');
    const isSameRoot = from.entry.quotaRoot === box.entry.quotaRoot;
    const bytes = going.reduce((sum, { content }) => sum + content.bytes.length, 0);
    return { box: from, messages: isSameRoot ? going.length : 0, bytes: isSameRoot ? bytes : 0 };
  }

  private async incoming(
    item: AppendTarget['items'][number],
    viewer: UserId | undefined,
  ): Promise<MemoryMessage> {
    const { message, flags, internalDateMs } = item;
    const bytes = await message.read(0, message.size);
    const { guid } = message;
    const dateSec = Math.min(Math.max(0, Math.floor(internalDateMs / 1000)), 0xffffffff);
    const record = summarise(bytes, { guid, internalDateMs: dateSec * 1000, saveDateMs: this.now() });
    const content: StoredContent = { bytes, guid, record };
    return {
      uid: 0,
      content,
      dateSec,
      flags: flags.system,
      keywords: new Set(flags.keywords),
      modSeq: 0,
      annotations: new Map([
        ['', new Map(item.annotations)],
        ...(viewer === undefined ? [] : ([[viewer, new Map(item.privateAnnotations)]] as const)),
      ]),
    };
  }

  private statusOf(box: MemoryBox, viewer: UserId | undefined): MailboxStatus {
    const seenBy = box.privateViewer(viewer);
    const isSeen = (m: MemoryMessage) =>
      seenBy !== undefined ? box.overlay(seenBy).isSeen(m.uid) : (m.flags & Flag.seen) !== 0;
    const deleted = box.messages.filter((m) => (m.flags & Flag.deleted) !== 0);
    const octets = (messages: MemoryMessage[]) =>
      messages.reduce((sum, m) => sum + m.content.bytes.length, 0);
    return {
      messages: box.messages.length,
      recent: box.messages.filter((m) => m.uid >= box.recentFrom).length,
      unseen: box.messages.filter((m) => !isSeen(m)).length,
      deleted: deleted.length,
      deletedBytes: octets(deleted),
      bytes: octets(box.messages),
      uidNext: box.uidNext,
      uidValidity: box.entry.uidValidity,
      highestModSeq: box.modSeq,
      lastAppendMs: box.lastAppendMs,
    };
  }

  private listen(mailbox: MailboxId | undefined, run: (change: MailboxChanged) => void): Disposable {
    const listener = { mailbox, run };
    this.listeners.add(listener);
    return { [Symbol.dispose]: () => void this.listeners.delete(listener) };
  }
}

function tooBig(maxBytes: number): MailError {
  return new MailError('TOOBIG', `Message is bigger than ${maxBytes} octets`);
}
