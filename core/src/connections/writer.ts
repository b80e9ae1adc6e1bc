/**
 * The sending half of a connection. Small writes of one turn of the event loop become one write of the socket,
 * up to 64 KB; strings stay strings (latin1) until then, which is the fastest way measured. Above the high-water
 * mark `write` says false and `drain` waits. An idle connection holds no buffer.
 */
import type { Writable } from 'node:stream';
import { type Lease, ReadError } from '@angarium/sdk';

const batchBytes = 64 * 1024;
/** With buffers that are handed on as they are more is gathered, for they cost no memory. */
const partsBatchBytes = 256 * 1024;
/** Parts that are smaller than this on average are copied together: each costs the stream more than that. */
const joinBelowBytes = 8 * 1024;
/** Bytes below this join the text of the batch; bigger ones are handed on as they are when they fill a batch. */
const inlineBelowBytes = 1024;
export const writeHighWaterBytes = 256 * 1024;
/** A session that goes on writing without `drain` to a client that does not read is cut off here. */
const runawayBytes = 64 * writeHighWaterBytes;

/** Told when output begins to wait for the client, and when the session writes without end. */
export interface WriteWatch {
  onOutputWaiting(): void;
  onRunaway(): void;
}

const dirty: Writer[] = [];
let isFlushScheduled = false;

function flushDirty(): void {
  isFlushScheduled = false;
  // Writers that get dirty meanwhile are for the next turn.
  for (const writer of dirty.splice(0)) writer.flush();
}

const writerOf = Symbol('writer');
type Sink = Writable & { [writerOf]?: Writer };

function onDrain(this: Sink): void {
  this[writerOf]?.drained();
}

export class Writer {
  bytesWritten = 0;
  private sink: Sink | undefined;
  /** Behind the sink when that is a compressor. */
  private transport: Writable | undefined;
  private text = '';
  private parts: (string | Uint8Array)[] | undefined;
  /** At the index of the part they are of. */
  private leases: (Lease | undefined)[] | undefined;
  private batched = 0;
  private isDirty = false;
  private isOpen = true;
  private waiters: PromiseWithResolvers<void>[] | undefined;

  constructor(private readonly watch: WriteWatch) {}

  attach(sink: Writable, transport: Writable = sink): void {
    this.sink = sink;
    this.sink[writerOf] = this;
    this.transport = transport;
    sink.on('drain', onDrain);
  }

  detach(): void {
    const { sink } = this;
    if (sink === undefined) return;
    sink.off('drain', onDrain);
    delete sink[writerOf];
    this.sink = undefined;
  }

  /** Bytes that the operating system has not taken yet. */
  get waitingBytes(): number {
    const { sink, transport } = this;
    if (sink === undefined) return this.batched;
    const behind = transport === sink || transport === undefined ? 0 : transport.writableLength;
    return this.batched + sink.writableLength + behind;
  }

  write(data: string | Uint8Array, lease?: Lease): boolean {
    const { length } = data;
    if (!this.isOpen) return false;
    if (typeof data === 'string') this.text += data;
    else if (length < inlineBelowBytes) {
      this.text += viewOf(data).toString('latin1');
      lease?.release();
    } else this.addPart(data, lease);
    if (length === 0) return this.waitingBytes <= writeHighWaterBytes;
    this.bytesWritten += length;
    this.batched += length;
    if (this.batched >= (this.parts === undefined ? batchBytes : partsBatchBytes)) this.flush();
    else if (!this.isDirty) this.schedule();
    const waiting = this.waitingBytes;
    // Only what was waiting before this write counts: one big buffer is no runaway.
    if (waiting - length > runawayBytes) this.watch.onRunaway();
    return waiting <= writeHighWaterBytes;
  }

  flush(): void {
    this.isDirty = false;
    const { sink, text, parts, leases, batched } = this;
    if (batched === 0 || sink === undefined || !this.isOpen) return;
    this.text = '';
    this.parts = undefined;
    this.leases = undefined;
    this.batched = 0;
    if (parts === undefined) {
      sink.write(text, 'latin1');
    } else {
      if (text !== '') parts.push(text);
      writeParts(sink, parts, leases, batched);
    }
    if (this.waitingBytes > 0) this.watch.onOutputWaiting();
  }

