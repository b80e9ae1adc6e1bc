import type { Clock } from '@angarium/sdk';

/**
 * When failed logins are answered: at whole multiples of the pause after they began, so that the time of an answer
 * does not tell whether a password was hashed, or how many sources were asked. Nothing is held meanwhile but a timer.
 */
export class FailurePause {
  constructor(
    private readonly clock: Clock,
    private readonly pauseMs: number,
  ) {}

  /** @param startedMs `clock.monotonicMs()` when the attempt began. Ends early when the client has gone. */
  async wait(startedMs: number, signal: AbortSignal): Promise<void> {
    if (this.pauseMs === 0 || signal.aborted) return;
    const elapsedMs = this.clock.monotonicMs() - startedMs;
    const waitMs = this.pauseMs - (elapsedMs % this.pauseMs);
    try {
      await this.clock.sleep(waitMs, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
