/**
 * Messages on their way in. Small ones are gathered in shared memory, which the store thread reads without a copy;
 * large ones are spooled to a file and parsed in a thread of their own, so that nobody waits for them.
 */
import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { MailError, type StagedMessage, type StageOptions, SummaryView, summarise } from '@angarium/sdk';
import { toMailError } from './errors.js';
import { PackError, type Spool, type SpooledMessage } from './packs/index.js';
import type { MessageSource } from './thread/protocol.js';

/** Above this a message is parsed elsewhere: below, it costs the event loop less than a millisecond. */
const INLINE_PARSE_BYTES = 512 * 1024;
const FIRST_BYTES = 8 * 1024;
/** Small messages share a piece of memory: allocating one each costs more than hashing it. */
const SLAB_BYTES = 1024 * 1024;
const SLAB_SHARE_BYTES = 64 * 1024;

/** What `MailStore.append` needs of a staged message besides what everybody sees. */
export interface Stageable extends StagedMessage {
  readonly source: MessageSource;
  /** Bytes it keeps in memory. */
  readonly heldBytes: number;
}

export function isStageable(message: StagedMessage): message is Stageable {
  return 'source' in message;
}

export class Stager {
  private readonly parser = new ParserThread();
  private slab = new SharedArrayBuffer(SLAB_BYTES);
  private slabUsed = 0;
  /** Octets of messages in memory, coming in or waiting to be filed. */
  private heldBytes = 0;

  /**
   * @param memoryBytes a message above this is spooled.
   * @param totalBytes beyond this many in memory every message is spooled.
   */
  constructor(
    private readonly spool: Spool,
    private readonly memoryBytes: number,
    private readonly totalBytes: number,
  ) {}

  async stage(
    source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    { maxBytes, sizeHint }: StageOptions,
  ): Promise<Stageable> {
    if (sizeHint !== undefined && sizeHint > maxBytes) throw tooBig(maxBytes);
    if (!this.hasRoom(0, sizeHint ?? 0)) return await this.spooled(source, maxBytes, sizeHint);
    const intake = new MemoryIntake(sizeHint ?? FIRST_BYTES);
    const reader =
      Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
    let isOver = false;
    try {
      for (;;) {
        const next = await reader.next();
        isOver = next.done === true;
        if (next.done === true) return await this.inMemory(intake.bytes());
        if (intake.length + next.value.length > maxBytes) throw tooBig(maxBytes);
        if (!this.hasRoom(intake.length, next.value.length)) {
          isOver = true;
          return await this.spooled(continued(intake.bytes(), next.value, reader), maxBytes, sizeHint);
        }
        intake.add(next.value);
        this.heldBytes += next.value.length;
      }
    } finally {
      this.heldBytes -= intake.length;
      if (!isOver) await reader.return?.();
    }
  }

  private hasRoom(before: number, more: number): boolean {
    return before + more <= this.memoryBytes && this.heldBytes + more <= this.totalBytes;
  }

  async close(): Promise<void> {
    await this.parser.close();
  }

  private async inMemory(gathered: Buffer): Promise<Stageable> {
    const bytes = this.toShared(gathered);
    const guid = createHash('sha256').update(bytes).digest();
    const summary =
      bytes.length <= INLINE_PARSE_BYTES
        ? summarise(bytes, undated(guid))
        : await this.parser.parse({ bytes, guid });
    this.heldBytes += bytes.length;
    return new MemoryMessage(bytes, guid, summary, () => {
      this.heldBytes -= bytes.length;
    });
  }

  private async spooled(
    source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    maxBytes: number,
    expectedBytes: number | undefined,
  ): Promise<Stageable> {
    let message: SpooledMessage;
    try {
      message = await this.spool.receive(asBuffers(source), {
        maxBytes,
        ...(expectedBytes === undefined ? {} : { expectedBytes }),
      });
    } catch (error) {
      throw error instanceof PackError ? toMailError(error) : error;
    }
    if ('chunks' in message.body) {
      try {
        return await this.inMemory(Buffer.concat(message.body.chunks));
      } finally {
        await message.dispose();
      }
    }
    try {
      const summary = await this.parser.parse({ path: message.body.path, guid: message.guid });
      return new FileMessage(message, summary, message.body);
    } catch (error) {
      await message.dispose();
      throw toMailError(error);
    }
  }

  private toShared(bytes: Buffer): Buffer {
    const { length } = bytes;
    let target: Buffer;
    if (length > SLAB_SHARE_BYTES) target = Buffer.from(new SharedArrayBuffer(length));
    else {
      if (this.slabUsed + length > SLAB_BYTES) {
        this.slab = new SharedArrayBuffer(SLAB_BYTES);
        this.slabUsed = 0;
      }
      target = Buffer.from(this.slab, this.slabUsed, length);
      this.slabUsed += Math.ceil(length / 8) * 8;
    }
    bytes.copy(target);
    return target;
  }
}

