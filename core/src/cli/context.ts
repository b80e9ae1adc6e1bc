/** What a running command has around it: terminal, signals, progress. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { type CommandContext, CommandError } from '@angarium/sdk';
import { progressBar } from './progress.js';

export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

export interface RunningContext extends Disposable {
  readonly context: CommandContext;
  /** The signal that ended it, if one did. */
  readonly endedBy: () => NodeJS.Signals | undefined;
}

export function commandContext(
  given: Pick<CommandContext, 'args' | 'options'>,
  { stdin, stdout, stderr }: Terminal,
): RunningContext {
  const abort = new AbortController();
  let endedBy: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    // The second time the operator means it.
    if (abort.signal.aborted) process.exit(1);
    endedBy = signal;
    abort.abort(new CommandError(`ended by ${signal}`));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  const isInteractive = stdin.isTTY === true && stderr.isTTY === true;
  const context: CommandContext = {
    ...given,
    stdin,
    stdout,
    stderr,
    isInteractive,
    askSecret: (prompt) => askSecret(prompt, isInteractive, { stdin, stderr }),
    progress: (label, total) => progressBar(label, total, stderr),
    note: (text) => void stderr.write(`${text}\n`),
    signal: abort.signal,
  };
  return {
    context,
    endedBy: () => endedBy,
    [Symbol.dispose]: () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal),
  };
}

function askSecret(
  prompt: string,
  isInteractive: boolean,
  { stdin, stderr }: Pick<Terminal, 'stdin' | 'stderr'>,
): Promise<string> {
  if (!isInteractive) {
    return Promise.reject(
      new CommandError(`${prompt}: stdin is not a terminal, so it cannot be asked for`, 2),
    );
  }
  stderr.write(`${prompt}: `);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: stdin, output: nowhere, terminal: true });
  return new Promise((resolve, reject) => {
    reader.once('SIGINT', () => reader.close());
    reader.once('close', () => reject(new CommandError('nothing was entered')));
    reader.once('line', (line) => {
      resolve(line);
      stderr.write('\n');
      reader.close();
    });
  });
}
