/** A maildrop that is open and locked: from the login to QUIT, or to the end of the connection. */
import {
  Flag,
  type Identity,
  type Mailbox,
  type MailboxEntry,
  mailboxSettingKey,
  Right,
  type Rights,
} from '@angarium/sdk';
import type { Pop3Environment } from './environment.js';
import { dateTime } from './maildrop/date-time.js';
import type { DropLock } from './maildrop/lock.js';
import type { Maildrop } from './maildrop/maildrop.js';
import { MessageReader } from './message/message-reader.js';
import { Pop3Refusal } from './replies.js';

/** What `openDrop` has found. */
export interface OpenedDrop {
  readonly identity: Identity;
  readonly entry: MailboxEntry;
  readonly mailbox: Mailbox;
  readonly maildrop: Maildrop;
  readonly rights: Rights;
  readonly lock: DropLock;
  readonly loginMs: number;
  /** State of the queue of logins before this one. */
  readonly lastPoll: number | undefined;
}

/** Cyrus's `lastpop` of the mailbox is told to the hour: each change of the mailbox list goes to every worker. */
const LAST_POP_STEP_MS = 3_600_000;
const LAST_POP = mailboxSettingKey('lastpop');

export class DropSession {
  readonly reader: MessageReader;

  constructor(
    private readonly environment: Pop3Environment,
    private readonly sessionId: string,
    readonly drop: OpenedDrop,
  ) {
    this.reader = new MessageReader(drop.mailbox, drop.maildrop);
  }

  get maildrop(): Maildrop {
    return this.drop.maildrop;
  }

  /** RFC 4314 §4: deleting here is marking and expunging. */
  get mayDelete(): boolean {
    const needed = Right.deleteMessages | Right.expunge;
    return (this.drop.rights & needed) === needed;
  }

  /**
   * The UPDATE state (RFC 1939 §6): what is marked as deleted goes, in one change; durable when resolved. Whatever happens
   * the lock is given back. @throws MailError of the store, Pop3Refusal
   */
  async update(): Promise<void> {
    const { maildrop, mailbox, lock } = this.drop;
    try {
      await this.reader.close();
      if (maildrop.deleted.size > 0) {
        if (!(await lock.isHeld())) throw new Pop3Refusal('SYS/TEMP', 'The lock is lost, nothing is deleted');
        await mailbox.expunge(maildrop.uidsOf(maildrop.deleted), {
          onlyDeleted: false,
          origin: this.origin('QUIT'),
        });
      }
      await this.markSeen();
    } finally {
      await this.finish();
    }
  }

  /** The end without QUIT: nothing is deleted (RFC 1939 §6), what was fetched has been seen all the same. */
  async abandon(): Promise<void> {
    try {
      await this.reader.close();
      await this.markSeen();
    } finally {
      await this.drop.lock.release();
    }
  }

  /** Of those that have been fetched and stay. */
  private async markSeen(): Promise<void> {
    const { maildrop, mailbox, rights } = this.drop;
    if (maildrop.fetched.size === 0 || !this.environment.config.useImapFlags) return;
    if ((rights & Right.seen) === 0) return;
    const change = { mode: 'add', system: Flag.seen, keywords: [] } as const;
    await mailbox.updateFlags(maildrop.uidsOf(maildrop.fetched), change, { origin: this.origin('RETR') });
    maildrop.fetched.clear();
  }

  private async finish(): Promise<void> {
    const { polls } = this.environment;
    const { lock, loginMs, lastPoll } = this.drop;
    const value = Buffer.from(String(polls.after(lastPoll, loginMs)), 'latin1');
    await lock.release(polls.isOn ? [{ key: 'poll', value }] : []);
    await this.tellLastPop();
  }

  private async tellLastPop(): Promise<void> {
    const { entry, loginMs } = this.drop;
    const { store, log } = this.environment;
    const before = Date.parse(entry.attributes[LAST_POP] ?? '');
    if (loginMs - before < LAST_POP_STEP_MS && loginMs >= before) return;
    try {
      const attributes = { [LAST_POP]: dateTime(loginMs) };
      await store.catalogue.change(entry.id, { attributes }, this.origin('QUIT'));
    } catch (error) {
      log.info('lastpop could not be noted', { session: this.sessionId, err: error });
    }
  }

  private origin(operation: string) {
    return { identity: this.drop.identity, via: 'pop3', session: this.sessionId, operation };
  }
}
