/** Where the header and so many lines of the body end (RFC 1939 §7, TOP), over chunks that may be cut anywhere. */
const LF = 10;
const CR = 13;

export class LineCounter {
  private isInHeader = true;
  /** Octets of the present line, but for CRs: 0 is a blank line. */
  private lineLength = 0;

  constructor(private remaining: number) {}

  /** How much of the chunk belongs to it; less than the chunk's length, or `isDone`: what follows does not. */
  take(chunk: Buffer): number {
    if (this.isDone) return 0;
    let at = 0;
    while (at < chunk.length) {
      const end = chunk.indexOf(LF, at);
      if (end < 0) {
        this.add(chunk, at, chunk.length);
        return chunk.length;
      }
      this.add(chunk, at, end);
      at = end + 1;
      if (!this.isInHeader) this.remaining--;
      else if (this.lineLength === 0) this.isInHeader = false;
      this.lineLength = 0;
      if (this.isDone) return at;
    }
    return at;
  }

  get isDone(): boolean {
    return !this.isInHeader && this.remaining <= 0;
  }

  private add(chunk: Buffer, from: number, to: number): void {
    if (!this.isInHeader) return;
    const length = to - from;
    this.lineLength += length === 1 && chunk[from] === CR ? 0 : length;
  }
}
