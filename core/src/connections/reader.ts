/**
 * The receiving half of a connection. Bytes flow in until the high-water mark is buffered and nobody waits for
 * more; then the source is paused (backpressure) until a reader has made room. One reader at a time.
 * An idle connection holds one promise and no buffer.
 */
import type { Readable } from 'node:stream';
import { ReadError } from '@angarium/sdk';
import { ByteQueue } from './byte-queue.js';

/** Buffered while nobody reads. */
const highWaterBytes = 64 * 1024;
/** Below it a paused source flows again. */
const lowWaterBytes = 16 * 1024;
const carriageReturn = 13;

/** Keeps the idle deadline: told when a reader begins to wait, when bytes came, and when it waits no more. */
export interface ReadWatch {
  onReadWaiting(): void;
  onReadDone(): void;
}

const readerOf = Symbol('reader');
type Source = Readable & { [readerOf]?: Reader };

// One function for all connections: closures would cost a connection some hundred bytes while it is idle.
function onData(this: Source, chunk: Buffer): void {
  this[readerOf]?.receive(chunk);
}
function onEnd(this: Source): void {
  this[readerOf]?.end();
}

export class Reader {
  readonly queue = new ByteQueue();
  bytesRead = 0;
  private source: Source | undefined;
  private isPaused = false;
  private hasEnded = false;
  private isDiscarding = false;
  private error: ReadError | undefined;
  private waiter: PromiseWithResolvers<void> | undefined;

  constructor(private readonly watch: ReadWatch) {}

  attach(source: Readable): void {
    this.source = source;
    this.source[readerOf] = this;
    this.isPaused = false;
    source.on('data', onData);
    source.on('end', onEnd);
  }

  /** Stops listening, with the source paused. What is buffered stays. */
  detach(): void {
    const { source } = this;
    if (source === undefined) return;
    source.pause();
    source.off('data', onData);
    source.off('end', onEnd);
    delete source[readerOf];
    this.source = undefined;
  }

  get isWaiting(): boolean {
    return this.waiter !== undefined;
  }

  /** The client has closed its side. */
  get isEnded(): boolean {
    return this.hasEnded;
  }

