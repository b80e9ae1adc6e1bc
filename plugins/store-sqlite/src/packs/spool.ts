/**
 * Messages as they arrive: hashed and counted while they come, small ones kept in memory, large ones (or any, when
 * the memory budget is used up) in a file, so that a slow client holds neither memory nor a pack. Spool files are
 * never synced: they matter only until the pack is. Their names tell the process, so that those of dead ones go.
 */
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { errnoOf, PackError } from './errors.js';
import { nodeFs, type PackFs, readFully, writeFully } from './fs.js';
import { ByteGate } from './gate.js';
import { formatTag, type IsAlive, isAlive, ownTag, tryParseTag } from './owner.js';
import type { ChunksBody, SpooledBody } from './types.js';

export interface SpoolOptions {
  /** Folder for large messages; created when absent. */
  readonly dir: string;
  /** Messages above this go to a file; default 1 MB. */
  readonly memoryBytes?: number;
  /** Bytes in memory of all messages together; default 32 MB. Beyond, even small ones go to a file. */
  readonly totalMemoryBytes?: number;
  readonly fs?: PackFs;
  readonly alive?: IsAlive;
}

export interface ReceiveOptions {
  readonly maxBytes: number;
  /** The announced size, if any (a literal's): saves copies and a needless start in memory. */
  readonly expectedBytes?: number;
}

/** A received message. Goes into an append as `{ guid, body, meta }`; dispose when the append has settled. */
export interface SpooledMessage extends AsyncDisposable {
  readonly guid: Buffer;
  readonly length: number;
  readonly body: ChunksBody | SpooledBody;
  /** The bytes [from, to), fewer where the message ends. */
  read(from: number, to: number): Promise<Buffer>;
  /** Frees the memory or removes the file. Never rejects. */
  dispose(): Promise<void>;
}

const MB = 1024 * 1024;
const FIRST_BLOCK_BYTES = 16 * 1024;
const BLOCK_BYTES = 256 * 1024;
const SUFFIX = '.spool';

/** One a process is enough; any number may share a folder. */
export class Spool {
  private readonly memory: ByteGate;
  private readonly prefix = `${formatTag(ownTag())}-${randomBytes(6).toString('hex')}`;
  private count = 0;

  private constructor(
    private readonly fs: PackFs,
    private readonly dir: string,
    private readonly memoryBytes: number,
    totalMemoryBytes: number,
  ) {
    this.memory = new ByteGate(totalMemoryBytes);
  }

  /** Makes the folder and removes what dead processes left in it. Throws PackError. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const fs = options.fs ?? nodeFs;
    try {
      await fs.makeDir(options.dir);
      await removeStale(fs, options.dir, options.alive ?? isAlive);
    } catch (error) {
      throw PackError.from(error, `open spool ${options.dir}`);
    }
    return new Spool(fs, options.dir, options.memoryBytes ?? MB, options.totalMemoryBytes ?? 32 * MB);
  }

  /** Bytes of messages held in memory now. */
  get heldBytes(): number {
    return this.memory.usedBytes;
  }

  /**
   * Takes a message to its end. Throws PackError `too-big` beyond maxBytes (the source is not read further; at once
   * when the announced size is too big), `no-space`, `io`; an error of the source is passed on. Nothing is left then.
   */
  async receive(source: AsyncIterable<Buffer>, options: ReceiveOptions): Promise<SpooledMessage> {
    const { maxBytes, expectedBytes } = options;
    if ((expectedBytes ?? 0) > maxBytes) throw tooBig(maxBytes);
    const intake = new Intake(this.fs, this.memory, this.memoryBytes, this.nextPath(), expectedBytes);
    try {
      for await (const chunk of source) {
        if (intake.length + chunk.length > maxBytes) throw tooBig(maxBytes);
        await intake.add(chunk);
      }
      return await intake.finish();
    } catch (error) {
      await intake.discard();
      throw error;
    }
  }

  private nextPath(): string {
    return join(this.dir, `${this.prefix}-${this.count++}${SUFFIX}`);
  }
}

function tooBig(maxBytes: number): PackError {
  return new PackError('too-big', `the message exceeds ${maxBytes} bytes`);
}

async function removeStale(fs: PackFs, dir: string, alive: IsAlive): Promise<void> {
  for (const name of await fs.list(dir)) {
    const owner = name.endsWith(SUFFIX) ? tryParseTag(name) : undefined;
    if (owner === undefined || alive(owner)) continue;
    await fs.unlink(join(dir, name)).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error; // another process cleans up too
    });
  }
}

/** One message on its way in: blocks in memory, and from some point on a file. */
class Intake {
  length = 0;
  private readonly hash = createHash('sha256');
  private crc = 0;
  private blocks: Buffer[] = [];
  /** Used part of the last block. */
  private filled = 0;
  private taken = 0;
  private inMemory: boolean;
  private fd: number | undefined;
  private written = 0;

