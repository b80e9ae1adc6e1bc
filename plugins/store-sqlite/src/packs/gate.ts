/** A budget of bytes. Waiters are served in order; one that exceeds the whole budget is let in when nothing else is. */
export class ByteGate {
  private used = 0;
  private readonly waiting: { readonly bytes: number; readonly enter: () => void }[] = [];

  constructor(private readonly limitBytes: number) {}

  get usedBytes(): number {
    return this.used;
  }

  /** Takes the bytes if they are free now. */
  tryTake(bytes: number): boolean {
    if (this.waiting.length > 0 || this.used + bytes > this.limitBytes) return false;
    this.used += bytes;
    return true;
  }

  /** Takes the bytes in any case. */
  force(bytes: number): void {
    this.used += bytes;
  }

  async take(bytes: number): Promise<void> {
    if (this.waiting.length === 0 && this.fits(bytes)) {
      this.used += bytes;
      return;
    }
    await new Promise<void>((enter) => this.waiting.push({ bytes, enter }));
  }

  give(bytes: number): void {
    this.used -= bytes;
    for (let next = this.waiting[0]; next !== undefined && this.fits(next.bytes); next = this.waiting[0]) {
      this.waiting.shift();
      this.used += next.bytes;
      next.enter();
    }
  }

  private fits(bytes: number): boolean {
    return this.used === 0 || this.used + bytes <= this.limitBytes;
  }
}
