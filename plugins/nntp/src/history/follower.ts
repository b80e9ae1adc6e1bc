/**
 * Keeps the history true for what comes and goes by other doors: IMAP's APPEND, COPY and EXPUNGE, LMTP, expiry. What
 * NNTP files itself is noted by whoever files it, before it is acknowledged.
 */
import {
  type AppendedBatch,
  type ExpungeBatch,
  type Logger,
  type MailboxId,
  type MailStore,
  NumberSet,
  SummaryView,
} from '@angarium/sdk';
import type { Groups } from '../groups/groups.js';
import { articleId } from './article-id.js';
import type { History } from './history.js';

export interface FollowerEnvironment {
  readonly store: MailStore;
  readonly groups: Groups;
  readonly history: History;
  readonly serverName: string;
  readonly log: Logger;
}

export class Follower {
  constructor(private readonly environment: FollowerEnvironment) {}

  /** `message.appended`. */
  async appended({ mailbox, uids, origin }: AppendedBatch): Promise<void> {
    if (origin?.via === 'nntp' || this.environment.groups.groupOf(mailbox) === undefined) return;
    await this.note(mailbox.id, uids);
  }

  /** `message.expunged`: the store still has the summaries for a while. */
  async expunged({ mailbox, uids }: ExpungeBatch): Promise<void> {
    const { groups, history } = this.environment;
    if ((await groups.byId(mailbox)) === undefined) return;
    for await (const [uid, id] of this.ids(mailbox, uids)) await history.remove(id, [{ mailbox, uid }]);
  }

  /** Notes these articles; answers how many. */
  async note(mailbox: MailboxId, uids: NumberSet): Promise<number> {
    let count = 0;
    for await (const [uid, id] of this.ids(mailbox, uids)) {
      await this.environment.history.add(id, [{ mailbox, uid }]);
      count++;
    }
    return count;
  }

  /** The UID of an article in one mailbox, by looking through it: for what a crash has left. */
  async find(mailbox: MailboxId, messageId: string): Promise<number | undefined> {
    const snapshot = await this.environment.store.mailbox(mailbox).snapshot();
    if (snapshot.count === 0) return undefined;
    let found: number | undefined;
    const all = snapshot.chunks.map(({ uids, count }): [number, number] => [uids[0]!, uids[count - 1]!]);
    for (const range of all.reverse()) {
      const uids = snapshot.uidsAt(snapshot.indexesOf(NumberSet.range(range[0], range[1])));
      for await (const [uid, id] of this.ids(mailbox, uids)) if (id === messageId) found = uid;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  private async *ids(mailbox: MailboxId, uids: NumberSet): AsyncGenerator<readonly [number, string]> {
    const { store, serverName, log } = this.environment;
    for await (const batch of store.mailbox(mailbox).summaries(uids)) {
      for (let i = 0; i < batch.records.length; i++) {
        try {
          yield [batch.uids[i]!, articleId(new SummaryView(batch.records[i]!), serverName)];
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          log.warn('an article has no readable summary', { mailbox, uid: batch.uids[i], err: error });
        }
      }
    }
  }
}
