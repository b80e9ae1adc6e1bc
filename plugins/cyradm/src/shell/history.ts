/** Lines typed before, kept in a file of the user's. Best effort: no history is no reason to fail. */
import { readFile, writeFile } from 'node:fs/promises';

export class History {
  readonly size = 500;
  private lines: readonly string[] = [];

  /** @param path undefined: nothing is kept */
  constructor(private readonly path: string | undefined) {}

  /** Newest first, as readline has it. */
  async load(): Promise<string[]> {
    if (this.path === undefined) return [];
    const text = await readFile(this.path, 'utf8').catch(() => '');
    this.lines = text.split('\n').filter(Boolean).reverse().slice(0, this.size);
    return [...this.lines];
  }

  keep(lines: readonly string[]): void {
    this.lines = [...lines];
  }

  async save(): Promise<void> {
    if (this.path === undefined || this.lines.length === 0) return;
    const text = `${[...this.lines].reverse().join('\n')}\n`;
    await writeFile(this.path, text, { mode: 0o600 }).catch(() => undefined);
  }
}