/** Dates come with the append. */
function undated(guid: Buffer): { guid: Buffer; internalDateMs: number; saveDateMs: number } {
  return { guid, internalDateMs: 0, saveDateMs: 0 };
}

function tooBig(maxBytes: number): MailError {
  return new MailError('TOOBIG', `Message is bigger than ${maxBytes} octets`);
}

async function* continued(
  first: Buffer,
  second: Uint8Array,
  rest: AsyncIterator<Uint8Array> | Iterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    yield second;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

async function* asBuffers(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of source) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

/** Grows by doubling; chunks are copied, since they may be slices of a socket's buffer. */
class MemoryIntake {
  length = 0;
  private buffer: Buffer;

  constructor(expected: number) {
    this.buffer = Buffer.allocUnsafeSlow(Math.max(64, expected));
  }

  add(chunk: Uint8Array): void {
    const needed = this.length + chunk.length;
    if (needed > this.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
      this.buffer.copy(larger, 0, 0, this.length);
      this.buffer = larger;
    }
    this.buffer.set(chunk, this.length);
    this.length = needed;
  }

  bytes(): Buffer {
    return this.buffer.subarray(0, this.length);
  }
}

abstract class Staged implements Stageable {
  abstract readonly source: MessageSource;
  abstract readonly heldBytes: number;
  private view: SummaryView | undefined;

  constructor(
    readonly guid: Buffer,
    readonly size: number,
    protected readonly summaryBytes: Buffer,
  ) {}

  get summary(): SummaryView {
    this.view ??= new SummaryView(this.summaryBytes);
    return this.view;
  }

  abstract read(from: number, to: number): Promise<Buffer>;
  abstract [Symbol.asyncDispose](): Promise<void>;
}

class MemoryMessage extends Staged {
  private isReleased = false;
  readonly source: MessageSource;
  readonly heldBytes: number;

  constructor(
    private readonly bytes: Buffer,
    guid: Buffer,
    summary: Buffer,
    private readonly release: () => void,
  ) {
    super(guid, bytes.length, summary);
    this.source = { guid, size: bytes.length, summary, body: { bytes } };
    this.heldBytes = bytes.length + summary.length;
  }

  async read(from: number, to: number): Promise<Buffer> {
    return this.bytes.subarray(Math.max(0, from), Math.max(0, to));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isReleased) return;
    this.isReleased = true;
    this.release();
  }
}

class FileMessage extends Staged {
  readonly source: MessageSource;
  readonly heldBytes: number;

  constructor(
    private readonly message: SpooledMessage,
    summary: Buffer,
    body: MessageSource['body'],
  ) {
    super(message.guid, message.length, summary);
    this.source = { guid: message.guid, size: message.length, summary, body };
    this.heldBytes = summary.length;
  }

  async read(from: number, to: number): Promise<Buffer> {
    return await this.message.read(from, to);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.message.dispose();
  }
}

export type ParseRequest = { readonly guid: Uint8Array } & (
  | { readonly bytes: Uint8Array }
  | { readonly path: string }
);
export type ParseReply =
  | { readonly id: number; readonly summary: Uint8Array }
  | { readonly id: number; readonly problem: string };

/** One thread for large messages, started with the first of them. */
class ParserThread {
  private worker: Worker | undefined;
  private lastId = 0;
  private readonly waiting = new Map<
    number,
    { resolve(summary: Buffer): void; reject(error: Error): void }
  >();

  parse(request: ParseRequest): Promise<Buffer> {
    this.worker ??= this.spawn();
    const id = ++this.lastId;
    return new Promise<Buffer>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker?.ref();
      this.worker?.postMessage({ id, ...request });
    });
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
  }

  private spawn(): Worker {
    const worker = new Worker(new URL('./parser-thread.js', import.meta.url), { name: 'store-parser' });
    worker.on('message', (reply: ParseReply) => {
      const request = this.waiting.get(reply.id);
      this.waiting.delete(reply.id);
      if (this.waiting.size === 0) worker.unref();
      if ('problem' in reply) request?.reject(new Error(reply.problem));
      else
        request?.resolve(
          Buffer.from(reply.summary.buffer, reply.summary.byteOffset, reply.summary.byteLength),
        );
    });
    const lost = (cause: Error) => {
      // An error is followed by the exit, when the next thread may run already.
      if (this.worker !== worker) return;
      this.worker = undefined;
      for (const { reject } of this.waiting.values()) reject(cause);
      this.waiting.clear();
    };
    worker.on('error', lost);
    worker.on('exit', () => lost(new Error('the parser thread has ended')));
    return worker;
  }
}
