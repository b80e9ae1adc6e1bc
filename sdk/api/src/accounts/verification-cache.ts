import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Clock, MessageBus } from '../kernel/index.js';
import type { UserId } from '../model/identity.js';

interface Remembered {
  readonly mac: Buffer;
  readonly untilMs: number;
}

/** How a VerificationCache remembers. */
export interface VerificationCacheOptions {
  /** Where processes tell each other, `accounts-local/verified`. */
  readonly topic: string;
  /** The data folder's own, the same in all its processes. */
  readonly key: Buffer;
  readonly clock: Clock;
  /** 0: nothing is remembered. */
  readonly maxUsers: number;
  readonly ttlMs: number;
}

/**
 * Passwords that were right, so that a login storm does not cost a strong hash or a question elsewhere a login. Kept is a MAC, in
 * memory alone, over the record's version too: a changed record makes every old entry worthless. The key is the data folder's, so
 * that the workers can tell each other: a user's next login costs nothing on whichever of them it comes.
 * Bounded; the least recently used goes first.
 */
export class VerificationCache {
  private readonly byUser = new Map<UserId, Remembered>();
  /** An object, since Node takes five times as long to take in a key of octets as it does for the MAC itself. */
  private readonly key: KeyObject;
  private tell: (user: UserId, mac: Buffer) => void = () => {};

  constructor(private readonly options: VerificationCacheOptions) {
    this.key = createSecretKey(options.key);
  }

  /** Takes part in what the other processes find out. */
  share(bus: MessageBus): Disposable {
    this.tell = (user, mac) => bus.publish(this.options.topic, { user, mac: mac.toString('base64') });
    return bus.subscribe(this.options.topic, (payload) => {
      const { user, mac } = payload as { user: UserId; mac: string };
      this.put(user, Buffer.from(mac, 'base64'));
    });
  }

  /** The password's MAC; also good as a key for checks that are going on. `version` of the record, or the user's name where records have none. */
  macOf(version: number | string, password: string): Buffer {
    return createHmac('sha256', this.key).update(`${version}\0${password}`).digest();
  }

  /** Was this the right password a short while ago? */
  has(user: UserId, mac: Buffer): boolean {
    const entry = this.byUser.get(user);
    if (entry === undefined) return false;
    if (entry.untilMs <= this.options.clock.monotonicMs()) {
      this.byUser.delete(user);
      return false;
    }
    if (!timingSafeEqual(entry.mac, mac)) return false;
    this.byUser.delete(user);
    this.byUser.set(user, entry);
    return true;
  }

  remember(user: UserId, mac: Buffer): void {
    if (this.options.maxUsers === 0) return;
    this.put(user, mac);
    this.tell(user, mac);
  }

  get size(): number {
    return this.byUser.size;
  }

  private put(user: UserId, mac: Buffer): void {
    if (this.options.maxUsers === 0) return;
    this.byUser.delete(user);
    this.byUser.set(user, { mac, untilMs: this.options.clock.monotonicMs() + this.options.ttlMs });
    if (this.byUser.size <= this.options.maxUsers) return;
    const [oldest] = this.byUser.keys();
    if (oldest !== undefined) this.byUser.delete(oldest);
  }
}
