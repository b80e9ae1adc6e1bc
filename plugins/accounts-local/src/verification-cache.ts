import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock, MessageBus, UserId } from '@angarium/sdk';

const TOPIC = 'accounts-local/verified';

interface Remembered {
  readonly mac: Buffer;
  readonly untilMs: number;
}

/**
 * Passwords that were right, so that a login storm does not cost a scrypt a login. Kept is a MAC, in memory alone, over
 * the record's version too: a changed record makes every old entry worthless. The key is the data folder's, so that
 * the workers can tell each other: a user's next login costs nothing on whichever of them it comes.
 * Bounded; the least recently used goes first.
 */
export class VerificationCache {
  private readonly byUser = new Map<UserId, Remembered>();
  private tell: (user: UserId, mac: Buffer) => void = () => {};

  constructor(
    private readonly key: Buffer,
    private readonly clock: Clock,
    private readonly maxUsers: number,
    private readonly ttlMs: number,
  ) {}

  /** Takes part in what the other processes find out. */
  share(bus: MessageBus): Disposable {
    this.tell = (user, mac) => bus.publish(TOPIC, { user, mac: mac.toString('base64') });
    return bus.subscribe(TOPIC, (payload) => {
      const { user, mac } = payload as { user: UserId; mac: string };
      this.put(user, Buffer.from(mac, 'base64'));
    });
  }

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
    this.put(user, mac);
    this.tell(user, mac);
  }

  get size(): number {
    return this.byUser.size;
  }

  private put(user: UserId, mac: Buffer): void {
    if (this.maxUsers === 0) return;
    this.byUser.delete(user);
    this.byUser.set(user, { mac, untilMs: this.clock.monotonicMs() + this.ttlMs });
    if (this.byUser.size <= this.maxUsers) return;
    const [oldest] = this.byUser.keys();
    if (oldest !== undefined) this.byUser.delete(oldest);
  }
}