  readLine(maxBytes: number): Promise<Buffer | undefined> {
    try {
      const line = this.takeLine(maxBytes, true);
      return line === undefined ? this.readLineLater(maxBytes) : Promise.resolve(line);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  tryReadLine(maxBytes: number): Buffer | undefined {
    return this.takeLine(maxBytes, false);
  }

  async skipLine(): Promise<void> {
    for (;;) {
      const end = this.queue.indexOfLineFeed();
      if (end >= 0) {
        this.queue.drop(end + 1);
        this.flowOn();
        return;
      }
      this.queue.clear();
      if (this.hasEnded) throw new ReadError('eof', 'the client closed inside a line');
      await this.more();
    }
  }

  async readExactly(length: number): Promise<Buffer> {
    while (this.queue.length < length) {
      if (this.hasEnded)
        throw new ReadError('eof', `the client closed ${length - this.queue.length} bytes early`);
      await this.more();
    }
    const bytes = this.queue.take(length);
    this.flowOn();
    return bytes;
  }

  async *readStream(length: number): AsyncGenerator<Buffer, void, undefined> {
    for (let left = length; left > 0; ) {
      await this.some(left);
      const chunk = this.queue.takeSome(left);
      left -= chunk.length;
      this.flowOn();
      yield chunk;
    }
  }

  async readSome(): Promise<Buffer | undefined> {
    while (this.queue.length === 0) {
      if (this.hasEnded) return undefined;
      await this.more();
    }
    const bytes = this.queue.takeSome(Number.POSITIVE_INFINITY);
    this.flowOn();
    return bytes;
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      await this.some(left);
      const dropped = Math.min(left, this.queue.length);
      this.queue.drop(dropped);
      left -= dropped;
      this.flowOn();
    }
  }

  unread(bytes: Buffer): void {
    this.queue.unshift(bytes);
  }

  /** Everything that is buffered, for a layer that goes between. */
  takeAll(): Buffer {
    return this.queue.take(this.queue.length);
  }

  /** The session reads no more: later reads throw `error`, and what still comes is thrown away. */
  finish(error: ReadError): void {
    this.fail(error);
    this.isDiscarding = true;
    this.queue.clear();
    if (this.isPaused) this.flow();
  }

  /** Input from the source, or from a decompressor between. */
  receive(chunk: Buffer): void {
    this.bytesRead += chunk.length;
    if (this.isDiscarding) return;
    this.queue.push(chunk);
    if (this.waiter !== undefined) this.wake();
    else if (this.queue.length >= highWaterBytes) this.pause();
  }

  end(): void {
    this.hasEnded = true;
    this.wake();
  }

  /** The pending read throws `error`; later ones do not. */
  interrupt(error: ReadError): void {
    const { waiter } = this;
    this.waiter = undefined;
    this.watch.onReadDone();
    waiter?.reject(error);
  }

  /** No more input will come. What is buffered can still be read, except after `discard`. */
  fail(error: ReadError): void {
    this.error ??= error;
    if (this.waiter !== undefined) this.interrupt(error);
  }

  /** Forgets what is buffered. */
  discard(): void {
    this.queue.clear();
    this.flowOn();
  }

  /** Lets a paused source flow when there is room again. */
  flowOn(): void {
    if (this.isPaused && this.queue.length <= lowWaterBytes) this.flow();
  }

  private takeLine(maxBytes: number, isStrict: boolean): Buffer | undefined {
    const { queue } = this;
    const lineFeedAt = queue.indexOfLineFeed();
    if (lineFeedAt < 0) {
      // One byte more than the line may have can still be the CR of its end.
      const isTooLong =
        queue.length > maxBytes + 1 ||
        (queue.length === maxBytes + 1 && queue.byteAt(maxBytes) !== carriageReturn);
      if (isTooLong && isStrict) throw lineTooLong(maxBytes);
      return undefined;
    }
    const hasReturn = lineFeedAt > 0 && queue.byteAt(lineFeedAt - 1) === carriageReturn;
    const length = hasReturn ? lineFeedAt - 1 : lineFeedAt;
    if (length > maxBytes) {
      if (isStrict) throw lineTooLong(maxBytes);
      return undefined;
    }
    const line = queue.take(length);
    queue.drop(lineFeedAt + 1 - length);
    this.flowOn();
    return line;
  }

  private async readLineLater(maxBytes: number): Promise<Buffer | undefined> {
    for (;;) {
      if (this.hasEnded) {
        if (this.queue.length === 0) return undefined;
        throw new ReadError('eof', 'the client closed inside a line');
      }
      await this.more();
      const line = this.takeLine(maxBytes, true);
      if (line !== undefined) return line;
    }
  }

  private async some(missing: number): Promise<void> {
    while (this.queue.length === 0) {
      if (this.hasEnded) throw new ReadError('eof', `the client closed ${missing} bytes early`);
      await this.more();
    }
  }

  /** Resolves when something came or the client closed its side. */
  private more(): Promise<void> {
    if (this.error !== undefined) return Promise.reject(this.error);
    if (this.waiter !== undefined) return Promise.reject(new Error('two reads of one connection at a time'));
    if (this.isPaused) this.flow();
    this.waiter = Promise.withResolvers<void>();
    this.watch.onReadWaiting();
    return this.waiter.promise;
  }

  private wake(): void {
    const { waiter } = this;
    if (waiter === undefined) return;
    this.waiter = undefined;
    this.watch.onReadDone();
    waiter.resolve();
  }

  private pause(): void {
    if (this.isPaused || this.source === undefined) return;
    this.isPaused = true;
    this.source.pause();
  }

  private flow(): void {
    this.isPaused = false;
    this.source?.resume();
  }
}

function lineTooLong(maxBytes: number): ReadError {
  return new ReadError('line-too-long', `a line of more than ${maxBytes} bytes`);
}
