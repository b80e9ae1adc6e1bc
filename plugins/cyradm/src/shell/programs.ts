/** Words that are no command of ours are programs, as in Cyrus's cyradm; and files that output goes to. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { type Readable, Writable } from 'node:stream';
import { CommandFailed, type Streams } from './builtin.js';
import type { Redirection } from './words.js';

export interface Redirected extends Streams, AsyncDisposable {}

/** @throws CommandFailed for a file that cannot be opened */
export async function redirect(own: Streams, redirections: readonly Redirection[]): Promise<Redirected> {
  const open: (Readable | Writable)[] = [];
  try {
    return { ...(await redirected(own, redirections, open)), [Symbol.asyncDispose]: () => closeAll(open) };
  } catch (error) {
    await closeAll(open);
    throw error;
  }
}

async function redirected(
  own: Streams,
  redirections: readonly Redirection[],
  open: (Readable | Writable)[],
): Promise<Streams> {
  let { in: input, out, err } = own;
  for (const { fd, mode, target, isDescriptor } of redirections) {
    if (mode === 'read') {
      if (isDescriptor || fd !== 0) throw new CommandFailed(`file descriptor \`${fd}' cannot be redirected`);
      const stream = createReadStream(target);
      open.push(stream);
      await opened(stream, target);
      input = stream;
      continue;
    }
    const stream = isDescriptor ? descriptor(target, out, err) : await toFile(target, mode, open);
    if (fd === 1) out = stream;
    else if (fd === 2) err = stream;
    else throw new CommandFailed(`file descriptor \`${fd}' cannot be redirected`);
  }
  return { in: input, out, err };
}

/** What was written is in the files when it resolves. */
async function closeAll(open: readonly (Readable | Writable)[]): Promise<void> {
  for (const stream of open) {
    if (stream instanceof Writable && !stream.destroyed)
      await new Promise<void>((resolve) => stream.end(() => resolve()));
    else stream.destroy();
  }
}

async function toFile(
  target: string,
  mode: 'write' | 'append',
  open: (Readable | Writable)[],
): Promise<Writable> {
  const stream = createWriteStream(target, { flags: mode === 'append' ? 'a' : 'w' });
  open.push(stream);
  await opened(stream, target);
  return stream;
}

async function opened(stream: Readable | Writable, target: string): Promise<void> {
  try {
    await once(stream, 'open');
  } catch (error) {
    throw new CommandFailed(`${target}: ${reasonOf(error)}`);
  }
}

function descriptor(target: string, out: Writable, err: Writable): Writable {
  if (target === '1') return out;
  if (target === '2') return err;
  throw new CommandFailed(`file descriptor \`${target}' not open`);
}

/** Waits for its end. @throws CommandFailed when it cannot be run */
export async function runProgram(words: readonly string[], streams: Streams): Promise<void> {
  const [program, ...args] = words;
  const child = spawn(program!, args, {
    stdio: [streams.in === undefined ? 'inherit' : 'pipe', 'pipe', 'pipe'],
  });
  if (streams.in !== undefined && child.stdin !== null) {
    child.stdin.on('error', () => undefined);
    streams.in.pipe(child.stdin);
  }
  child.stdout?.on('data', (chunk: Buffer) => void streams.out.write(chunk));
  child.stderr?.on('data', (chunk: Buffer) => void streams.err.write(chunk));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  let status: number | null;
  try {
    status = await ended;
  } catch (error) {
    throw new CommandFailed(`${program}: ${reasonOf(error)}`);
  }
  if (status !== 0) throw new CommandFailed('');
}

export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'No such file or directory';
  if (code === 'EACCES') return 'Permission denied';
  return code === 'EISDIR' ? 'Is a directory' : message;
}
