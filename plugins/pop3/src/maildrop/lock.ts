/**
 * The exclusive lock on a maildrop (RFC 1939 §4, §8): a record of the mailbox, taken by compare-and-set, so that it holds among all
 * workers. That of a process that has died is taken over at once (see holder.ts); that of another server on the same store
 * when its lease has run out, which the living renew.
 */
import { randomUUID } from 'node:crypto';
import type { Clock, Logger, MailboxId, RecordChange, RecordSpace, Records } from '@angarium/sdk';
import { LOCK_LEASE_MS } from '../limits.js';
import { Pop3Refusal } from '../replies.js';
import { type Holder, type Process, parseHolder } from './holder.js';

const KEY = 'lock';

/** Somebody may take it between a look and a write; who loses that often meets a crowd. */
const MAX_TRIES = 4;

export class DropLocks {
  private readonly space: RecordSpace;
  private readonly held = new Map<string, DropLock>();

  constructor(
    records: Records,
    private readonly clock: Clock,
    private readonly process: Process,
    private readonly log: Logger,
  ) {
    this.space = records.space('pop3');
  }

  /** Renews what is held, until disposed. */
  start(): Disposable {
    let isRunning = false;
    return this.clock.every(LOCK_LEASE_MS / 3, () => {
      if (isRunning) return;
      isRunning = true;
      void this.renewAll().finally(() => {
        isRunning = false;
      });
    });
  }

  /**
   * @param onLost the lock is somebody else's: the session must end.
   * @throws Pop3Refusal IN-USE; MailError of the store
   */
  async acquire(mailbox: MailboxId, onLost: () => void): Promise<DropLock> {
    const lock = new DropLock(this.space, mailbox, this.process.holder(randomUUID()), this.held, onLost);
    this.held.set(lock.token, lock);
    try {
      await this.take(lock);
    } catch (error) {
      this.held.delete(lock.token);
      throw error;
    }
    return lock;
  }

  private async take(lock: DropLock): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const found = await this.space.get(lock.owner, KEY);
      if (found !== undefined && this.isTaken(found)) break;
      if (await lock.write({ expect: found ?? 'absent' }, this.clock.now())) return;
    }
    throw new Pop3Refusal('IN-USE', 'The maildrop is locked by another POP3 session');
  }

  private isTaken(value: Uint8Array): boolean {
    const holder = parseHolder(value);
    return holder !== undefined && this.process.lifeOf(holder, (token) => this.held.has(token)) !== 'dead';
  }

  private async renewAll(): Promise<void> {
    for (const lock of [...this.held.values()]) {
      try {
        await lock.renew(this.clock.now());
      } catch (error) {
        this.log.warn('the lock of a maildrop could not be renewed', { err: error });
      }
    }
  }
}

/** A lock that is held. */
export class DropLock {
  readonly owner: { readonly mailbox: MailboxId };
  private readonly value: Buffer;
  private isTaken = false;

  constructor(
    private readonly space: RecordSpace,
    mailbox: MailboxId,
    private readonly holder: Holder,
    private readonly held: Map<string, DropLock>,
    private readonly onLost: () => void,
  ) {
    this.owner = { mailbox };
    this.value = Buffer.from(JSON.stringify(holder), 'utf8');
  }

  get token(): string {
    return this.holder.token;
  }

  /** Is it still ours? For what must not be done by two. */
  async isHeld(): Promise<boolean> {
    const found = await this.space.get(this.owner, KEY);
    return found !== undefined && Buffer.compare(found, this.value) === 0;
  }

  /** @internal */
  async write(condition: Pick<RecordChange, 'expect'>, nowMs: number): Promise<boolean> {
    const change = { key: KEY, value: this.value, expiresMs: nowMs + LOCK_LEASE_MS, ...condition };
    this.isTaken = await this.space.write(this.owner, [change]);
    return this.isTaken;
  }

  /** @internal */
  async renew(nowMs: number): Promise<void> {
    if (!this.isTaken || !this.held.has(this.token)) return;
    if (await this.write({ expect: this.value }, nowMs)) return;
    // It may have been given back while the write was on its way.
    if (this.held.delete(this.token)) this.onLost();
  }

  /** Gives it back, with other records of the mailbox in the same commit. Idempotent. */
  async release(others: readonly RecordChange[] = []): Promise<void> {
    if (!this.held.delete(this.token)) return;
    const change: RecordChange = { key: KEY, value: undefined, expect: this.value };
    await this.space.write(this.owner, [change, ...others]);
  }
}