  constructor(
    private readonly fs: PackFs,
    private readonly memory: ByteGate,
    private readonly memoryBytes: number,
    private readonly path: string,
    private readonly expectedBytes: number | undefined,
  ) {
    this.inMemory = (expectedBytes ?? 0) <= memoryBytes;
  }

  async add(chunk: Buffer): Promise<void> {
    this.hash.update(chunk);
    this.crc = crc32(chunk, this.crc);
    this.length += chunk.length;
    if (this.inMemory && this.length > this.memoryBytes) this.inMemory = false;
    if (this.inMemory && this.keep(chunk)) return;
    this.inMemory = false;
    await this.toFile([...this.filledBlocks(), chunk.subarray(chunk.length - this.missing())]);
    this.freeMemory();
  }

  async finish(): Promise<SpooledMessage> {
    const guid = this.hash.digest();
    if (this.fd === undefined) return this.message(guid, { chunks: this.filledBlocks() });
    const fd = this.fd;
    this.fd = undefined;
    await this.fs.close(fd).catch((error: unknown) => {
      throw PackError.from(error, 'close spool file');
    });
    return this.message(guid, { path: this.path, length: this.length, crc32: this.crc });
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    this.freeMemory();
    if (this.fd !== undefined) await this.fs.close(this.fd).catch(() => undefined);
    this.fd = undefined;
    if (this.written > 0 || !this.inMemory) await this.fs.unlink(this.path).catch(() => undefined);
  }

  /** Bytes received that are neither in a block nor in the file. */
  private missing(): number {
    const kept = this.blocks.length === 0 ? 0 : this.keptBytes();
    return this.length - this.written - kept;
  }

  private keptBytes(): number {
    return this.filledBlocks().reduce((sum, block) => sum + block.length, 0);
  }

  /** Copies the chunk (a slice of a socket's buffer pins all of it); false when the budget ends before it does. */
  private keep(chunk: Buffer): boolean {
    for (let done = 0; done < chunk.length; ) {
      const last = this.blocks.at(-1);
      if (last === undefined || this.filled === last.length) {
        if (!this.newBlock(chunk.length - done)) return false;
        continue;
      }
      const count = chunk.copy(last, this.filled, done);
      this.filled += count;
      done += count;
    }
    return true;
  }

  private newBlock(needed: number): boolean {
    const announced = (this.expectedBytes ?? 0) - this.keptBytes();
    const doubled = this.blocks.length === 0 ? FIRST_BLOCK_BYTES : this.blocks.at(-1)!.length * 2;
    const size = announced >= needed ? announced : Math.max(needed, Math.min(doubled, BLOCK_BYTES));
    if (!this.memory.tryTake(size)) return false;
    this.taken += size;
    this.blocks.push(Buffer.allocUnsafeSlow(size));
    this.filled = 0;
    return true;
  }

  private filledBlocks(): Buffer[] {
    if (this.blocks.length === 0) return [];
    return [...this.blocks.slice(0, -1), this.blocks.at(-1)!.subarray(0, this.filled)];
  }

  private async toFile(buffers: Buffer[]): Promise<void> {
    try {
      this.fd ??= await this.fs.open(this.path, 'create');
      this.written += await writeFully(this.fs, this.fd, buffers, this.written);
    } catch (error) {
      throw PackError.from(error, 'write spool file');
    }
  }

  private freeMemory(): void {
    this.blocks = [];
    this.filled = 0;
    if (this.taken > 0) this.memory.give(this.taken);
    this.taken = 0;
  }

  private message(guid: Buffer, body: ChunksBody | SpooledBody): SpooledMessage {
    const { fs, length } = this;
    let disposed: Promise<void> | undefined;
    const dispose = () => (disposed ??= this.discard());
    return {
      guid,
      length,
      body,
      read: async (from, to) => {
        const end = Math.min(to, length);
        const start = Math.min(Math.max(from, 0), end);
        return 'chunks' in body ? slice(body.chunks, start, end) : await readPart(fs, body.path, start, end);
      },
      dispose,
      [Symbol.asyncDispose]: dispose,
    };
  }
}

/** A part of several buffers, without a copy when it lies in one. */
function slice(chunks: readonly Buffer[], from: number, to: number): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (const chunk of chunks) {
    if (at < to && at + chunk.length > from) {
      parts.push(chunk.subarray(Math.max(0, from - at), Math.min(chunk.length, to - at)));
    }
    at += chunk.length;
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

async function readPart(fs: PackFs, path: string, from: number, to: number): Promise<Buffer> {
  try {
    const fd = await fs.open(path, 'read');
    try {
      const buffer = Buffer.allocUnsafe(to - from);
      return buffer.subarray(0, await readFully(fs, fd, buffer, from));
    } finally {
      await fs.close(fd);
    }
  } catch (error) {
    throw PackError.from(error, 'read spool file');
  }
}
