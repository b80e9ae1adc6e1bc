/**
 * Which article is where, by Message-ID: one record an article (RECORDS, of the server), so that no command looks
 * through groups. It is also what peers are asked against, and stays for `historyDays` when the article has gone.
 *
 * Filing: hold → append (with a mark in each mailbox's own commit) → note. Of two workers that file the same article one
 * holds it and the other is told 'busy'. A crash in between leaves a hold, which ends by itself, and the mark, by which
 * the next attempt finds that the article is there.
 *
 * Value of a record: `+` and places `MAILBOXID:UID` joined with blanks; `-` for an article that is not here (cancelled,
 * refused for good, expunged); `?TOKEN` while it is being filed.
 */
import { randomUUID } from 'node:crypto';
import type { Clock, MailboxId, RecordChange, RecordSpace, Records } from '@angarium/sdk';
import { HOLD_MS, MAX_CROSSPOSTS } from '../limits.js';

export interface Place {
  readonly mailbox: MailboxId;
  readonly uid: number;
}

export type Seen =
  | { readonly is: 'unknown' }
  | { readonly is: 'busy' }
  /** No places: it was here, or is not wanted. */
  | { readonly is: 'known'; readonly places: readonly Place[] };

/** Compare-and-set tries until somebody else's write must be made of stone. */
const MAX_TRIES = 50;

const DAY_MS = 86_400_000;

export class History {
  private readonly articles: RecordSpace;
  private readonly crossposts: RecordSpace;

  constructor(
    records: Records,
    private readonly clock: Clock,
    private readonly historyDays: number,
  ) {
    this.articles = records.space('nntp/articles');
    this.crossposts = records.space('nntp/crossposts');
  }

  /** @param messageId with its angle brackets. */
  async look(messageId: string): Promise<Seen> {
    const value = await this.articles.get(undefined, messageId);
    if (value === undefined) return { is: 'unknown' };
    const text = textOf(value);
    return text.startsWith('?') ? { is: 'busy' } : { is: 'known', places: placesOf(text) };
  }

  /** A hold, when nobody knows the article yet and nobody else files it. */
  async hold(messageId: string): Promise<Hold | Seen> {
    const value = Buffer.from(`?${randomUUID()}`, 'latin1');
    const expiresMs = this.clock.now() + HOLD_MS;
    const isHeld = await this.articles.write(undefined, [
      { key: messageId, value, expiresMs, expect: 'absent' },
    ]);
    return isHeld ? new Hold(this, messageId, value) : this.look(messageId);
  }

  /** The article is at these places too. Durable when it resolves. */
  async add(messageId: string, places: readonly Place[]): Promise<void> {
    const all = await this.change(messageId, (known) => merged(known, places));
    await this.noteCrossposts(all);
  }

  /** The article has left these places. */
  async remove(messageId: string, places: readonly Place[]): Promise<void> {
    const gone = new Set(places.map(formatPlace));
    const left = await this.change(messageId, (known) =>
      known.filter((place) => !gone.has(formatPlace(place))),
    );
    await this.noteCrossposts(left);
  }

  /** So that it is not taken in: it has been cancelled or carried out. */
  async refuse(messageId: string): Promise<void> {
    await this.change(messageId, (known) => known);
  }

  /** Ends a hold without an article. @param held its value. */
  async letGo(messageId: string, held: Uint8Array): Promise<void> {
    await this.articles.write(undefined, [{ key: messageId, value: undefined, expect: held }]);
  }

  /**
   * Where articles of a mailbox are beside: UID → the other places. Only crossposted ones are in it.
   * @param from and @param to UIDs, inclusive.
   */
  async othersOf(
    mailbox: MailboxId,
    from: number,
    to: number,
  ): Promise<ReadonlyMap<number, readonly Place[]>> {
    const others = new Map<number, readonly Place[]>();
    for (let after = uidKey(from - 1); ; ) {
      const rows = await this.crossposts.list({ mailbox }, { after, limit: 500 });
      for (const { key, value } of rows) {
        const uid = Number(key);
        if (uid > to) return others;
        others.set(uid, placesOf(textOf(value)));
        after = key;
      }
      if (rows.length < 500) return others;
    }
  }

  /** Records that have expired. */
  async prune(): Promise<number> {
    return this.articles.prune(this.clock.now());
  }

  private async change(
    messageId: string,
    next: (known: readonly Place[]) => readonly Place[],
  ): Promise<readonly Place[]> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const value = await this.articles.get(undefined, messageId);
      const places = next(value === undefined ? [] : placesOf(textOf(value)));
      const change: RecordChange = {
        key: messageId,
        value: Buffer.from(formatPlaces(places), 'latin1'),
        expect: value ?? 'absent',
        ...(places.length > 0 ? {} : { expiresMs: this.clock.now() + this.historyDays * DAY_MS }),
      };
      if (await this.articles.write(undefined, [change])) return places;
    }
    throw new Error(`the record of ${messageId} is being written by others all the time`);
  }

  /** For each place the others, where there are any. */
  private async noteCrossposts(places: readonly Place[]): Promise<void> {
    if (places.length === 1) {
      const [place] = places;
      const { mailbox, uid } = place!;
      if ((await this.crossposts.get({ mailbox }, uidKey(uid))) === undefined) return;
      await this.crossposts.write({ mailbox }, [{ key: uidKey(uid), value: undefined }]);
      return;
    }
    await Promise.all(
      places.map(({ mailbox, uid }, i) => {
        const value = Buffer.from(formatPlaces(places.filter((_, j) => j !== i)), 'latin1');
        return this.crossposts.write({ mailbox }, [{ key: uidKey(uid), value }]);
      }),
    );
  }
}

/** The right to file one article. */
export class Hold {
  readonly is = 'held';
  private isOver = false;

  constructor(
    private readonly history: History,
    private readonly messageId: string,
    private readonly value: Uint8Array,
  ) {}

  /** The article is durable at these places; none: it is known, and nowhere. */
  async done(places: readonly Place[]): Promise<void> {
    if (places.length > 0) await this.history.add(this.messageId, places);
    else await this.history.refuse(this.messageId);
    this.isOver = true;
  }

  /** Nothing was filed: others may. Does nothing after `done`. */
  async release(): Promise<void> {
    if (!this.isOver) await this.history.letGo(this.messageId, this.value);
  }
}

function textOf(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).latin1Slice();
}

/** So that the order of keys is that of numbers. */
export function uidKey(uid: number): string {
  return String(Math.max(0, uid)).padStart(10, '0');
}

function formatPlace({ mailbox, uid }: Place): string {
  return `${mailbox}:${uid}`;
}

export function formatPlaces(places: readonly Place[]): string {
  return places.length === 0 ? '-' : `+${places.map(formatPlace).join(' ')}`;
}

/** What cannot be read is nowhere. */
export function placesOf(text: string): Place[] {
  if (!text.startsWith('+')) return [];
  const places: Place[] = [];
  for (const part of text.slice(1).split(' ')) {
    const colon = part.lastIndexOf(':');
    const uid = Number(part.slice(colon + 1));
    if (colon > 0 && Number.isSafeInteger(uid) && uid > 0) {
      places.push({ mailbox: part.slice(0, colon) as MailboxId, uid });
    }
  }
  return places;
}

function merged(known: readonly Place[], more: readonly Place[]): readonly Place[] {
  const all = new Map([...known, ...more].map((place) => [formatPlace(place), place]));
  return [...all.values()].slice(-MAX_CROSSPOSTS);
}
