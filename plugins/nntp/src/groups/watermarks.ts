/**
 * First and last article number and how many there are. Numbers are UIDs, so the high water mark is UIDNEXT - 1 and
 * neither ever falls (RFC 3977 §6.1.1.2). The low one of a group with gaps needs its snapshot; it is remembered as long
 * as nothing in the group has changed.
 */
import type { MailboxId, MailboxStatus, MailStore } from '@angarium/sdk';

export interface Watermarks {
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** Groups remembered; about 100 octets each. */
const MAX_REMEMBERED = 100_000;

export class WatermarkReader {
  private readonly lows = new Map<MailboxId, { readonly modSeq: number; readonly low: number }>();

  constructor(private readonly store: MailStore) {}

  /** Same order; undefined for those that are gone. */
  async read(ids: readonly MailboxId[]): Promise<readonly (Watermarks | undefined)[]> {
    const status = await this.store.status(ids);
    const marks: (Watermarks | undefined)[] = [];
    for (let i = 0; i < ids.length; i++) {
      const known = status[i];
      marks.push(known === undefined ? undefined : await this.marksOf(ids[i]!, known));
    }
    return marks;
  }

  private async marksOf(
    id: MailboxId,
    { messages, uidNext, highestModSeq }: MailboxStatus,
  ): Promise<Watermarks | undefined> {
    const high = uidNext - 1;
    if (messages === 0) return { low: uidNext, high, count: 0 };
    if (messages === high) return { low: 1, high, count: messages };
    const remembered = this.lows.get(id);
    if (remembered?.modSeq === highestModSeq) return { low: remembered.low, high, count: messages };
    const snapshot = await this.store
      .mailbox(id)
      .snapshot()
      .catch(() => undefined);
    if (snapshot === undefined) return undefined;
    const low = snapshot.count === 0 ? snapshot.head.uidNext : snapshot.uidAt(0);
    if (this.lows.size >= MAX_REMEMBERED) this.lows.clear();
    this.lows.set(id, { modSeq: snapshot.highestModSeq, low });
    return { low, high: snapshot.head.uidNext - 1, count: snapshot.count };
  }
}
