/** A dot-stuffed message on its way in from a client. */
import { type Connection, ReadError } from '../kernel/connection.js';
import { DotUnstuffer } from './dot-stuffing.js';

/**
 * Iterate it once for the data, in chunks as they come, never held together. What follows the terminator stays in
 * the connection. @throws ReadError 'eof' when the client closes before the end: what came is no message.
 */
export class DotBody implements AsyncIterable<Buffer> {
  private readonly unstuffer = new DotUnstuffer();

  constructor(private readonly connection: Connection) {}

  /** Has the terminator been read? */
  get isDone(): boolean {
    return this.unstuffer.isDone;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    while (!this.unstuffer.isDone) {
      const data = await this.next();
      if (data.length > 0) yield data;
    }
  }

  /** Reads on to the terminator in bounded memory, after the consumer has stopped (message too big, store full). */
  async skipRest(): Promise<void> {
    while (!this.unstuffer.isDone) await this.next();
  }

  private async next(): Promise<Buffer> {
    const chunk = await this.connection.readSome();
    if (chunk === undefined) throw new ReadError('eof', 'the client closed inside a message');
    const data = this.unstuffer.push(chunk);
    if (this.unstuffer.isDone && this.unstuffer.rest.length > 0) this.connection.unread(this.unstuffer.rest);
    return data;
  }
}
