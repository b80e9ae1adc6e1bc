/**
 * INPROGRESS (RFC 9585; from knowledge of it): a client whose command takes long is told that it is being worked on. One timer for
 * all sessions of a worker; a command that is done before the next tick costs an entry in a set.
 */
import { type Clock, disposable, type ImapExtension } from '@angarium/sdk';

/** RFC 9585 advises against telling more often than this. */
const TELL_EVERY_MS = 10_000;
const TICK_MS = 5_000;

/** A command that runs. */
export interface Running {
  /** When it began, or was last told of. */
  sinceMs: number;
  /** Tells the client, if that is possible now. */
  tell(): void;
}

export class Progress {
  private readonly running = new Set<Running>();

  constructor(private readonly clock: Clock) {}

  /** To be disposed when the plugin stops. */
  start(): Disposable {
    return this.clock.every(TICK_MS, () => this.tick());
  }

  /** Dispose when the command has ended. */
  add(tell: () => void): Disposable {
    const entry: Running = { sinceMs: this.clock.monotonicMs(), tell };
    this.running.add(entry);
    return disposable(() => this.running.delete(entry));
  }

  private tick(): void {
    const now = this.clock.monotonicMs();
    for (const entry of this.running) {
      if (now - entry.sinceMs < TELL_EVERY_MS) continue;
      entry.sinceMs = now;
      entry.tell();
    }
  }
}

export const inProgressExtension: ImapExtension = {
  name: 'INPROGRESS',
  capabilities: [{ word: 'INPROGRESS', states: ['authenticated', 'selected'] }],
};
