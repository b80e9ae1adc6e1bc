/**
 * Joins the chunks of many BDAT commands into one source for the store. Each piece is handed over when the store
 * asks for it, so no more than one is held.
 */
export class ChunkFeed implements AsyncIterable<Buffer> {
  private piece: Buffer | undefined;
  private failure: unknown;
  private isEnded = false;
  private isStopped = false;
  private wakeReader: (() => void) | undefined;
  private wakeWriter: (() => void) | undefined;

  get hasStopped(): boolean {
    return this.isStopped;
  }

  /** Resolves when the piece was taken and the next one is wanted. False: the reader wants no more. */
  async push(piece: Buffer): Promise<boolean> {
    if (this.isStopped) return false;
    this.piece = piece;
    const taken = new Promise<void>((resolve) => {
      this.wakeWriter = resolve;
    });
    this.wakeReader?.();
    await taken;
    return !this.isStopped;
  }

  /** No more pieces: the message is whole. */
  end(): void {
    this.isEnded = true;
    this.wakeReader?.();
  }

  /** The message will never be whole: the reader gets the error. */
  abort(error: unknown): void {
    this.failure = error;
    this.wakeReader?.();
  }

  /** The reader wants no more. */
  stop(): void {
    this.isStopped = true;
    this.wakeWriter?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        while (this.piece === undefined) {
          if (this.failure !== undefined) throw this.failure;
          if (this.isEnded) return;
          await new Promise<void>((resolve) => {
            this.wakeReader = resolve;
          });
        }
        const { piece } = this;
        this.piece = undefined;
        yield piece;
        this.wakeWriter?.();
      }
    } finally {
      this.stop();
    }
  }
}
