/**
 * The octets of messages as a client asks for them, one after the other. A client that fetches them in order (mostly pipelined) has
 * the next ones read ahead in the same call of the store, within a bound.
 */
import type { ContentPiece, ContentRequest, Mailbox } from '@angarium/sdk';
import { FIRST_READ_AHEAD_BYTES, READ_AHEAD_BYTES, READ_AHEAD_MESSAGES } from '../limits.js';
import type { Maildrop } from '../maildrop/maildrop.js';

/** A call of the store that is going on. */
interface Run {
  readonly pieces: AsyncIterator<ContentPiece>;
  /** Message numbers, in order. */
  readonly numbers: readonly number[];
  /** How much of each message is read. */
  readonly cap: number;
  /** Which of them is, or comes, next. */
  at: number;
  /** Pieces of it have been taken, and there are more. */
  isInside: boolean;
}

export class MessageReader {
  private run: Run | undefined;
  private last = 0;
  /** What the next call may ask for, beyond one message. */
  private aheadBytes = FIRST_READ_AHEAD_BYTES;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly maildrop: Maildrop,
  ) {}

  /**
   * The first piece of a message, of which no more than `cap` octets will come. @throws MailError of the store
   */
  async first(number: number, cap: number = Number.POSITIVE_INFINITY): Promise<ContentPiece> {
    const { run } = this;
    const fits = run !== undefined && run.cap === cap && !run.isInside && run.numbers[run.at] === number;
    if (!fits) {
      await this.close();
      this.run = this.begin(number, cap);
    }
    this.last = number;
    return this.next();
  }

  /** The next piece of the message that `first` has begun. */
  async next(): Promise<ContentPiece> {
    const run = this.run!;
    const { value, done } = await run.pieces.next();
    if (done === true || value.index !== run.at) {
      this.run = undefined;
      throw new Error('the store did not answer what it was asked for');
    }
    run.isInside = !value.isLast;
    if (value.isLast) run.at++;
    return value;
  }

  /** The octets of a message from `from` on, beside what is read ahead. */
  rest(number: number, from: number): AsyncIterable<ContentPiece> {
    const { uid } = this.maildrop.message(number)!;
    return this.mailbox.contents([{ uid, from, to: Number.POSITIVE_INFINITY }]);
  }

  /** Gives up what is read ahead. */
  async close(): Promise<void> {
    const { run } = this;
    this.run = undefined;
    await run?.pieces.return?.();
  }

  private begin(number: number, cap: number): Run {
    const isInOrder = number > 1 && this.last === number - 1;
    this.aheadBytes = isInOrder ? Math.min(2 * this.aheadBytes, READ_AHEAD_BYTES) : FIRST_READ_AHEAD_BYTES;
    const numbers: number[] = [];
    const requests: ContentRequest[] = [];
    const most = isInOrder ? READ_AHEAD_MESSAGES : 1;
    let bytes = 0;
    for (let next = number; next <= this.maildrop.count && numbers.length < most; next++) {
      const message = this.maildrop.message(next);
      if (message === undefined) continue;
      const to = Math.min(message.size, cap);
      bytes += to;
      if (numbers.length > 0 && bytes > this.aheadBytes) break;
      numbers.push(next);
      requests.push({ uid: message.uid, from: 0, to });
    }
    const pieces = this.mailbox.contents(requests)[Symbol.asyncIterator]();
    return { pieces, numbers, cap, at: 0, isInside: false };
  }
}
