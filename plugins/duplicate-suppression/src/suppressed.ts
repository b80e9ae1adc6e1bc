/** The list of what was not filed, for the operator; writing it keeps no delivery waiting. */
import type { Clock, Logger, RecordSpace, Records, SuppressedDelivery } from '@angarium/sdk';

export const SUPPRESSED = 'duplicate-suppression/suppressed';

/** Beyond so many that wait to be written, copies are only counted. */
const MAX_WAITING = 1000;

export interface SuppressedCopy {
  readonly timeMs: number;
  readonly messageId: string;
  readonly sender: string;
  readonly recipient: string;
  /** Mailbox id. */
  readonly mailbox: string;
  readonly session: string;
  readonly bytes: number;
}

export class SuppressedList {
  private readonly space: RecordSpace;
  private waiting = 0;
  private number = 0;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    records: Records,
    private readonly clock: Clock,
    private readonly log: Logger,
    private readonly windowMs: number,
  ) {
    this.space = records.space(SUPPRESSED);
  }

  add({ message, mailbox, sender, recipient, session }: SuppressedDelivery): void {
    if (this.waiting >= MAX_WAITING) return;
    const timeMs = this.clock.now();
    const copy: SuppressedCopy = {
      timeMs,
      messageId: message.summary.messageId().slice(0, 250),
      sender: sender.slice(0, 320),
      recipient: recipient.slice(0, 320),
      mailbox: mailbox.id,
      session,
      bytes: message.size,
    };
    const key = `${timeKey(timeMs)} ${session} ${this.number++}`;
    const value = Buffer.from(JSON.stringify(copy), 'utf8');
    this.waiting++;
    this.last = this.space
      .write(undefined, [{ key, value, expiresMs: timeMs + this.windowMs }])
      .catch((err: unknown) => this.log.warn('a suppressed copy was not written down', { err }))
      .finally(() => {
        this.waiting--;
      });
  }

  /** What was added is in the records. */
  async written(): Promise<void> {
    await this.last;
  }

  async prune(nowMs: number, keep: number): Promise<void> {
    await this.space.prune(nowMs, { keep });
  }
}

/** Sorts the newest first. */
function timeKey(timeMs: number): string {
  return (Number.MAX_SAFE_INTEGER - timeMs).toString(36).padStart(11, '0');
}
