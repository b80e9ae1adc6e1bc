/** Copies and moves between mailboxes in memory. */
import {
  ALL_SYSTEM_FLAGS,
  type Copied,
  type CopyOptions,
  Flag,
  type MailboxId,
  NumberSet,
  redateSummary,
  type UserId,
} from '@angarium/sdk';
import type { MemoryBox, MemoryMessage } from './box.js';
import type { MemoryMailStore } from './store.js';
import { annotationOctets, checkLimits } from './usage.js';

/** Where the messages come from, and through whose eyes. */
export interface TransferEnd {
  readonly id: MailboxId;
  readonly viewer: UserId | undefined;
}

export interface TransferOptions extends CopyOptions {
  readonly isMove: boolean;
}

export interface Transferred {
  readonly copied: Copied;
  /** Of the source, after the change. */
  readonly expungeModSeq: number;
}

/** All or nothing. @throws MailError NONEXISTENT, OVERQUOTA, LIMIT, and what a `message.appending` tap throws */
export async function transfer(
  store: MemoryMailStore,
  from: TransferEnd,
  uids: NumberSet,
  to: MailboxId,
  options: TransferOptions,
): Promise<Transferred> {
  const planned = store.require(from.id).find(uids);
  if (planned.length === 0) return nothing(store.require(from.id), store.require(to));
  const { isMove, origin } = options;
  const batch = {
    mailbox: store.require(to).entry,
    messages: planned.length,
    bytes: octets(planned),
    items: undefined,
    source: { mailbox: from.id, uids: uidsOf(planned), isMove },
    limits: options.limits ?? [],
    origin,
  };
  await store.appending.call(batch);
  // The transaction: nothing waits up to the removal. What has gone meanwhile is passed over.
  const source = store.require(from.id);
  const target = store.require(to);
  const messages = source.find(batch.source.uids);
  if (messages.length === 0) return nothing(source, target);
  const isWithinRoot = isMove && source.entry.quotaRoot === target.entry.quotaRoot;
  if (!isWithinRoot) {
    const annotationBytes = annotationOctets(messages);
    checkLimits(store.catalogue, batch.limits, target, {
      messages: messages.length,
      bytes: octets(messages),
      annotationBytes,
    });
  }
  const copies = copiesOf(source, messages, from.viewer, options).map((message) => ({
    ...message,
    content: {
      ...message.content,
      record: redateSummary(message.content.record, message.dateSec * 1000, store.now()),
    },
  }));
  const there = store.insert(target, copies, options.viewer);
  const { modSeq } = target;
  const gone = uidsOf(messages);
  const expungeModSeq = isMove ? source.remove(gone, store.now()) : source.modSeq;

  store.changed(to, 'appended', modSeq);
  if (isMove) store.changed(from.id, 'expunged', expungeModSeq);
  const moved = { mailbox: from.id, uids: gone, isMove };
  await store.appended.call({ mailbox: target.entry, uids: there, modSeq, source: moved, origin });
  if (isMove)
    await store.expunged.call({ mailbox: from.id, uids: gone, modSeq: expungeModSeq, isMove, origin });
  const { uidValidity } = target.entry;
  return { copied: { uidValidity, source: [...gone], target: [...there], modSeq }, expungeModSeq };
}

function copiesOf(
  source: MemoryBox,
  messages: readonly MemoryMessage[],
  viewer: UserId | undefined,
  options: CopyOptions,
): MemoryMessage[] {
  const { keep = { system: ALL_SYSTEM_FLAGS, keywords: true } } = options;
  const seenBy = source.privateViewer(viewer);
  const annotator = options.viewer ?? viewer;
  return messages.map((message) => ({
    ...message,
    flags: flagsFor(source, message, seenBy) & keep.system,
    keywords: keep.keywords ? message.keywords : new Set<string>(),
    annotations: new Map(
      [...message.annotations].filter(([user]) =>
        user === '' ? keep.annotations !== false : user === annotator,
      ),
    ),
  }));
}

/** With the viewer's own \Seen, not the owner's. */
function flagsFor(source: MemoryBox, { uid, flags }: MemoryMessage, seenBy: UserId | undefined): number {
  if (seenBy === undefined) return flags;
  return (flags & ~Flag.seen) | (source.overlay(seenBy).isSeen(uid) ? Flag.seen : 0);
}

function nothing(source: MemoryBox, target: MemoryBox): Transferred {
  const { modSeq, entry } = target;
  const copied = { uidValidity: entry.uidValidity, source: [], target: [], modSeq };
  return { copied, expungeModSeq: source.modSeq };
}

function octets(messages: readonly MemoryMessage[]): number {
  return messages.reduce((sum, { content }) => sum + content.bytes.length, 0);
}

function uidsOf(messages: readonly MemoryMessage[]): NumberSet {
  return NumberSet.fromAscending(messages.map(({ uid }) => uid));
}
