import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock, UserId } from '@angarium/sdk';

interface Remembered {
  readonly mac: Buffer;
  readonly untilMs: number;
}

/**
 * Passwords that were right, so that a login storm does not cost a scrypt a login. Kept is a MAC under a key that
 * never leaves this process, over the record's version too: a changed record makes every old entry worthless.
 * Bounded; the least recently used goes first.
 */
export class VerificationCache {
  private readonly key = randomBytes(32);
  private readonly byUser = new Map<UserId, Remembered>();

  constructor(
    private readonly clock: Clock,
    private readonly maxUsers: number,
    private readonly ttlMs: number,
  ) {}

  /** The password's MAC; also good as a key for checks that are going on. */
  macOf(version: number, password: string): Buffer {
    return createHmac('sha256', this.key).update(`${version}\0${password}`).digest();
  }

  /** Was this the right password a short while ago? */
  has(user: UserId, mac: Buffer): boolean {
    const entry = this.byUser.get(user);
    if (entry === undefined) return false;
    if (entry.untilMs <= this.clock.monotonicMs()) {
      this.byUser.delete(user);
      return false;
    }
    if (!timingSafeEqual(entry.mac, mac)) return false;
    this.byUser.delete(user);
    this.byUser.set(user, entry);
    return true;
  }

  remember(user: UserId, mac: Buffer): void {
    if (this.maxUsers === 0) return;
    this.byUser.delete(user);
    this.byUser.set(user, { mac, untilMs: this.clock.monotonicMs() + this.ttlMs });
    if (this.byUser.size <= this.maxUsers) return;
    const [oldest] = this.byUser.keys();
    if (oldest !== undefined) this.byUser.delete(oldest);
  }

  get size(): number {
    return this.byUser.size;
  }
}