  drain(): Promise<void> {
    if (!this.isOpen) return Promise.reject(closedError());
    if (this.waitingBytes > writeHighWaterBytes) this.flush();
    if (this.waitingBytes <= writeHighWaterBytes) return Promise.resolve();
    return this.nextDrain();
  }

  /** Resolves when the operating system has taken everything. */
  async drainAll(): Promise<void> {
    this.flush();
    while (this.isOpen && this.waitingBytes > 0) {
      // The stream's own callback comes even where no 'drain' event would.
      await new Promise<void>((resolve) => this.sink?.write('', () => resolve()));
    }
    if (!this.isOpen) throw closedError();
  }

  /** Called by the sink's event. */
  drained(): void {
    if (this.waitingBytes > writeHighWaterBytes) return;
    const { waiters } = this;
    this.waiters = undefined;
    for (const waiter of waiters ?? []) waiter.resolve();
  }

  /** Nothing can be written any more; what was batched is lost. */
  fail(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.text = '';
    this.parts = undefined;
    this.leases = undefined;
    this.batched = 0;
    const { waiters } = this;
    this.waiters = undefined;
    for (const waiter of waiters ?? []) waiter.reject(closedError());
  }

  /** Flushes; later writes are ignored. */
  finish(): void {
    this.flush();
    this.isOpen = false;
    const { waiters } = this;
    this.waiters = undefined;
    for (const waiter of waiters ?? []) waiter.reject(closedError());
  }

  private nextDrain(): Promise<void> {
    const waiter = Promise.withResolvers<void>();
    this.waiters ??= [];
    this.waiters.push(waiter);
    return waiter.promise;
  }

  private addPart(data: Uint8Array, lease: Lease | undefined): void {
    this.parts ??= [];
    if (this.text !== '') {
      this.parts.push(this.text);
      this.text = '';
    }
    this.parts.push(data);
    if (lease === undefined) return;
    this.leases ??= [];
    this.leases[this.parts.length - 1] = lease;
  }

  private schedule(): void {
    this.isDirty = true;
    dirty.push(this);
    if (isFlushScheduled) return;
    isFlushScheduled = true;
    setImmediate(flushDirty);
  }
}

/** Memory that parts are joined in, of the process: fresh pages cost more than the copying. */
const joinMemory: Buffer[] = [];
const joinMemoryBytes = partsBatchBytes + batchBytes;
const maxJoinMemory = 8;

/** One write when the parts are small or fit a batch; otherwise as they are, handed to the system together. */
function writeParts(
  sink: Writable,
  parts: readonly (string | Uint8Array)[],
  leases: readonly (Lease | undefined)[] | undefined,
  totalBytes: number,
): void {
  const joinUpTo = Math.max(batchBytes, Math.min(joinMemoryBytes, parts.length * joinBelowBytes));
  if (parts.length > 1 && totalBytes <= joinUpTo) {
    writeJoined(sink, parts, totalBytes);
    for (const lease of leases ?? []) lease?.release();
    return;
  }
  sink.cork();
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    const lease = leases?.[i];
    if (typeof part === 'string') sink.write(part, 'latin1');
    else if (lease === undefined) sink.write(viewOf(part));
    // After a failure the system may still look at it.
    else
      sink.write(viewOf(part), (error) => {
        if (!error) lease.release();
      });
  }
  sink.uncork();
}

function writeJoined(sink: Writable, parts: readonly (string | Uint8Array)[], totalBytes: number): void {
  if (totalBytes <= batchBytes) {
    sink.write(joinInto(Buffer.allocUnsafeSlow(totalBytes), parts));
    return;
  }
  const memory = joinMemory.pop() ?? Buffer.allocUnsafeSlow(joinMemoryBytes);
  sink.write(joinInto(memory, parts), (error) => {
    // After a failure the system may still look at it.
    if (!error && joinMemory.length < maxJoinMemory) joinMemory.push(memory);
  });
}

function joinInto(memory: Buffer, parts: readonly (string | Uint8Array)[]): Buffer {
  let filled = 0;
  for (const part of parts) {
    if (typeof part === 'string') memory.write(part, filled, 'latin1');
    else memory.set(part, filled);
    filled += part.length;
  }
  return memory.subarray(0, filled);
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function closedError(): ReadError {
  return new ReadError('closed', 'the connection is closed');
}
