/** A message that comes in BDAT chunks (RFC 3030): the store reads while the client sends. */
import type { Connection, MailStore, StagedMessage } from '@angarium/sdk';
import { ChunkFeed } from './intake/chunk-feed.js';
import { type IntakeRules, takeIn } from './intake/intake.js';

type Staged = { readonly message: StagedMessage } | { readonly error: unknown };

export class ChunkedMessage {
  private readonly feed = new ChunkFeed();
  private readonly staged: Promise<Staged>;

  constructor(store: MailStore, rules: IntakeRules) {
    this.staged = takeIn(store, this.feed, rules).then(
      (message): Staged => ({ message }),
      (error: unknown): Staged => ({ error }),
    );
    // The store may give up before it has asked for anything.
    void this.staged.then(() => this.feed.stop());
  }

  /**
   * Reads exactly `length` octets from the client, whatever happens, so that what follows is a command again.
   * @throws ReadError; what the store threw, when it wants no more.
   */
  async add(connection: Connection, length: number): Promise<void> {
    let left = length;
    try {
      for await (const piece of connection.readStream(length)) {
        left -= piece.length;
        if (!(await this.feed.push(piece))) break;
      }
    } catch (error) {
      this.feed.abort(error);
      throw error;
    }
    if (left > 0) await connection.skip(left);
    await this.throwIfStopped();
  }

  /** After the last chunk. @throws what the store threw. */
  async finish(): Promise<StagedMessage> {
    this.feed.end();
    const staged = await this.staged;
    if ('error' in staged) throw staged.error;
    return staged.message;
  }

  /** RSET, a failed chunk, or the client has gone: what was staged is let go. */
  abandon(): void {
    this.feed.abort(new Error('the message was abandoned by the client'));
    void this.staged.then(async (staged) => {
      if ('message' in staged) await staged.message[Symbol.asyncDispose]();
    });
  }

  /** The store gives up in its own time: a failure that is known by now is told with this chunk, else with the next. */
  private async throwIfStopped(): Promise<void> {
    if (!this.feed.hasStopped) return;
    const staged = await this.staged;
    if ('error' in staged) throw staged.error;
  }
}
