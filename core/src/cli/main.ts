/** Entry of bin/angarium.mjs. */
import process from 'node:process';
import { runShell } from './shell.js';

export async function main(): Promise<void> {
  // `angarium … | head` is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const { env, stdin, stdout, stderr } = process;
  const status = await runShell({
    argv: process.argv.slice(2),
    env,
    cwd: process.cwd(),
    stdin,
    stdout,
    stderr,
  });
  process.exitCode = status;
  // A plugin that forgot a timer must not keep a command from ending; what is written is let out first.
  await Promise.all([stdout, stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))));
  process.exit(status);
}
