/** hold → do it → confirm, for what has no commit of its own to go with: compare-and-set on RECORDS. */
import { randomUUID } from 'node:crypto';
import type { Clock, DeliveryKey, DuplicateHold, DuplicateVerdict, Logger, RecordSpace } from '@angarium/sdk';
import { holdKey } from './key.js';

const HELD = 'held ';

export interface HoldEnvironment {
  readonly space: RecordSpace;
  readonly clock: Clock;
  readonly log: Logger;
  readonly holdMs: number;
  readonly windowMs: number;
}

export class RecordHold implements DuplicateHold {
  private readonly token = Buffer.from(`${HELD}${randomUUID()}`);
  private isConfirmed = false;

  private constructor(
    private readonly environment: HoldEnvironment,
    private readonly keys: readonly DeliveryKey[],
    readonly verdicts: DuplicateVerdict[],
  ) {}

  static async take(environment: HoldEnvironment, keys: readonly DeliveryKey[]): Promise<RecordHold> {
    const hold = new RecordHold(environment, keys, []);
    hold.verdicts.push(...(await Promise.all(keys.map((key) => hold.takeOne(key)))));
    return hold;
  }

  /** What was not held stays as it is; a hold that ran out meanwhile is another's. */
  async confirm(): Promise<void> {
    const { clock, windowMs, log } = this.environment;
    this.isConfirmed = true;
    const now = clock.now();
    const value = Buffer.from(`done ${now}`);
    const kept = await this.rewriteHeld({ value, expiresMs: now + windowMs });
    if (!kept) log.warn('a hold ran out before what it was for was done: it may be done again');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isConfirmed) await this.rewriteHeld({ value: undefined });
  }

  private async takeOne(key: DeliveryKey): Promise<DuplicateVerdict> {
    const { space, clock, holdMs, log } = this.environment;
    const id = holdKey(key);
    try {
      const expiresMs = clock.now() + holdMs;
      if (await space.write(key.owner, [{ key: id, value: this.token, expiresMs, expect: 'absent' }])) {
        return 'first';
      }
      const found = await space.get(key.owner, id);
      // Gone between the two looks: let go or run out. Whoever comes again finds it so.
      return found === undefined || isHeld(found) ? 'busy' : 'repeat';
    } catch (error) {
      log.error('the ledger cannot be asked', { err: error });
      return 'unknown';
    }
  }

  /** Of all keys that are ours; false when one was lost. */
  private async rewriteHeld(change: { value: Uint8Array | undefined; expiresMs?: number }): Promise<boolean> {
    const ours = this.keys.filter((_, i) => this.verdicts[i] === 'first');
    const written = await Promise.all(
      ours.map((key) =>
        this.environment.space.write(key.owner, [{ key: holdKey(key), ...change, expect: this.token }]),
      ),
    );
    return written.every(Boolean);
  }
}

function isHeld(value: Uint8Array): boolean {
  return Buffer.from(value).toString('latin1').startsWith(HELD);
}
