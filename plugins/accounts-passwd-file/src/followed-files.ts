import { readFile, stat } from 'node:fs/promises';

/** How old the knowledge may be that files have not changed. */
const LOOK_AGAIN_MS = 1000;

/** What some files say together, read again when one of them has changed. */
export class FollowedFiles<T> {
  private content: T | undefined;
  private seen = '';
  private lookedMs = Number.NEGATIVE_INFINITY;
  private looking: Promise<T> | undefined;

  constructor(
    private readonly paths: readonly string[],
    private readonly read: (texts: readonly string[]) => T,
    private readonly monotonicMs: () => number,
  ) {}

  /** @throws Error when one cannot be read. */
  async get(): Promise<T> {
    if (this.content !== undefined && this.monotonicMs() - this.lookedMs < LOOK_AGAIN_MS) return this.content;
    this.looking ??= this.look().finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  /** What is read is what was looked at, or the next look finds the difference. */
  private async look(): Promise<T> {
    const now = await this.fingerprint();
    if (this.content === undefined || now !== this.seen) {
      const texts = await Promise.all(this.paths.map((path) => readFile(path, 'utf8')));
      this.content = this.read(texts);
      this.seen = now;
    }
    this.lookedMs = this.monotonicMs();
    return this.content;
  }

  private async fingerprint(): Promise<string> {
    const facts = await Promise.all(this.paths.map((path) => stat(path, { bigint: true })));
    return facts.map(({ ino, size, mtimeNs, ctimeNs }) => `${ino} ${size} ${mtimeNs} ${ctimeNs}`).join('\n');
  }
}
