/** One searching command whose result is kept up to date (RFC 5267 §4.3). */
import {
  type ImapReply,
  type ImapSession,
  NumberSet,
  type ResultOrder,
  type ReturnContext,
} from '@angarium/sdk';
import { evaluate } from '../../search/evaluate.js';
import { frozen } from '../../search/frozen.js';
import type { Program } from '../../search/program.js';
import { orderedSetText } from '../../search/results.js';

export class UpdateContext {
  private readonly program: Program;
  private readonly charset: string | undefined;
  private readonly isUid: boolean;
  private readonly order: ResultOrder | undefined;
  private uids: NumberSet;
  /** UIDs in order, for SORT. */
  private sorted: number[];

  constructor(
    readonly tag: string,
    { session, program, charset, result, results }: ReturnContext,
  ) {
    const { view } = session.selected;
    this.program = frozen(program as Program, session.selected);
    this.charset = charset;
    this.isUid = results.isUid;
    this.order = result.order;
    this.uids = view.uidsAt(result.indexes);
    this.sorted = result.order === undefined ? [] : Array.from(result.order.indexes, (at) => view.uidAt(at));
  }

  /** Messages that are gone, while their numbers hold (RFC 5267 §4.3.4). */
  remove(session: ImapSession, reply: ImapReply, gone: NumberSet): void {
    const removed = gone.intersect(this.uids);
    if (removed.isEmpty) return;
    this.uids = this.uids.minus(removed);
    const items = this.order === undefined ? [this.pair(session, removed)] : this.takeOut(session, removed);
    this.tell(reply, 'REMOVEFROM', items);
  }

  /** `changed`: indexes into the view. */
  async update(session: ImapSession, reply: ImapReply, changed: NumberSet): Promise<void> {
    const { view, ghosts } = session.selected;
    this.remove(session, reply, ghosts);
    if (changed.isEmpty) return;
    const { charset } = this;
    const found = await evaluate(session, this.program, { charset, within: changed });
    const now = view.uidsAt(found);
    const looked = view.uidsAt(changed).intersect(this.uids);
    const moved = this.order?.isVolatile ? looked : NumberSet.empty;
    this.remove(session, reply, looked.minus(now).union(moved));
    const added = now.minus(this.uids);
    if (added.isEmpty) return;
    this.uids = this.uids.union(added);
    const items =
      this.order === undefined
        ? [this.pair(session, added)]
        : await this.putIn(session, this.order, [...added]);
    this.tell(reply, 'ADDTO', items);
  }

  private tell(reply: ImapReply, what: 'ADDTO' | 'REMOVEFROM', items: readonly string[]): void {
    const uid = this.isUid ? ' UID' : '';
    reply.untagged(`ESEARCH (TAG ${reply.quote(this.tag)})${uid} ${what} (${items.join(' ')})`);
  }

  /** In mailbox order the client finds the place itself (RFC 5267 §4.3.3). */
  private pair(session: ImapSession, uids: NumberSet): string {
    return `0 ${this.setText(session, [...uids])}`;
  }

  private setText(session: ImapSession, uids: readonly number[]): string {
    const { view } = session.selected;
    return orderedSetText(uids.length, (at) => (this.isUid ? uids[at]! : view.indexOf(uids[at]!) + 1));
  }

  /** From the end, so that earlier positions stay; neighbours go together. */
  private takeOut(session: ImapSession, removed: NumberSet): string[] {
    const items: string[] = [];
    const { sorted } = this;
    for (let at = sorted.length - 1; at >= 0; at--) {
      if (!removed.has(sorted[at]!)) continue;
      let from = at;
      while (from > 0 && removed.has(sorted[from - 1]!)) from--;
      items.push(`${from + 1} ${this.setText(session, sorted.slice(from, at + 1))}`);
      at = from;
    }
    this.sorted = sorted.filter((uid) => !removed.has(uid));
    return items;
  }

  /** From the end likewise. Those for the same place are one set, in their own order. */
  private async putIn(session: ImapSession, order: ResultOrder, added: readonly number[]): Promise<string[]> {
    const inOrder = await inOwnOrder(session, order, added);
    const places = await order.places!(session, this.sorted, inOrder);
    const items: string[] = [];
    const before = this.sorted;
    const after: number[] = [];
    let copied = 0;
    for (let i = 0; i < inOrder.length; ) {
      const place = places[i]!;
      let end = i + 1;
      while (end < inOrder.length && places[end] === place) end++;
      const group = inOrder.slice(i, end);
      for (; copied < place; copied++) after.push(before[copied]!);
      for (const uid of group) after.push(uid);
      items.push(`${place + 1} ${this.setText(session, group)}`);
      i = end;
    }
    for (; copied < before.length; copied++) after.push(before[copied]!);
    this.sorted = after;
    return items.reverse();
  }
}

/** Each put where it belongs among those before it. */
async function inOwnOrder(
  session: ImapSession,
  order: ResultOrder,
  uids: readonly number[],
): Promise<readonly number[]> {
  const sorted: number[] = [];
  for (const uid of uids) {
    const [place] = await order.places!(session, sorted, [uid]);
    sorted.splice(place!, 0, uid);
  }
  return sorted;
}
