/** A program on a terminal of its own, driven by what it shows and what is typed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export class Terminal implements AsyncDisposable {
  /** All that it has shown, with its control sequences. */
  shown = '';
  private seen = 0;
  private readonly child: ChildProcess;

  /** @param command for the shell; needs `script` of util-linux */
  constructor(command: string, env: NodeJS.ProcessEnv) {
    this.child = spawn('script', ['-qec', `stty rows 40 cols 120; exec ${command}`, '/dev/null'], {
      env: { ...process.env, TERM: 'xterm', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stdin!.on('error', () => {});
    this.child.stdout!.setEncoding('latin1').on('data', (chunk: string) => {
      this.shown += chunk;
      this.child.emit('shown');
    });
    this.child.once('close', () => this.child.emit('shown'));
  }

  /** Waits for something to be shown after what was waited for last. @throws Error when the program ends or time is over before. */
  async until(pattern: RegExp, timeoutMs = 30_000): Promise<void> {
    const signal = AbortSignal.timeout(timeoutMs);
    for (;;) {
      const text = this.shown.slice(this.seen);
      const found = pattern.exec(text);
      if (found !== null) {
        this.seen += found.index + found[0].length;
        return;
      }
      if (this.hasEnded) throw new Error(`ended without ${pattern}: ${this.shown.slice(-2000)}`);
      await once(this.child, 'shown', { signal }).catch(() => {
        throw new Error(`${pattern} is not shown: ${JSON.stringify(this.shown.slice(-2000))}`);
      });
    }
  }

  type(text: string): void {
    this.child.stdin!.write(text);
  }

  /** Waits for the program to end by itself. */
  async ended(timeoutMs = 30_000): Promise<void> {
    if (this.hasEnded) return;
    await once(this.child, 'close', { signal: AbortSignal.timeout(timeoutMs) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.hasEnded) return;
    const closed = once(this.child, 'close');
    this.child.kill('SIGKILL');
    await closed;
  }

  private get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}
