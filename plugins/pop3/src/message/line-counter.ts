/** Where the header and so many lines of the body end (RFC 1939 §7, TOP), over chunks that may be cut anywhere. */
const LF = 10;
const CR = 13;

export class LineCounter {
  private isInHeader = true;
  /** Of the present line of the header, octets without its LF. */
  private lineLength = 0;
  private beginsWithCr = false;

  constructor(private remaining: number) {}

  /** How much of the chunk belongs to it; what comes once `isDone` does not. */
  take(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && !this.isDone) {
      const end = chunk.indexOf(LF, at);
      const to = end < 0 ? chunk.length : end;
      if (this.isInHeader) this.add(chunk, at, to);
      if (end < 0) return chunk.length;
      this.endLine();
      at = end + 1;
    }
    return at;
  }

  get isDone(): boolean {
    return !this.isInHeader && this.remaining <= 0;
  }

  private add(chunk: Buffer, from: number, to: number): void {
    if (this.lineLength === 0 && from < to) this.beginsWithCr = chunk[from] === CR;
    this.lineLength += to - from;
  }

  private endLine(): void {
    if (!this.isInHeader) {
      this.remaining--;
      return;
    }
    this.isInHeader = !(this.lineLength === 0 || (this.lineLength === 1 && this.beginsWithCr));
    this.lineLength = 0;
  }
}
