/** One message, piece by piece: what the reader has ahead of it, and the rest when that is not enough. */
import type { ContentPiece } from '@angarium/sdk';
import { Pop3Refusal } from '../replies.js';
import type { MessageReader } from './message-reader.js';

/** Octets of a message; whoever has sent or copied them releases the lease. */
export type Octets = Pick<ContentPiece, 'bytes' | 'lease'>;

export class MessageSource implements AsyncDisposable {
  private position: number;
  private isLast: boolean;
  private rest: AsyncIterator<ContentPiece> | undefined;

  private constructor(
    private readonly reader: MessageReader,
    private readonly number: number,
    private readonly size: number,
    /** The first piece. */
    readonly head: Octets,
    isLast: boolean,
  ) {
    this.position = head.bytes.length;
    this.isLast = isLast;
  }

  /** @throws Pop3Refusal when another session has expunged it for good; MailError of the store */
  static async open(
    reader: MessageReader,
    number: number,
    size: number,
    cap?: number,
  ): Promise<MessageSource> {
    const piece = await reader.first(number, cap);
    if (piece.isMissing) {
      throw new Pop3Refusal('SYS/PERM', 'The message has been removed by another session');
    }
    return new MessageSource(reader, number, size, piece, piece.isLast);
  }

  /** Undefined: that was all. @throws MailError of the store */
  async next(): Promise<Octets | undefined> {
    if (this.isLast && this.position >= this.size) return undefined;
    const piece = this.isLast ? await this.nextOfRest() : await this.reader.next();
    if (piece === undefined) return undefined;
    if (piece.isMissing) throw new Error('the message has gone while it was being sent');
    if (this.rest === undefined) this.isLast = piece.isLast;
    this.position += piece.bytes.length;
    return piece;
  }

  private async nextOfRest(): Promise<ContentPiece | undefined> {
    this.rest ??= this.reader.rest(this.number, this.position)[Symbol.asyncIterator]();
    const { value, done } = await this.rest.next();
    return done === true ? undefined : value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rest?.return?.();
  }
}
