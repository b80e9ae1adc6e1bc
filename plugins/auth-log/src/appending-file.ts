/**
 * A file that several processes append lines to and that may be rotated at any time. What comes in one turn is written
 * with one call (O_APPEND: whole lines stay whole). Not synced: it is a log.
 */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const { O_APPEND, O_CREAT, O_WRONLY } = constants;

/** How old the knowledge may be that the name still is the file's. */
const LOOK_AGAIN_MS = 1000;

/** Octets that may wait for a slow disk; what is beyond is lost, and said. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

export class AppendingFile implements AsyncDisposable {
  private handle: FileHandle | undefined;
  private lookedMs = Number.NEGATIVE_INFINITY;
  private waiting = '';
  private writing: Promise<void> | undefined;

  /** @param failed told of the first failure of a row of them, and when lines were lost. */
  constructor(
    private readonly path: string,
    private readonly monotonicMs: () => number,
    private readonly failed: (text: string, error?: unknown) => void,
  ) {}

  append(line: string): void {
    if (this.waiting.length + line.length > MAX_WAITING_BYTES) {
      this.failed('lines of the log are lost: the disk is too slow');
      return;
    }
    this.waiting += `${line}\n`;
    this.writing ??= this.writeOn();
  }

  /** Resolves when all that was appended before is written. */
  async flush(): Promise<void> {
    await this.writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
    await this.handle?.close();
    this.handle = undefined;
  }

  private async writeOn(): Promise<void> {
    // What else comes in this turn goes along.
    await Promise.resolve();
    while (this.waiting !== '') {
      const text = this.waiting;
      this.waiting = '';
      try {
        await (await this.current()).appendFile(text);
      } catch (error) {
        this.failed('the log cannot be written', error);
        await this.handle?.close().catch(() => {});
        this.handle = undefined;
      }
    }
    this.writing = undefined;
  }

  /** Opened anew when the name has become another file's, or nobody's. */
  private async current(): Promise<FileHandle> {
    const nowMs = this.monotonicMs();
    if (this.handle !== undefined && nowMs - this.lookedMs < LOOK_AGAIN_MS) return this.handle;
    this.lookedMs = nowMs;
    if (this.handle !== undefined) {
      const [named, held] = await Promise.all([stat(this.path).catch(() => undefined), this.handle.stat()]);
      if (named !== undefined && named.ino === held.ino && named.dev === held.dev) return this.handle;
      await this.handle.close();
      this.handle = undefined;
    }
    await mkdir(dirname(this.path), { recursive: true });
    this.handle = await open(this.path, O_APPEND | O_CREAT | O_WRONLY, 0o600);
    return this.handle;
  }
}
