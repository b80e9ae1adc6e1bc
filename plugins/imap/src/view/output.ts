import type { ImapReply, Lease } from '@angarium/sdk';

/** One write of this size costs least on plain and TLS sockets alike; flat latin1 strings are the fastest to build. */
const WRITE_BYTES = 65_536;

/** Gathers untagged lines into large latin1 writes and honours backpressure. */
export class Output {
  /** What is not yet written; append to it freely and call `hasEnough` now and then. */
  text = '';
  private isFull = false;

  constructor(private readonly reply: ImapReply) {}

  get hasEnough(): boolean {
    return this.text.length >= WRITE_BYTES;
  }

  /** Resolves when the client's side has room again: memory stays bounded with a slow reader. */
  async pass(): Promise<void> {
    this.hand();
    if (this.isFull) {
      this.isFull = false;
      await this.reply.drain();
    }
  }

  /** Raw octets, after all text so far. */
  bytes(data: Uint8Array, lease?: Lease): void {
    this.hand();
    if (!this.reply.write(data, lease)) this.isFull = true;
  }

  private hand(): void {
    if (this.text === '') return;
    if (!this.reply.write(this.text)) this.isFull = true;
    this.text = '';
  }
}

/** Lets other sessions of this worker go on. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
