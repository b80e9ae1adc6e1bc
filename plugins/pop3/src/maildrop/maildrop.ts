/**
 * What a session sees: the mailbox as it was at login (RFC 1939 §5: numbers do not change while it lasts), in the columns of its
 * snapshot, which all sessions share. Pure but for the marks.
 */
import { Flag, type MailboxSnapshot, NumberSet, type SnapshotChunk } from '@angarium/sdk';
import { Marks } from './marks.js';

/** Which messages are in the maildrop. */
export interface Selection {
  /** Those with \Deleted are not. */
  readonly hidesDeleted: boolean;
  /** Those that came before (seconds since 1970) are not; 0 for all. */
  readonly showAfter: number;
}

/** A message by its number. */
export interface DropMessage {
  readonly uid: number;
  /** Octets. */
  readonly size: number;
}

/** Writes the line of message `number`, which is the one at `at`; with its CRLF. */
export type LineWriter = (number: number, chunk: SnapshotChunk, at: number) => string;

export class Maildrop {
  /** Marked by DELE. */
  readonly deleted: Marks;
  /** Fetched by RETR. */
  readonly fetched: Marks;
  readonly count: number;
  /** Of all messages, those marked as deleted included. */
  private readonly totalBytes: number;
  private deletedBytes = 0;
  /** Indexes in the snapshot, ascending; undefined: all of them. */
  private readonly visible: Uint32Array | undefined;

  constructor(
    readonly snapshot: MailboxSnapshot,
    selection: Selection,
  ) {
    const hides = selection.hidesDeleted || selection.showAfter > 0;
    this.visible = hides ? visibleIndexes(snapshot, selection) : undefined;
    this.count = this.visible?.length ?? snapshot.count;
    this.deleted = new Marks(this.count);
    this.fetched = new Marks(this.count);
    let bytes = 0;
    this.each((_, chunk, at) => {
      bytes += chunk.sizes[at]!;
    });
    this.totalBytes = bytes;
  }

  /** Octets that are left, for STAT. */
  get bytes(): number {
    return this.totalBytes - this.deletedBytes;
  }

  /** Messages that are left. */
  get remaining(): number {
    return this.count - this.deleted.size;
  }

  /** Undefined: there is no such message, or it is marked as deleted. */
  message(number: number): DropMessage | undefined {
    if (number < 1 || number > this.count || this.deleted.has(number)) return undefined;
    const { chunk, at } = this.snapshot.place(this.visible?.[number - 1] ?? number - 1);
    return { uid: chunk.uids[at]!, size: chunk.sizes[at]! };
  }

  delete(number: number): void {
    const message = this.message(number);
    if (message === undefined) return;
    this.deleted.add(number);
    this.deletedBytes += message.size;
  }

  /** RSET. */
  undelete(): void {
    this.deleted.clear();
    this.deletedBytes = 0;
  }

  uidsOf(marks: Marks): NumberSet {
    const uids = new Uint32Array(marks.size);
    let length = 0;
    for (const number of marks) {
      uids[length++] = this.snapshot.uidAt(this.visible?.[number - 1] ?? number - 1);
    }
    return NumberSet.fromAscending(uids);
  }

  /** Lines of all messages that are left, a chunk's together, so that a long listing is written with backpressure. */
  *lines(write: LineWriter): Generator<string> {
    let number = 0;
    const { chunks } = this.snapshot;
    for (let c = 0; c < chunks.length; c++) {
      const chunk = chunks[c]!;
      const start = this.snapshot.startOf(c);
      let text = '';
      for (let at = 0; at < chunk.count; at++) {
        if (this.visible !== undefined && this.visible[number] !== start + at) continue;
        number++;
        if (!this.deleted.has(number)) text += write(number, chunk, at);
      }
      if (text !== '') yield text;
    }
  }

  private each(visit: (number: number, chunk: SnapshotChunk, at: number) => void): void {
    for (const _ of this.lines((number, chunk, at) => {
      visit(number, chunk, at);
      return '';
    }));
  }
}

function visibleIndexes(snapshot: MailboxSnapshot, { hidesDeleted, showAfter }: Selection): Uint32Array {
  const indexes = new Uint32Array(snapshot.count);
  let length = 0;
  snapshot.chunks.forEach((chunk, c) => {
    for (let at = 0; at < chunk.count; at++) {
      if (hidesDeleted && (chunk.flags[at]! & Flag.deleted) !== 0) continue;
      if (chunk.dates[at]! >= showAfter) indexes[length++] = snapshot.startOf(c) + at;
    }
  });
  return indexes.slice(0, length);
}
