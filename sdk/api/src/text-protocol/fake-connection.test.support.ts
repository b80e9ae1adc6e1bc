/** A Connection over arrays, for the toolkit's own tests: chunks in, text out, and a count of writes and promises. */
import type { Connection } from '../kernel/connection.js';
import { ReadError } from '../kernel/connection.js';

export class FakeConnection implements Connection {
  readonly id = 'c1';
  readonly service = 'test';
  readonly remote = { address: '127.0.0.1', port: 1 };
  readonly local = { address: '127.0.0.1', port: 2 };
  readonly tls = undefined;
  readonly isLocal = true;
  readonly listenOptions = {};
  readonly canStartTls = false;
  readonly bytesRead = 0;
  readonly bytesWritten = 0;
  private readonly abort = new AbortController();
  readonly signal: Connection['signal'] = this.abort.signal;
  isDraining = false;
  /** What was written. */
  output = '';
  /** Reads that had to wait. */
  waits = 0;
  drains = 0;
  highWaterMark = Number.POSITIVE_INFINITY;
  private sinceDrain = 0;
  private buffered = Buffer.alloc(0);
  private readonly chunks: Buffer[];
  private isEnded: boolean;
  private readonly drainListeners: (() => void)[] = [];
  private wake: (() => void) | undefined;
  private failure: ReadError | undefined;

  /** @param ends false: after the chunks the client stays silent. */
  constructor(chunks: readonly (string | Buffer)[], ends = true) {
    this.chunks = chunks.map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk));
    this.isEnded = ends;
  }

  /** Ends a waiting read with this error. */
  fail(code: ReadError['code']): void {
    this.failure = new ReadError(code);
    this.wake?.();
  }

  startDraining(): void {
    this.isDraining = true;
    for (const listener of this.drainListeners) listener();
  }

  tryReadLine(maxBytes: number): Buffer | undefined {
    const lf = this.buffered.indexOf(10);
    if (lf > maxBytes + 1 || (lf < 0 && this.buffered.length > maxBytes + 1)) {
      throw new ReadError('line-too-long');
    }
    if (lf < 0) return undefined;
    const line = this.buffered.subarray(0, lf > 0 && this.buffered[lf - 1] === 13 ? lf - 1 : lf);
    this.buffered = this.buffered.subarray(lf + 1);
    return line;
  }

  async readLine(maxBytes: number): Promise<Buffer | undefined> {
    for (;;) {
      const line = this.tryReadLine(maxBytes);
      if (line !== undefined) return line;
      if (!(await this.fill())) {
        if (this.buffered.length > 0) throw new ReadError('eof');
        return undefined;
      }
    }
  }

  async skipLine(): Promise<void> {
    while (this.buffered.indexOf(10) < 0) {
      this.buffered = Buffer.alloc(0);
      if (!(await this.fill())) return;
    }
    this.buffered = this.buffered.subarray(this.buffered.indexOf(10) + 1);
  }

  async readSome(): Promise<Buffer | undefined> {
    if (this.buffered.length === 0 && !(await this.fill())) return undefined;
    const bytes = this.buffered;
    this.buffered = Buffer.alloc(0);
    return bytes;
  }

  unread(bytes: Buffer): void {
    this.buffered = Buffer.concat([bytes, this.buffered]);
  }

  get hasInput(): boolean {
    return this.buffered.length > 0;
  }

  write(data: string | Uint8Array): boolean {
    this.output += typeof data === 'string' ? data : Buffer.from(data).latin1Slice();
    this.sinceDrain += data.length;
    return this.sinceDrain < this.highWaterMark;
  }

  async drain(): Promise<void> {
    this.drains++;
    this.sinceDrain = 0;
  }

  onDrain(listener: () => void): Disposable {
    this.drainListeners.push(listener);
    return { [Symbol.dispose]() {} };
  }

  async close(): Promise<void> {
    this.fail('closed');
  }

  flush(): void {}
  setIdleTimeout(): void {}
  describe(): void {}
  startCompression(): void {}
  destroy(): void {}
  async startTls(): Promise<void> {}
  readExactly(): Promise<Buffer> {
    throw new Error('not used here');
  }
  readStream(): AsyncIterable<Buffer> {
    throw new Error('not used here');
  }
  async skip(): Promise<void> {}

  private async fill(): Promise<boolean> {
    this.waits++;
    const chunk = this.chunks.shift();
    if (chunk === undefined && !this.isEnded && this.failure === undefined) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    if (this.failure !== undefined) throw this.failure;
    if (chunk === undefined) return false;
    this.buffered = Buffer.concat([this.buffered, chunk]);
    return true;
  }
}

/** Every way to cut `wire` into two, and the way octet by octet. */
export function everySplit(wire: Buffer): Buffer[][] {
  const splits: Buffer[][] = [[...wire].map((octet) => Buffer.of(octet))];
  for (let at = 0; at <= wire.length; at++) splits.push([wire.subarray(0, at), wire.subarray(at)]);
  return splits;
}
