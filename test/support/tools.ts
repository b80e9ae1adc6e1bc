/** Programs of the system that tests drive. */
import { type SpawnOptions, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Out of the PATH of ordinary users; the last is where Debian has Cyrus's. */
const otherFolders = ['/usr/sbin', '/sbin', '/usr/local/sbin', '/usr/lib/cyrus/bin'];

/** Where a program is; undefined when it is not installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...otherFolders];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** For `test(name, { skip: without('mbsync') }, …)`: false when it is there; on CI an absent program is a failure. */
export function without(name: string): string | false {
  if (findProgram(name) !== undefined) return false;
  if (process.env['CI'] === 'true') throw new Error(`${name} is not installed, and this is CI`);
  return `${name} is not installed`;
}

export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program to its end, or to `timeoutMs`; answers its output, both streams. */
export async function run(
  program: string,
  args: readonly string[],
  options: SpawnOptions & { readonly input?: string; readonly timeoutMs?: number } = {},
): Promise<Ran> {
  const { input = '', timeoutMs = 60_000, ...rest } = options;
  const child = spawn(findProgram(program) ?? program, args, { ...rest, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  child.stdout!.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr!.on('data', (chunk) => {
    output += chunk;
  });
  child.stdin!.on('error', () => {});
  child.stdin!.end(input);
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  clearTimeout(timer);
  return { code, output };
}

/** Asks again and again until the answer is not undefined. @throws Error after `timeoutMs` */
export async function eventually<T>(
  ask: () => T | undefined | Promise<T | undefined>,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`nothing after ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
