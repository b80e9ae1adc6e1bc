/** The octets of messages in the order asked, one request after another. */
import type { ContentPiece, ContentRequest, Mailbox } from '@angarium/sdk';

/** The literal has been begun and its octets are not there: nothing can be said to the client any more. */
export class BrokenLiteral extends Error {
  override readonly name = 'BrokenLiteral';
}

export class ContentReader implements AsyncDisposable {
  private readonly pieces: AsyncIterator<ContentPiece>;
  private ended = false;

  constructor(
    mailbox: Mailbox,
    private readonly requests: readonly ContentRequest[],
  ) {
    this.pieces = mailbox.contents(requests)[Symbol.asyncIterator]();
  }

  /** @throws Error when the store does not answer in order. */
  async next(request: number): Promise<ContentPiece> {
    const { value, done } = await this.pieces.next();
    if (done === true || value.index !== request) {
      this.ended = done === true;
      throw new Error(`the store did not answer content request ${request} of ${this.requests.length}`);
    }
    return value;
  }

  /** Undefined: the message is gone. */
  async collect(request: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    for (;;) {
      const piece = await this.next(request);
      if (piece.isMissing) return undefined;
      parts.push(piece.bytes);
      if (piece.isLast) return parts.length === 1 ? piece.bytes : Buffer.concat(parts);
    }
  }

  /** What is made of all octets of a request, none of which it may keep. Undefined: the message is gone. */
  async collectAs<T>(request: number, make: (bytes: Buffer) => T): Promise<T | undefined> {
    const pieces: ContentPiece[] = [];
    do {
      const piece = await this.next(request);
      if (piece.isMissing) return undefined;
      pieces.push(piece);
    } while (!pieces.at(-1)!.isLast);
    const made = make(
      pieces.length === 1 ? pieces[0]!.bytes : Buffer.concat(pieces.map(({ bytes }) => bytes)),
    );
    for (const { lease } of pieces) lease?.release();
    return made;
  }

  /** A request as a stream; `isMissing` is known once it has ended. */
  stream(request: number): { readonly bytes: AsyncIterable<Buffer>; isMissing(): boolean } {
    let isMissing = false;
    const read = async function* (this: ContentReader): AsyncGenerator<Buffer> {
      for (;;) {
        const piece = await this.next(request);
        isMissing = piece.isMissing;
        if (!isMissing) yield piece.bytes;
        if (piece.isLast) return;
      }
    };
    return { bytes: read.call(this), isMissing: () => isMissing };
  }

  async skip(request: number): Promise<void> {
    while (!(await this.next(request)).isLast);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.ended) await this.pieces.return?.();
  }
}

/** A whole message; for the few whose summary could not hold what is asked for. */
export async function readWhole(mailbox: Mailbox, uid: number): Promise<Buffer | undefined> {
  await using reader = new ContentReader(mailbox, [{ uid, from: 0, to: Number.POSITIVE_INFINITY }]);
  return await reader.collect(0);
}
