/** FETCH lines with the names of annotations that others have changed, for SELECT (ANNOTATE) (RFC 5257 §4.2, §4.4). */
import {
  fetchHead,
  type ImapReply,
  type ImapSession,
  type MailboxChanged,
  type MailboxId,
  NumberSet,
  type SelectedMailbox,
} from '@angarium/sdk';
import { Annotations, slices } from './annotations.js';
import { nameText } from './text.js';

interface Follower {
  readonly session: ImapSession;
  readonly mailbox: MailboxId;
  /** It holds for this SELECT alone (RFC 5257 §4.2). */
  readonly selected: SelectedMailbox;
  /** Up to here it knows. */
  modSeq: number;
  isAsked: boolean;
}

export class Unsolicited {
  private readonly byMailbox = new Map<MailboxId, Set<Follower>>();

  /** SELECT box (ANNOTATE). */
  follow(session: ImapSession): void {
    const { selected } = session;
    const { entry, view } = selected;
    const follower = { session, selected, mailbox: entry.id, modSeq: view.highestModSeq, isAsked: false };
    const followers = this.byMailbox.get(entry.id) ?? new Set();
    this.byMailbox.set(entry.id, followers.add(follower));
    session.connection.signal.addEventListener('abort', () => this.leave(follower), { once: true });
  }

  changed({ mailbox, kind }: MailboxChanged): void {
    if (kind !== 'annotations') return;
    for (const follower of this.byMailbox.get(mailbox) ?? []) {
      const { session } = follower;
      if (!isOpen(follower)) this.leave(follower);
      else if (!follower.isAsked) {
        follower.isAsked = true;
        session.interject((reply) => this.tell(follower, reply));
      }
    }
  }

  /** The session's own change: the client knows of it. */
  own(session: ImapSession, modSeq: number): void {
    for (const follower of this.byMailbox.get(session.selected.entry.id) ?? [])
      if (follower.session === session) follower.modSeq = Math.max(follower.modSeq, modSeq);
  }

  private leave(follower: Follower): void {
    const followers = this.byMailbox.get(follower.mailbox);
    if (followers?.delete(follower) && followers.size === 0) this.byMailbox.delete(follower.mailbox);
  }

  /** Names only; of what has changed since, those messages may be more than had annotations changed. */
  private async tell(follower: Follower, reply: ImapReply): Promise<void> {
    follower.isAsked = false;
    const { session, modSeq } = follower;
    if (!isOpen(follower)) return this.leave(follower);
    const snapshot = await session.selected.mailbox.snapshot();
    follower.modSeq = snapshot.highestModSeq;
    const changed: number[] = [];
    for (const chunk of snapshot.chunks) {
      if (chunk.maxModSeq <= modSeq) continue;
      for (let at = 0; at < chunk.count; at++) if (chunk.modseqs[at]! > modSeq) changed.push(chunk.uids[at]!);
    }
    const { view } = session.selected;
    const head = fetchHead(session);
    const isUidOnly = session.enabled.has('UIDONLY');
    for await (const slice of slices(view.uidsAt(view.indexesOf(NumberSet.fromAscending(changed))))) {
      const annotations = await Annotations.of(session, slice);
      for (const uid of slice) {
        const told = isUidOnly ? '' : `UID ${uid} `;
        const names = annotations.entries(uid).map(nameText);
        if (names.length === 0) continue;
        reply.write(`${head(view.indexOf(uid) + 1, uid)}${told}ANNOTATION (${names.join(' ')}))\r\n`);
      }
      await reply.drain();
    }
  }
}

function isOpen({ session, selected }: Follower): boolean {
  return session.state === 'selected' && session.selected === selected;
}
